"""Reads every table of the shop in every way of psycopg 3. argv: PORT USER DATABASE TABLE..."""
import sys
import time

import psycopg

SYN = "\x16"
port, user, database, *tables = sys.argv[1:]
connection = psycopg.connect(host="127.0.0.1", port=int(port), user=user, dbname=database, sslmode="disable", autocommit=True)


def text(table):
    connection.execute(f"SELECT * FROM {table}").fetchall()


def binary(table):
    connection.cursor(binary=True).execute(f"SELECT * FROM {table} WHERE %s", (True,)).fetchall()


def prepared(table):
    for _ in range(3):
        connection.execute(f"SELECT * FROM {table} LIMIT %s", (1000,), prepare=True).fetchall()


def server_side_cursor(table):
    with connection.transaction(), connection.cursor(name="walk") as walk:
        walk.itersize = 3
        walk.execute(f"SELECT * FROM {table}")
        walk.fetchall()


def stream(table):
    for _ in connection.cursor(binary=True).stream(f"SELECT * FROM {table}"):
        pass


def copy(table):
    with connection.cursor().copy(f"COPY {table} TO STDOUT") as out:
        for _ in out:
            pass


def copy_binary(table):
    with connection.cursor().copy(f"COPY (SELECT * FROM {table}) TO STDOUT (FORMAT binary)") as out:
        for _ in out:
            pass


def pipeline(table):
    with connection.pipeline():
        cursors = [connection.execute(f"SELECT * FROM {table} OFFSET %s", (n,)) for n in range(3)]
        for cursor in cursors:
            cursor.fetchall()


def returning(table):
    with connection.transaction(force_rollback=True):
        connection.execute(f"DELETE FROM {table} RETURNING *").fetchall()


def errors(table):
    connection.execute(f"SELECT (t::text)::int FROM {table} AS t").fetchall()


for table in tables:
    for way in (text, binary, prepared, server_side_cursor, stream, copy, copy_binary, pipeline, returning, errors):
        name, began, status = f"{table} by psycopg {way.__name__}", time.monotonic(), "PASS"
        print(f"{SYN}=== RUN   {name}", flush=True)
        try:
            way(table)
        except psycopg.Error as error:
            status = "FAIL"
            print(error.sqlstate)
        print(f"{SYN}--- {status}: {name} ({time.monotonic() - began:.2f}s)", flush=True)
