"""psycopg 3 as applications use it. argv: PORT USER DATABASE [--without NAME]... [--only NAME]..."""
import asyncio
import datetime
import decimal
import io
import json
import sys
import threading
import time
import uuid

import psycopg
import psycopg_pool
from psycopg import sql
from psycopg.rows import class_row, dict_row, namedtuple_row, scalar_row, tuple_row
from psycopg.types import TypeInfo
from psycopg.types.composite import CompositeInfo, register_composite
from psycopg.types.enum import EnumInfo, register_enum
from psycopg.types.hstore import register_hstore
from psycopg.types.json import Json, Jsonb
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

SYN = "\x16"
PORT, USER, DATABASE = int(sys.argv[1]), sys.argv[2], sys.argv[3]
ADDRESS = dict(host="127.0.0.1", port=PORT, user=USER, dbname=DATABASE)
PATTERNS = []


def pattern(function):
    PATTERNS.append((f"psycopg: {function.__name__}", function))
    return function


def connect(**options):
    return psycopg.connect(**{**ADDRESS, "sslmode": "disable", **options})


def seen(cursor):
    description = cursor.description
    return {
        "rows": cursor.fetchall() if description else None,
        "status": cursor.statusmessage,
        "rowcount": cursor.rowcount,
        "columns": description and [(c.name, c.type_code, c.display_size, c.internal_size, c.precision, c.scale) for c in description],
        "origin": description and [(cursor.pgresult.ftable(i), cursor.pgresult.ftablecol(i), cursor.pgresult.fformat(i)) for i in range(len(description))],
    }


def fields(error):
    told = {"class": type(error).__name__, "sqlstate": getattr(error, "sqlstate", None)}
    diag = getattr(error, "diag", None)
    if diag is not None and diag.sqlstate is not None:
        for name in ("severity", "message_primary", "message_detail", "message_hint", "statement_position", "internal_query", "context",
                     "schema_name", "table_name", "column_name", "datatype_name", "constraint_name", "source_function"):
            # Sluice finds syntax errors first: test/oracle/transparency.ts.
            if diag.sqlstate != "42601" or name not in ("message_detail", "source_function"):
                told[name] = getattr(diag, name)
    else:
        told["message"] = str(error)
    return told


def failure(work):
    try:
        return {"succeeded": work()}
    except Exception as error:
        return fields(error)


@pattern
def client_side_and_server_side_parameters():
    with connect() as c:
        plain = seen(c.execute("SELECT * FROM items WHERE id = %s", (3,)))
        named = seen(c.execute("SELECT %(a)s::int + %(b)s::int AS s, %(a)s AS a", {"a": 1, "b": 2}))
        client = psycopg.ClientCursor(c)
        return [plain, named, seen(client.execute("SELECT id, name FROM items WHERE name = %s OR id = %s", ("item 2", 3))), client.mogrify("%s %s", ("it's", [1, None]))]


@pattern
def raw_cursor():
    with connect() as c:
        return seen(psycopg.RawCursor(c).execute("SELECT $1::int + $2::int AS s, '%' AS p", (1, 2)))


@pattern
def binary_results():
    with connect() as c:
        return [seen(c.cursor(binary=True).execute("SELECT * FROM items WHERE id = %s", (n,))) for n in (5, 6)]


@pattern
def all_types_text_and_binary():
    with connect() as c:
        for info in (EnumInfo.fetch(c, "mood"),):
            register_enum(info, c)
        register_composite(CompositeInfo.fetch(c, "point3"), c)
        register_hstore(TypeInfo.fetch(c, "hstore"), c)
        return [seen(c.cursor(binary=b).execute("SELECT id, feeling, spot, share, range, ranges, ip, net, bits, mac, x, path::text, pairs FROM kinds ORDER BY id")) for b in (False, True)]


