"""Tries connections: a connection string a line on standard input, a line of JSON for each on standard output."""

import json
import sys

import psycopg

for line in sys.stdin:
    try:
        with psycopg.connect(line.strip()) as connection:
            connection.execute("SELECT 1")
            said = {"tls": bool(connection.pgconn.ssl_in_use) if hasattr(connection.pgconn, "ssl_in_use") else None}
    except psycopg.Error as error:
        said = {"error": " ".join(str(error).split())}
    print(json.dumps(said), flush=True)
