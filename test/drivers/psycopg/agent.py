"""An ordinary psycopg 3 program. Prints one JSON object of what it saw; the test compares."""
import json
import sys

import psycopg
from psycopg.rows import dict_row

port = int(sys.argv[1])
seen = {}

with psycopg.connect(host="127.0.0.1", port=port, user="agent", dbname="shop", sslmode="prefer") as connection:
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("SELECT id, name, phone, salary, birth_date, tags, profile FROM customers WHERE id = %s", (3,))
        row = cursor.fetchone()
        seen["row"] = {**row, "salary": str(row["salary"]), "birth_date": row["birth_date"].isoformat()}
        seen["types"] = [column.type_code for column in cursor.description]

    # Prepared on the server after the first run, binary results.
    with connection.cursor(binary=True) as cursor:
        phones = []
        for customer in (1, 2, 3, 1):
            cursor.execute("SELECT phone FROM customers WHERE id = %s", (customer,), prepare=True)
            phones.append(cursor.fetchone()[0])
        seen["phones"] = phones

    with connection.cursor(name="walk") as cursor:
        cursor.itersize = 4
        cursor.execute("SELECT id, ssn FROM customers ORDER BY id")
        seen["walked"] = [row[0] for row in cursor]

    with connection.cursor() as cursor:
        with cursor.copy("COPY (SELECT id, email FROM customers ORDER BY id) TO STDOUT") as copy:
            seen["copied"] = sum(1 for _ in copy.rows())

    connection.commit()
    try:
        with connection.transaction():
            connection.execute("SELECT iban FROM payroll")
    except psycopg.errors.InsufficientPrivilege as error:
        seen["denied"] = [error.sqlstate, error.diag.message_detail, error.diag.message_hint]

    with connection.transaction(force_rollback=True):
        connection.execute("UPDATE scratch SET tag = 'py' WHERE id = 1")
        try:
            with connection.transaction():
                connection.execute("SELECT 1/0")
        except psycopg.errors.DivisionByZero:
            pass
        seen["inside"] = connection.execute("SELECT tag FROM scratch WHERE id = 1").fetchone()[0]
    seen["after"] = connection.execute("SELECT tag FROM scratch WHERE id = 1").fetchone()[0]

    with connection.pipeline():
        cursors = [connection.execute("SELECT %s::int", (n,)) for n in range(10)]
        seen["pipeline"] = [cursor.fetchone()[0] for cursor in cursors]

    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        cursor.executemany("INSERT INTO scratch (id, tag) VALUES (%s, %s)", [(4101, "a"), (4102, "b")])
        with cursor.copy("COPY scratch (id, tag) FROM STDIN") as copy:
            copy.write_row((4103, "c"))
        seen["inserted"] = cursor.execute("SELECT count(*) FROM scratch WHERE id > 4100").fetchone()[0]

print(json.dumps(seen))