@pattern
def adapted_parameters():
    with connect() as c:
        values = [1, 2**40, "text", 1.5, decimal.Decimal("1.230"), True, None, datetime.date(2024, 2, 29), datetime.datetime(2024, 1, 1, 12, tzinfo=datetime.timezone.utc),
                  datetime.timedelta(days=1, seconds=3), uuid.UUID(int=7), b"\x00\xff", [1, 2, None], ["a", 'b"'], Range(1, 5), Jsonb({"a": [1]}), Json(None)]
        return [[seen(c.execute("SELECT %s AS v", (v,))), failure(lambda: seen(c.cursor().execute("SELECT %b AS v", (v,))))] for v in values if not c.rollback()]


@pattern
def prepared_automatically():
    with connect() as c:
        c.prepare_threshold = 2
        rows = [c.execute("SELECT name FROM items WHERE id = %s", (n,)).fetchone() for n in (1, 2, 3, 4, 60)]
        return [rows, seen(c.execute("SELECT name LIKE '_pg3%%', statement, from_sql FROM pg_prepared_statements", prepare=False))]


@pattern
def prepared_and_evicted():
    with connect(autocommit=True) as c:
        c.prepared_max = 2
        for n in range(5):
            c.execute(f"SELECT {n} + %s::int AS n", (n,), prepare=True)
        return c.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()


@pattern
def deallocate_behind_its_back():
    with connect(autocommit=True) as c:
        c.execute("SELECT %s::int", (1,), prepare=True)
        c.execute("DEALLOCATE ALL")
        return [failure(lambda: c.execute("SELECT %s::int", (2,), prepare=True).fetchall()), c.execute("SELECT 3").fetchall()]


@pattern
def server_side_cursor():
    with connect() as c:
        with c.cursor(name="walk") as walk:
            walk.itersize = 7
            walk.execute("SELECT id, name FROM items WHERE id <= %s ORDER BY id", (20,))
            ids = [row[0] for row in walk]
        with c.cursor(name="scroll", scrollable=True) as walk:
            walk.execute("SELECT id FROM items ORDER BY id")
            steps = [walk.fetchmany(3), walk.fetchone()]
            walk.scroll(-2)
            steps.append(walk.fetchone())
            walk.scroll(40, mode="absolute")
            steps.append(walk.fetchall())
        return [ids, steps]


@pattern
def server_side_cursor_with_hold():
    with connect() as c:
        walk = c.cursor(name="held", withhold=True)
        walk.execute("SELECT id FROM items ORDER BY id")
        first = walk.fetchmany(2)
        c.commit()
        rest = len(walk.fetchall())
        walk.close()
        return [first, rest]


@pattern
def stream():
    with connect() as c:
        ids = [row[0] for row in c.cursor().stream("SELECT id FROM items ORDER BY id")]
        return [ids, failure(lambda: list(c.cursor().stream("SELECT 1 / (id - 5) FROM items ORDER BY id")))]


@pattern
def copy_out():
    with connect() as c:
        with c.cursor().copy("COPY (SELECT id, name, tags FROM items WHERE id < 4 ORDER BY id) TO STDOUT") as copy:
            text = [bytes(block).decode() for block in copy]
        with c.cursor().copy("COPY items (id, made, price) TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int4", "timestamptz", "numeric"])
            rows = list(copy.rows())
        return [text, len(rows), rows[:2], failure(lambda: list(c.cursor().copy("COPY nothing TO STDOUT").__enter__()))]


