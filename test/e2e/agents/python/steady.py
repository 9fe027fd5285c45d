"""A worker that never stops asking: on a session that it keeps, and on a new one each round. After each round it says how all of them went.
Asked to end, it finishes its round, and leaves its tally as the container's termination message."""

import json
import signal
import sys
import time

import psycopg

QUESTION = "SELECT email FROM customers WHERE id = 6"
TERMINATION_MESSAGE = "/dev/termination-log"

asked_to_end = False


def end(*_):
    global asked_to_end
    asked_to_end = True


def answer(connection):
    row = connection.execute(QUESTION).fetchone()
    return None if row is None else row[0]


def main():
    signal.signal(signal.SIGTERM, end)
    tally = {"rounds": 0, "sessions": 0, "failures": 0, "failed": [], "answer": None}
    session = None
    while not asked_to_end:
        try:
            if session is None or session.closed:
                session = psycopg.connect(autocommit=True)
                tally["sessions"] += 1
            tally["answer"] = answer(session)
            with psycopg.connect(autocommit=True) as other:
                answer(other)
        except psycopg.Error as error:
            tally["failures"] += 1
            tally["failed"] = [*tally["failed"][-4:], f"{error.sqlstate} {error}".strip()]
        tally["rounds"] += 1
        print(json.dumps(tally), flush=True)
        time.sleep(0.1)
    if session is not None:
        session.close()
    with open(TERMINATION_MESSAGE, "w") as message:
        message.write(json.dumps(tally))


sys.exit(main())
