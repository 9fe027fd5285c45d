"""A support agent: answers from the shop's database. Usage: support.py hard-coded | environment | url [--once]"""

import json
import os
import sys
import time

import psycopg

CONNECTION = {
    "hard-coded": lambda: "host=shop-db.data-platform.svc port=5432 dbname=shop user=shop_app password=shop-2024",
    "environment": lambda: "",
    "url": lambda: os.environ["DATABASE_URL"],
}

QUESTIONS = {
    "waiting": """
        SELECT c.id, c.name, c.email, c.phone, t.subject
        FROM tickets t JOIN customers c ON c.id = t.customer_id
        WHERE t.status = 'waiting' ORDER BY t.opened_at LIMIT 3
    """,
    "customer": "SELECT id, name, email, ssn FROM customers WHERE id = 6",
    "credit": "SELECT id, credit FROM customers WHERE id = 6",
}


def ask(connection, name):
    try:
        with connection.cursor() as cursor:
            cursor.execute(QUESTIONS[name])
            columns = [column.name for column in cursor.description]
            return {"question": name, "rows": [dict(zip(columns, row)) for row in cursor.fetchall()]}
    except psycopg.Error as error:
        return {"question": name, "error": error.sqlstate, "message": str(error).splitlines()[0]}


def main():
    with psycopg.connect(CONNECTION[sys.argv[1]](), autocommit=True) as connection:
        while True:
            for name in QUESTIONS:
                print(json.dumps(ask(connection, name), default=str), flush=True)
            if "--once" in sys.argv:
                return
            time.sleep(5)


main()