@pattern
def copy_in():
    with connect() as c:
        cursor = c.cursor()
        with cursor.copy("COPY items (id, name, price, tags) FROM STDIN") as copy:
            copy.write_row((601, "copied", decimal.Decimal("1.5"), ["x", None]))
            copy.write_row((602, "tab\there", 2, []))
        told = [cursor.rowcount, cursor.statusmessage]
        with cursor.copy("COPY items (id, name) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "text"])
            copy.write_row((603, "binary"))
        told.append(seen(c.execute("SELECT id, name, price, tags FROM items WHERE id BETWEEN 600 AND 700 ORDER BY id")))
        c.rollback()

        def broken():
            with c.cursor().copy("COPY items (id, name) FROM STDIN") as copy:
                copy.write("x\ty\n")

        told.append(failure(broken))
        c.rollback()

        def abandoned():
            with c.cursor().copy("COPY items (id, name) FROM STDIN") as copy:
                copy.write_row((604, "never"))
                raise ValueError("changed my mind")

        told.append(failure(abandoned))
        c.rollback()
        told.append(c.execute("SELECT count(*) FROM items WHERE id > 600 AND id < 700").fetchone())
        return told


@pattern
def copy_large():
    with connect() as c:
        c.execute("CREATE TEMP TABLE big (n int, t text)")
        with c.cursor().copy("COPY big FROM STDIN") as copy:
            for n in range(20_000):
                copy.write_row((n, "x" * 50))
        out = io.BytesIO()
        with c.cursor().copy("COPY big TO STDOUT") as copy:
            for block in copy:
                out.write(block)
        return [c.execute("SELECT count(*), sum(n) FROM big").fetchone(), len(out.getvalue())]


@pattern
def pipeline():
    with connect(autocommit=True) as c, c.pipeline() as p:
        cursors = [c.execute("SELECT %s::int AS n", (n,)) for n in range(20)]
        p.sync()
        values = [cursor.fetchone() for cursor in cursors]
        return values


@pattern
def pipeline_with_an_error():
    with connect(autocommit=True) as c:
        told = []
        try:
            with c.pipeline() as p:
                first = c.execute("SELECT 1")
                second = c.execute("SELECT 1 / %s::int", (0,))
                third = c.execute("SELECT 3")
                for cursor in (first, second, third):
                    told.append(failure(cursor.fetchone))
                p.sync()
                told.append(failure(lambda: c.execute("SELECT 4").fetchone()))
        except Exception as error:
            told.append(fields(error))
        told.append(c.execute("SELECT 5").fetchone())
        return told


@pattern
def pipeline_in_a_transaction():
    with connect() as c:
        with c.pipeline(), c.transaction(force_rollback=True):
            c.cursor().executemany("INSERT INTO items (id, name) VALUES (%s, %s)", [(620 + n, f"p{n}") for n in range(5)])
            count = c.execute("SELECT count(*) FROM items WHERE id >= 620 AND id < 630").fetchone()
        return [count, c.execute("SELECT count(*) FROM items WHERE id >= 620 AND id < 630").fetchone()]


@pattern
def executemany_returning():
    with connect() as c:
        cursor = c.cursor()
        cursor.executemany("INSERT INTO items (id, name) VALUES (%s, %s) RETURNING id, name", [(630 + n, f"m{n}") for n in range(3)], returning=True)
        rows = []
        while True:
            rows.append(cursor.fetchall())
            if not cursor.nextset():
                break
        count = cursor.rowcount
        c.rollback()
        return [rows, count]


@pattern
def several_statements():
    with connect() as c:
        cursor = c.execute("SELECT 1 AS a; SELECT 2 AS b, 3 AS c; UPDATE items SET name = name WHERE id < 3")
        sets = [seen(cursor)]
        while cursor.nextset():
            sets.append(seen(cursor))
        return sets


@pattern
def transactions_and_savepoints():
    told = []
    with connect() as c:
        with c.transaction(force_rollback=True):
            c.execute("UPDATE items SET quantity = 1000 WHERE id = 1")
            for broken in (False, True):
                try:
                    with c.transaction(savepoint_name="inner one"):
                        c.execute("UPDATE items SET quantity = quantity + 1 WHERE id = 1")
                        if broken:
                            c.execute("SELECT 1/0")
                except psycopg.errors.DivisionByZero as error:
                    told.append(fields(error))
            told.append(c.execute("SELECT quantity FROM items WHERE id = 1").fetchone())
        told.append(c.execute("SELECT quantity FROM items WHERE id = 1").fetchone())
        told.append(c.info.transaction_status.name)
        told.append(failure(lambda: c.execute("SELECT nothing")))
        told.append(c.info.transaction_status.name)
        told.append(failure(lambda: c.execute("SELECT 1")))
        c.rollback()
        told.append(c.info.transaction_status.name)
    return told


@pattern
def transaction_characteristics():
    with connect() as c:
        c.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        c.read_only = True
        c.deferrable = True
        rows = [c.execute(f"SHOW transaction_{name}").fetchone() for name in ("isolation", "read_only", "deferrable")]
        return [rows, failure(lambda: c.execute("UPDATE items SET quantity = 1"))]


@pattern
def two_phase_commit():
    with connect() as c:
        xid = c.xid(1, "gtrid", "bqual")

        def work():
            c.tpc_begin(xid)
            c.execute("UPDATE items SET quantity = 5 WHERE id = 1")
            c.tpc_prepare()
            c.tpc_rollback()

        return failure(work)


@pattern
def error_classes():
    told = []
    with connect(autocommit=True) as c:
        for statement in ("SELEC", "SELECT x", "SELECT * FROM nope", "SELECT 1/0", "SELECT 'a'::int", "INSERT INTO items (id, name) VALUES (1, 'q')", "INSERT INTO items (name) VALUES (NULL)",
                          "INSERT INTO items (name, price) VALUES ('n', -1)", "INSERT INTO lines VALUES (99999, 1)", "INSERT INTO kinds (id, share) VALUES (3, 500)", "SELECT say('error')",
                          "SELECT 'x'::mood", "SELECT * FROM items WHERE id = 'x'", "SELECT nofunc()", "COMMIT; SELECT 1", "SET no_such_setting = 1", "SET statement_timeout = 'soon'", "CREATE TABLE items (a int)",
                          "DROP TABLE nope", "ALTER TABLE items ADD COLUMN name text", "SELECT pg_sleep('x')", "SELECT array[1,2][1:2][3]", "VALUES (1), (2, 3)", "SELECT 1 FROM items, items"):
            told.append((statement, failure(lambda: seen(c.execute(statement)))))
    return told


@pattern
def notices():
    heard = []
    with connect(autocommit=True) as c:
        c.add_notice_handler(lambda diag: heard.append((diag.severity, diag.sqlstate, diag.message_primary, diag.message_detail, diag.message_hint, diag.context)))
        c.execute("SELECT say('notice')")
        c.execute("SELECT say(%s)", ("warning",))
        c.execute("ROLLBACK")
    return heard


@pattern
def notifications():
    with connect(autocommit=True) as c, connect(autocommit=True) as other:
        c.execute("LISTEN news")
        other.execute("NOTIFY news, 'one'")
        other.execute("SELECT pg_notify('news', %s)", ("two",))
        heard = [(n.channel, n.payload, n.pid == other.info.backend_pid) for n in c.notifies(timeout=3, stop_after=2)]
        c.execute("UNLISTEN *")
        return heard


@pattern
def cancel_from_another_thread():
    with connect(autocommit=True) as c:
        timer = threading.Timer(0.3, c.cancel)
        timer.start()
        told = failure(lambda: c.execute("SELECT pg_sleep(20)"))
        timer.join()
        safe = threading.Timer(0.3, c.cancel_safe)
        safe.start()
        again = failure(lambda: c.execute("SELECT pg_sleep(20)"))
        safe.join()
        return [told, again, c.execute("SELECT 1").fetchone()]


@pattern
def backend_pid():
    with connect() as c:
        return c.info.backend_pid == c.execute("SELECT pg_backend_pid()").fetchone()[0]


@pattern
def terminated():
    with connect(autocommit=True) as c, connect(autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (c.info.backend_pid,))
        time.sleep(0.2)
        return [failure(lambda: c.execute("SELECT 1")), c.closed, c.broken]


@pattern
def statement_timeout_by_options():
    with connect(autocommit=True, options="-c statement_timeout=200 -c search_path=public") as c:
        return [c.execute("SHOW statement_timeout").fetchone(), failure(lambda: c.execute("SELECT pg_sleep(5)")), c.execute("SHOW search_path").fetchone()]


@pattern
def connection_information():
    with connect(application_name="snake", connect_timeout=5) as c:
        info = c.info
        names = ("server_version", "server_encoding", "client_encoding", "integer_datetimes", "DateStyle", "TimeZone", "standard_conforming_strings", "IntervalStyle", "in_hot_standby", "default_transaction_read_only", "application_name", "is_superuser", "session_authorization", "scram_iterations", "search_path")
        return [info.server_version, info.encoding, info.dbname, info.user, info.status.name, [(n, info.parameter_status(n)) for n in names], info.timezone]


@pattern
def parameter_status_follows():
    with connect(autocommit=True) as c:
        told = []
        for statement in ("SET TimeZone = 'America/New_York'", "SET DateStyle = 'SQL, DMY'", "SET application_name = 'x'", "SET IntervalStyle = 'iso_8601'", "RESET ALL"):
            c.execute(statement)
            told.append([c.info.parameter_status(n) for n in ("TimeZone", "DateStyle", "application_name", "IntervalStyle")])
        c.execute("SET TimeZone = 'Asia/Tokyo'")
        told.append(c.execute("SELECT made, made::text FROM items WHERE id = 1").fetchone())
        return told


@pattern
def row_factories():
    class Item:
        def __init__(self, id, name):
            self.it = f"{id}:{name}"

    with connect() as c:
        query = "SELECT id, name FROM items WHERE id < 3 ORDER BY id"
        return [c.cursor(row_factory=f).execute(query).fetchall() for f in (dict_row, tuple_row, scalar_row)] + [
            [r.name for r in c.cursor(row_factory=namedtuple_row).execute(query)], [r.it for r in c.cursor(row_factory=class_row(Item)).execute(query)]]


@pattern
def composed_sql():
    with connect() as c:
        query = sql.SQL("SELECT {} FROM {} WHERE {} = {} ORDER BY 1").format(sql.SQL(", ").join(map(sql.Identifier, ("id", "name"))), sql.Identifier("public", "items"), sql.Identifier("id"), sql.Literal(4))
        return [seen(c.execute(query)), query.as_string(c), sql.quote(datetime.date(2024, 1, 1), c)]


@pattern
def type_introspection():
    with connect() as c:
        told = []
        for name in ("int4", "mood", "point3", "percent", "public.items", "nothing"):
            info = TypeInfo.fetch(c, name)
            told.append(info and (info.name, info.oid, info.array_oid, info.regtype))
        mood, point = EnumInfo.fetch(c, "mood"), CompositeInfo.fetch(c, "point3")
        told += [mood.labels, point.field_names, point.field_types]
        row = c.execute("SELECT ROW(1,2,'z')::point3, ARRAY['calm']::mood[]").fetchone()
        return [told, [str(v) for v in row]]


@pattern
def ranges_and_multiranges():
    with connect() as c:
        return [seen(c.execute("SELECT %s::int4range, %s::int4multirange, %s::tstzrange", (Range(1, 5, "(]"), Multirange([Range(1, 2), Range(5, 6)]), Range(None, datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc))))),
                seen(c.execute("SELECT range * %s, ranges + %s FROM kinds WHERE id = 1", (Range(2, 9), Multirange([Range(20, 30)]))))]


