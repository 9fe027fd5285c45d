"""Looks up thousands of customers at once, with all of their numbers written into the statement, from several threads. It connects again after an
error, and says what it has seen."""

import json
import sys
import threading
import time

import psycopg

NUMBERS = int(sys.argv[-1])
seen = {"answered": 0, "lost": 0}


def work(offset):
    while True:
        try:
            with psycopg.connect(autocommit=True) as connection:
                while True:
                    numbers = ",".join(str(offset + each) for each in range(NUMBERS))
                    connection.execute(f"SELECT id FROM customers WHERE id IN ({numbers}) LIMIT 1").fetchone()
                    seen["answered"] += 1
                    offset += 1
        except psycopg.Error:
            seen["lost"] += 1
            time.sleep(0.5)


for thread in range(8):
    threading.Thread(target=work, args=(thread * 1000,), daemon=True).start()
while True:
    print(json.dumps(seen), flush=True)
    time.sleep(0.5)
