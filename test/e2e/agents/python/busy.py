"""Asks without a pause, and goes on when it is asked to end."""

import json
import signal

import psycopg

tally = {"rounds": 0, "after_asked": 0}
asked_to_end = False


def asked(*_):
    global asked_to_end
    asked_to_end = True


signal.signal(signal.SIGTERM, asked)
with psycopg.connect(autocommit=True) as connection:
    while True:
        connection.execute("SELECT count(*) FROM customers").fetchone()
        tally["rounds"] += 1
        tally["after_asked"] += asked_to_end
        if tally["rounds"] % 20 == 0:
            print(json.dumps(tally), flush=True)