@pattern
def functions_and_procedures():
    with connect() as c:
        return [seen(c.execute("SELECT add_one(%s)", (41,))), seen(c.execute("SELECT * FROM many_rows(%s)", (2,))), seen(c.execute("CALL raise_price(%s, %s)", (4, decimal.Decimal("0.5")))), c.rollback()]


@pattern
def large_objects():
    with connect() as c:
        return failure(lambda: c.execute("SELECT lo_get(lo_from_bytea(0, %s))", (b"\x01\x02",)).fetchall())


@pattern
def advisory_locks():
    with connect() as c, connect() as other:
        c.execute("SELECT pg_advisory_xact_lock(77)")
        told = [other.execute("SELECT pg_try_advisory_xact_lock(77)").fetchone()]
        c.rollback()
        return told + [other.execute("SELECT pg_try_advisory_xact_lock(77)").fetchone()]


@pattern
def pool():
    with psycopg_pool.ConnectionPool(kwargs={**ADDRESS, "sslmode": "disable"}, min_size=2, max_size=4, open=True, check=psycopg_pool.ConnectionPool.check_connection) as p:
        p.wait(10)
        results, threads = [None] * 12, []

        def work(n):
            with p.connection() as c:
                c.execute("SET LOCAL application_name = 'worker'")
                results[n] = c.execute("SELECT %s::int * 2", (n,)).fetchone()[0]

        for n in range(12):
            threads.append(threading.Thread(target=work, args=(n,)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        with p.connection() as c:
            name = c.execute("SHOW application_name").fetchone()
        return [results, name]


@pattern
def asynchronous():
    async def work():
        async with await psycopg.AsyncConnection.connect(**ADDRESS, sslmode="disable") as c:
            async with c.cursor() as cursor:
                await cursor.execute("SELECT id FROM items WHERE id < %s ORDER BY id", (5,))
                ids = [row async for row in cursor]
            async with c.cursor(name="s") as cursor:
                await cursor.execute("SELECT id FROM items ORDER BY id")
                some = await cursor.fetchmany(4)
            async with c.pipeline():
                answers = [await c.execute("SELECT %s::int", (n,)) for n in range(4)]
            return [ids, some, [await a.fetchone() for a in answers]]

    return asyncio.run(work())


@pattern
def ssl_modes():
    return [(mode, failure(lambda: connect(sslmode=mode, gssencmode="disable").execute("SELECT 1").fetchall())) for mode in ("disable", "allow", "prefer", "require", "verify-full")]


@pattern
def gss_encryption_preferred():
    return failure(lambda: connect(gssencmode="prefer").execute("SELECT 1").fetchall())


@pattern
def channel_binding_and_auth_requirements():
    return [(option, failure(lambda: connect(**option).execute("SELECT 1").fetchall())) for option in ({"channel_binding": "prefer"}, {"channel_binding": "require"}, {"require_auth": "none"}, {"require_auth": "scram-sha-256"})]


@pattern
def target_session_attributes():
    return [(a, failure(lambda: connect(target_session_attrs=a).execute("SELECT 1").fetchall())) for a in ("any", "read-write", "primary", "standby", "read-only", "prefer-standby")]


@pattern
def several_hosts():
    return failure(lambda: connect(host="127.0.0.1,127.0.0.1", port=f"1,{PORT}").execute("SELECT 1").fetchall())


@pattern
def other_startup_parameters():
    return [(o, failure(lambda: connect(options=o).execute("SELECT 1").fetchall())) for o in ("-c DateStyle=ISO", "-c work_mem=8MB --enable_seqscan=off", "-c no_such=1", "-c client_encoding=LATIN1")] + [
        failure(lambda: connect(dbname="nowhere")), failure(lambda: connect(client_encoding="utf8").execute("SHOW client_encoding").fetchall())]


def plain(value):
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if isinstance(value, (decimal.Decimal, uuid.UUID, datetime.date, datetime.datetime, datetime.timedelta)):
        return f"{type(value).__name__}:{value}"
    return f"{type(value).__name__}:{value!r}"


def named(flag):
    return {sys.argv[i + 1] for i, a in enumerate(sys.argv) if a == flag}


without, only = named("--without"), named("--only")
for name, function in PATTERNS:
    if name in without or (only and name not in only):
        continue
    began, status = time.monotonic(), "PASS"
    print(f"{SYN}=== RUN   {name}", flush=True)
    try:
        print(json.dumps(function(), default=plain, indent=1))
    except Exception as error:
        status = "FAIL"
        print(json.dumps(fields(error), default=plain, indent=1))
    print(f"{SYN}--- {status}: {name} ({time.monotonic() - began:.2f}s)", flush=True)
