/** node-postgres (pg): what applications and ORMs do with it. */
import { once } from 'node:events';
import pg from 'pg';
import { errorFields, failure, pause, type Pattern } from './harness.ts';

type Work = (client: pg.Client) => Promise<unknown>;

export function pgPatterns(port: number, user: string, database: string): readonly Pattern[] {
  const address = { host: '127.0.0.1', port, user, database };
  const connected = async (work: Work, options: pg.ClientConfig = {}): Promise<unknown> => {
    const client = new pg.Client({ ...address, ...options });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  const on = (name: string, work: Work, options?: pg.ClientConfig): Pattern => ({
    name: `node-postgres: ${name}`,
    run: () => connected(work, options),
  });
  const seen = ({ rows, fields, command, rowCount }: pg.QueryResult): unknown => ({
    rows,
    command,
    rowCount,
    fields: fields.map(({ name, tableID, columnID, dataTypeID, dataTypeSize, dataTypeModifier, format }) => ({
      name,
      tableID,
      columnID,
      dataTypeID,
      dataTypeSize,
      dataTypeModifier,
      format,
    })),
  });

  return [
    on('unnamed statement with parameters', async (c) => seen(await c.query('SELECT * FROM items WHERE id = $1', [3]))),
    on('simple query', async (c) => seen(await c.query('SELECT id, name, price FROM items ORDER BY id LIMIT 3'))),
    on('row mode array', async (c) =>
      seen(await c.query({ text: 'SELECT id, id FROM items WHERE id < $1 ORDER BY 1', values: [4], rowMode: 'array' })),
    ),
    on('binary results', async (c) =>
      seen(
        await c.query({
          text: 'SELECT id, price, ratio, active, made, raw, tags FROM items WHERE id = $1',
          values: [5],
          binary: true,
        } as pg.QueryConfig),
      ),
    ),
    on('named statement again and again', async (c) => {
      const answers = [];
      for (const id of [1, 2, 1, 60])
        answers.push((await c.query({ name: 'by id', text: 'SELECT name FROM items WHERE id = $1', values: [id] })).rows);
      answers.push(await failure(c.query({ name: 'by id', text: 'SELECT 2', values: [] })));
      answers.push((await c.query('SELECT name, statement, parameter_types::text, from_sql FROM pg_prepared_statements')).rows);
      return answers;
    }),
    on('several statements in one simple query', async (c) => {
      const results = (await c.query(
        "SELECT 1 AS a; UPDATE items SET name = name WHERE id = 1; SELECT 'x' AS b, NULL AS c",
      )) as unknown as readonly pg.QueryResult[];
      return results.map(seen);
    }),
    on('several statements, the second fails', async (c) => [
      await failure(c.query("INSERT INTO items (name) VALUES ('lost'); SELECT 1/0; SELECT 3")),
      (await c.query("SELECT count(*) FROM items WHERE name = 'lost'")).rows,
    ]),
    on('empty query', async (c) => [seen(await c.query('')), seen(await c.query(';')), seen(await c.query('-- nothing'))]),
    on('all types', async (c) => seen(await c.query('SELECT * FROM kinds ORDER BY id'))),
    on('parameters of all kinds', async (c) =>
      seen(
        await c.query(
          'SELECT $1::int AS i, $2::text AS t, $3::jsonb AS j, $4::text[] AS a, $5::timestamptz AS at, $6::bytea AS b, $7::boolean AS y, $8::int[] AS n, $9::text AS nothing, $10::numeric AS m',
          [
            1,
            "it's",
            { a: [1, null, 'x'] },
            ['a', null, '"'],
            new Date(0),
            Buffer.from([0, 1, 255]),
            true,
            [1, 2],
            null,
            '1.230',
          ],
        ),
      ),
    ),
    on('long text both ways', async (c) => {
      const long = 'äx'.repeat(200_000);
      const { rows } = await c.query('SELECT $1::text AS back, length($1) AS n', [long]);
      return [rows[0].back === long, rows[0].n];
    }),
    on(
      'many rows',
      async (c) =>
        (await c.query('SELECT count(*), sum(n), md5(string_agg(n::text, $1)) FROM generate_series(1, 50000) AS n', [','])).rows,
    ),
    on('many rows fetched', async (c) =>
      (await c.query('SELECT n, n::text AS t FROM generate_series(1, 20000) AS n')).rows.reduce(
        (sum, { n, t }) => sum + n + Number(t),
        0,
      ),
    ),
    on('insert returning', async (c) => {
      await c.query('BEGIN');
      const made = await c.query(
        'INSERT INTO items (id, name, price, tags) VALUES ($1, $2, $3, $4), ($5, $6, $7, DEFAULT) RETURNING *',
        [500, 'new', 9.5, ['x'], 501, 'newer', '1'],
      );
      await c.query('ROLLBACK');
      return seen(made);
    }),
    on('upsert', async (c) => {
      await c.query('BEGIN');
      const upsert =
        "INSERT INTO items (id, name, price) VALUES (1, 'one', 5) ON CONFLICT (id) DO UPDATE SET price = items.price + EXCLUDED.price WHERE items.price < 100 RETURNING id, price, xmax <> 0 AS updated";
      const answers = [seen(await c.query(upsert)), seen(await c.query(upsert))];
      answers.push(seen(await c.query("INSERT INTO items (name) VALUES ('item 1') ON CONFLICT DO NOTHING")));
      await c.query('ROLLBACK');
      return answers;
    }),
    on('update from, delete using', async (c) => {
      await c.query('BEGIN');
      const answers = [
        seen(
          await c.query(
            'UPDATE items AS i SET quantity = l.n FROM (SELECT item, count(*) AS n FROM lines GROUP BY item) AS l WHERE l.item = i.id AND i.id < $1 RETURNING i.id, i.quantity',
            [4],
          ),
        ),
        seen(await c.query('DELETE FROM lines USING items WHERE lines.item = items.id AND items.id = $1 RETURNING lines.*', [2])),
        seen(
          await c.query(
            'MERGE INTO items AS t USING (VALUES (1, 9.0), (900, 8.0)) AS s (id, price) ON t.id = s.id WHEN MATCHED THEN UPDATE SET price = s.price WHEN NOT MATCHED THEN INSERT (id, name, price) VALUES (s.id, $1, s.price)',
            ['merged'],
          ),
        ),
      ];
      await c.query('ROLLBACK');
      return answers;
    }),
    on('transaction, savepoint, rollback', async (c) => {
      const answers = [];
      await c.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE');
      answers.push((await c.query('SHOW transaction_isolation')).rows);
      await c.query("UPDATE items SET name = 'changed' WHERE id = 1");
      await c.query('SAVEPOINT "a b"');
      answers.push(await failure(c.query("INSERT INTO items (id, name) VALUES (2, 'again')")));
      answers.push(await failure(c.query('SELECT 1')));
      await c.query('ROLLBACK TO SAVEPOINT "a b"');
      answers.push((await c.query('SELECT name FROM items WHERE id = 1')).rows);
      await c.query('RELEASE "a b"');
      answers.push(await failure(c.query('RELEASE "a b"')));
      answers.push(seen(await c.query('COMMIT')));
      answers.push((await c.query('SELECT name FROM items WHERE id = 1')).rows);
      return answers;
    }),
    on('errors of every kind', async (c) => {
      const answers = [];
      for (const [sql, values] of [
        ['SELEC 1'],
        ['SELECT nothing FROM items'],
        ['SELECT 1 FROM no_table'],
        ['SELECT no_function(1)'],
        ["SELECT 'x' + 1"],
        ['SELECT 1/0'],
        ["SELECT 'abc'::int"],
        ['SELECT $1::int', ['abc']],
        ['SELECT 2147483648::int'],
        ["INSERT INTO items (id, name) VALUES (1, 'twice')"],
        ["INSERT INTO items (name) VALUES ('item 1')"],
        ['INSERT INTO items (name) VALUES (NULL)'],
        ["INSERT INTO items (name, price) VALUES ('cheap', -1)"],
        ["INSERT INTO lines VALUES (77777, 1, 'x')"],
        ['INSERT INTO lines VALUES (1, 99, $1)', ['much too long for twenty']],
        ['INSERT INTO kinds (id, share) VALUES (9, 101)'],
        ["INSERT INTO kinds (id, feeling) VALUES (9, 'angry')"],
        ['SELECT id FROM items GROUP BY name'],
        ['SELECT (SELECT id FROM items)'],
        ['SELECT 1 WHERE $1', [1]],
        ['SELECT $1', []],
        ['SELECT "ID" FROM items'],
        ["SELECT E'\\xff'"],
        ['SELECT 1; SELECT $1', [1]],
        ["SELECT to_date('2024-13-45', 'YYYY-MM-DD')"],
        ["SELECT '{bad'::jsonb"],
        ["SELECT 'a' ~ '('"],
        ['SELECT * FROM items FOR UPDATE NOWAIT SKIP LOCKED'],
        ['FETCH 1 FROM no_cursor'],
        ['EXECUTE no_statement'],
        ['ROLLBACK TO s'],
        ['SELECT say($1)', ['error']],
        ['COMMIT'],
      ] as readonly (readonly [string, unknown[]?])[])
        answers.push([sql, await failure(c.query(sql, values as unknown[]))]);
      return answers;
    }),
    on('notices', async (c) => {
      const notices: unknown[] = [];
      c.on('notice', (notice) => notices.push(errorFields(notice)));
      await c.query("SELECT say('notice')");
      await c.query('SELECT say($1)', ['warning']);
      await c.query('DROP TABLE IF EXISTS no_such_table');
      await c.query('COMMIT');
      await c.query('CREATE TABLE IF NOT EXISTS items (id int)');
      return notices;
    }),
    on('functions and procedures', async (c) => [
      seen(await c.query('SELECT add_one($1), two_columns()', [41])),
      seen(await c.query('SELECT * FROM two_columns()')),
      seen(await c.query('SELECT id, name FROM many_rows($1)', [3])),
      seen(await c.query('CALL raise_price($1, $2)', [4, '0.5'])),
      seen(await c.query('SELECT * FROM busy ORDER BY id LIMIT 2')),
      seen(await c.query('SELECT i, f.b FROM items AS i, LATERAL two_columns() AS f WHERE i.id = 2')),
    ]),
    on('cursor by SQL', async (c) => {
      await c.query('BEGIN');
      await c.query('DECLARE walk SCROLL CURSOR FOR SELECT id FROM items ORDER BY id');
      const answers = [];
      for (const fetch of [
        'FETCH 3 FROM walk',
        'FETCH BACKWARD 1 FROM walk',
        'MOVE 10 IN walk',
        'FETCH NEXT FROM walk',
        'FETCH LAST FROM walk',
        'FETCH 1 FROM walk',
      ])
        answers.push(seen(await c.query(fetch)));
      await c.query('CLOSE walk');
      await c.query('COMMIT');
      return answers;
    }),
    on('prepared by SQL', async (c) => [
      seen(await c.query('PREPARE find (int) AS SELECT id, name FROM items WHERE id = $1')),
      seen(await c.query('EXECUTE find (7)')),
      seen(await c.query('DEALLOCATE find')),
      await failure(c.query('EXECUTE find (7)')),
      seen(await c.query('DEALLOCATE ALL')),
    ]),
    on('sixty queries at once', async (c) => {
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, n) =>
          n % 7 === 3 ? failure(c.query('SELECT 1/$1::int', [0])) : c.query('SELECT $1::int AS n', [n]).then(({ rows }) => rows),
        ),
      );
      return answers;
    }),
    on('listen and notify', async (c) => {
      const heard: unknown[] = [];
      c.on('notification', ({ channel, payload }) => heard.push([channel, payload]));
      await c.query('LISTEN news; LISTEN "Other News"');
      await connected((other) => other.query("SELECT pg_notify('news', 'one'); NOTIFY \"Other News\", 'two'; NOTIFY news"));
      await c.query("NOTIFY news, 'mine'");
      for (let wait = 0; wait < 100 && heard.length < 4; wait++) await pause(20);
      await c.query('UNLISTEN news');
      await c.query("NOTIFY news, 'unheard'");
      await pause(50);
      const own = (await c.query('SELECT pg_listening_channels() AS c')).rows;
      await c.query('UNLISTEN *');
      return [heard, own];
    }),
    on(
      'statement timeout',
      async (c) => [
        (await c.query('SHOW statement_timeout')).rows,
        await failure(c.query('SELECT pg_sleep(5)')),
        (await c.query('SELECT 1 AS alive')).rows,
      ],
      { statement_timeout: 200 },
    ),
    on('lock timeout', async (c) => {
      await c.query('BEGIN; LOCK TABLE lines IN EXCLUSIVE MODE');
      const waited = await connected((other) => failure(other.query('UPDATE lines SET note = note WHERE item = 1')), {
        lock_timeout: 100,
      });
      await c.query('ROLLBACK');
      return waited;
    }),
    on('cancel through pg_cancel_backend', async (c) => {
      const {
        rows: [{ pid }],
      } = await c.query('SELECT pg_backend_pid() AS pid');
      const running = failure(c.query('SELECT pg_sleep(20)'));
      await pause(150);
      const cancelled = await connected((other) => other.query('SELECT pg_cancel_backend($1)', [pid]).then(({ rows }) => rows));
      return [cancelled, await running, (await c.query('SELECT 1 AS alive')).rows];
    }),
    on('backend key is the process id', async (c) => {
      const {
        rows: [{ pid }],
      } = await c.query('SELECT pg_backend_pid() AS pid');
      return pid === (c as unknown as { processID: number }).processID;
    }),
    on('cancel request', async (c) => {
      const { processID, secretKey } = c as unknown as { processID: number; secretKey: number };
      const running = failure(c.query('SELECT pg_sleep(20)'));
      await pause(150);
      const other = new pg.Client(address) as unknown as {
        connection: {
          connect(port: number, host: string): void;
          once(name: string, f: () => void): void;
          cancel(p: number, k: number): void;
          stream: NodeJS.EventEmitter;
        };
      };
      other.connection.connect(port, '127.0.0.1');
      await new Promise<void>((resolve) => other.connection.once('connect', resolve));
      other.connection.cancel(processID, secretKey);
      await once(other.connection.stream, 'close').catch(() => undefined);
      return [await running, (await c.query('SELECT 1 AS alive')).rows];
    }),
    on('terminated by the server', async (c) => {
      const {
        rows: [{ pid }],
      } = await c.query('SELECT pg_backend_pid() AS pid');
      const lost: unknown[] = [];
      c.on('error', (error) => lost.push(errorFields(error)));
      await connected((other) => other.query('SELECT pg_terminate_backend($1)', [pid]));
      for (let wait = 0; wait < 100 && lost.length < 2; wait++) await pause(20);
      return [lost, await failure(c.query('SELECT 1'))];
    }),
    on('settings of the session', async (c) => {
      const answers = [];
      for (const sql of [
        "SET application_name = 'renamed'",
        'SHOW application_name',
        "SET TIME ZONE 'Europe/Berlin'",
        'SELECT made FROM items WHERE id = 1',
        'SELECT made::text FROM items WHERE id = 1',
        "SET DateStyle = 'German'",
        'SELECT due::text FROM items WHERE id = 1',
        'SET search_path = pg_catalog, public',
        'SELECT current_schemas(false)::text',
        'SET LOCAL work_mem = 1024',
        'RESET work_mem',
        'SHOW work_mem',
        "SELECT set_config('application_name', 'again', false)",
        "SELECT current_setting('application_name')",
        'SHOW server_version',
        'SHOW server_encoding',
        'SHOW transaction_read_only',
        'RESET ALL',
        'SHOW TimeZone',
        'DISCARD ALL',
        'SHOW application_name',
      ])
        answers.push([sql, await failure(c.query(sql).then(({ rows, command }) => ({ rows, command })))]);
      return answers;
    }),
    on(
      'connect options',
      async (c) =>
        (
          await c.query(
            "SELECT current_setting('application_name') AS a, current_setting('idle_in_transaction_session_timeout') AS b, current_database() AS d, current_schema AS s",
          )
        ).rows,
      { application_name: 'patterns', idle_in_transaction_session_timeout: 60_000, keepAlive: true },
    ),
    on('temporary tables', async (c) => {
      await c.query('BEGIN');
      const answers = [
        seen(await c.query('CREATE TEMP TABLE work (id int PRIMARY KEY, v text) ON COMMIT DROP')),
        seen(await c.query("INSERT INTO work SELECT n, 'v' || n FROM generate_series(1, 5) AS n")),
        seen(await c.query('SELECT count(*), max(v) FROM work')),
        seen(await c.query('CREATE TEMP TABLE more AS SELECT id FROM items WHERE id < 5')),
        seen(await c.query('SELECT sum(id) FROM more JOIN work USING (id)')),
        seen(await c.query('COMMIT')),
      ];
      answers.push(await failure(c.query('SELECT * FROM work')));
      return answers;
    }),
    on('schema changes', async (c) => {
      const answers = [];
      for (const sql of [
        'CREATE TABLE migrated (id bigserial PRIMARY KEY, name text UNIQUE, item int REFERENCES items)',
        "ALTER TABLE migrated ADD COLUMN extra jsonb DEFAULT '{}'",
        'CREATE INDEX migrated_name ON migrated (lower(name))',
        "INSERT INTO migrated (name, item) VALUES ('a', 1), ('b', 2) RETURNING id",
        'ALTER TABLE migrated ALTER COLUMN name TYPE varchar(40)',
        'ALTER TABLE migrated RENAME COLUMN name TO title',
        'SELECT title, extra FROM migrated ORDER BY id',
        'ALTER TABLE migrated DROP COLUMN extra',
        'TRUNCATE migrated RESTART IDENTITY',
        "INSERT INTO migrated (title) VALUES ('c') RETURNING id",
        'DROP TABLE migrated',
      ])
        answers.push([sql, await failure(c.query(sql).then(({ rows, command, rowCount }) => ({ rows, command, rowCount })))]);
      return answers;
    }),
    on('the plan changes under a prepared statement', async (c) => {
      await c.query('CREATE TABLE moving (a int)');
      const read = (): Promise<unknown> =>
        failure(
          c
            .query({ name: 'moving', text: 'SELECT * FROM moving' })
            .then(({ rows, fields }) => [rows, fields.map(({ name }) => name)]),
        );
      const answers = [await read()];
      await c.query('ALTER TABLE moving ADD COLUMN b text');
      answers.push(await read());
      await c.query('DROP TABLE moving');
      answers.push(await read());
      return answers;
    }),
    on('explain', async (c) => [
      (await c.query('EXPLAIN (COSTS OFF) SELECT * FROM items WHERE id = 3')).rows,
      (await c.query('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT count(*) FROM lines')).rows,
      (await c.query('EXPLAIN (FORMAT JSON, COSTS OFF) SELECT name FROM items WHERE name = $1', ['item 1'])).rows,
    ]),
    on('queries as ORMs write them', async (c) => [
      seen(
        await c.query(
          'SELECT "items"."id" AS "items_id", "items"."name" AS "items_name", "l"."note" AS "l_note" FROM "public"."items" "items" LEFT OUTER JOIN "lines" "l" ON "l"."item" = "items"."id" AND ("l"."position" > $1) WHERE ("items"."name" ILIKE $2 OR "items"."id" IN ($3, $4)) ORDER BY "items"."id" ASC, "l"."position" DESC LIMIT $5 OFFSET $6',
          [1, 'ITEM 1%', 2, 3, 5, 1],
        ),
      ),
      seen(await c.query('SELECT 1 AS "one" FROM "items" WHERE "items"."name" = $1 LIMIT $2', ['item 9', 1])),
      seen(await c.query('SELECT COUNT(*) FROM (SELECT DISTINCT "tags" FROM "items") AS "sub"')),
      seen(
        await c.query(
          "SELECT data->>'n' AS n, data #> '{list,2}' AS l, data @> '{\"n\": 3}' AS three FROM items WHERE data ? 'n' AND data @> $1 ORDER BY id",
          ['{"n": 3}'],
        ),
      ),
      seen(
        await c.query(
          'WITH RECURSIVE t (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT n, rank() OVER (ORDER BY n DESC) FROM t',
        ),
      ),
      seen(
        await c.query(
          "SELECT date_trunc('month', made) AS m, count(*) FILTER (WHERE active) AS n, array_agg(id ORDER BY id) AS ids FROM items GROUP BY ROLLUP (1) HAVING count(*) > $1 ORDER BY 1",
          [0],
        ),
      ),
      seen(
        await c.query(
          "SELECT json_build_object('id', i.id, 'lines', json_agg(l ORDER BY l.position)) AS doc FROM items AS i JOIN lines AS l ON l.item = i.id WHERE i.id < 3 GROUP BY i.id",
        ),
      ),
      seen(
        await c.query('SELECT * FROM unnest($1::int[], $2::text[]) AS t (a, b)', [
          [1, 2],
          ['x', 'y'],
        ]),
      ),
      seen(await c.query('SELECT id FROM items WHERE id = ANY ($1) FOR UPDATE SKIP LOCKED', [[1, 2]])),
      seen(await c.query('TABLE busy LIMIT 1')),
      seen(await c.query('VALUES (1, $1), (2, NULL)', ['v'])),
    ]),
    on('introspection as tools do it', async (c) => [
      seen(
        await c.query(
          "SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2",
        ),
      ),
      seen(
        await c.query(
          'SELECT column_name, data_type, is_nullable, column_default, character_maximum_length, numeric_precision, udt_name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position',
          ['items'],
        ),
      ),
      seen(
        await c.query(
          "SELECT con.conname, con.contype, pg_get_constraintdef(con.oid) AS def FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid WHERE c.relname = 'lines' ORDER BY 1",
        ),
      ),
      seen(
        await c.query(
          "SELECT i.relname, ix.indisunique, ix.indisprimary, pg_get_indexdef(ix.indexrelid) AS def FROM pg_index ix JOIN pg_class i ON i.oid = ix.indexrelid WHERE ix.indrelid = 'items'::regclass ORDER BY 1",
        ),
      ),
      seen(
        await c.query(
          "SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type, pg_get_expr(d.adbin, d.adrelid) AS dflt, col_description(a.attrelid, a.attnum) AS comment FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = 'items'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        ),
      ),
      seen(
        await c.query(
          'SELECT t.typname, e.enumlabel FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid ORDER BY 1, e.enumsortorder',
        ),
      ),
      seen(
        await c.query(
          "SELECT p.proname, pg_get_function_arguments(p.oid) AS args, p.prokind, l.lanname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang WHERE n.nspname = 'public' AND l.lanname <> 'c' ORDER BY 1",
        ),
      ),
      seen(await c.query("SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'")),
      seen(await c.query("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)' ORDER BY 1")),
      seen(await c.query('SELECT extname, extversion FROM pg_extension ORDER BY 1')),
      seen(await c.query('SELECT sequencename, data_type::text, last_value FROM pg_sequences ORDER BY 1')),
      seen(
        await c.query(
          "SELECT relname, relkind, reltuples >= -1 AS counted, pg_total_relation_size(oid) > 0 AS big FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'i') ORDER BY 1",
        ),
      ),
      seen(
        await c.query(
          "SELECT to_regclass('items')::text, to_regclass('nothing'), has_table_privilege('items', 'SELECT') AS may, obj_description('items'::regclass) AS d",
        ),
      ),
    ]),
    on('advisory locks', async (c) => [
      (await c.query('SELECT pg_try_advisory_lock(42) AS got')).rows,
      await connected((other) => other.query('SELECT pg_try_advisory_lock(42) AS got').then(({ rows }) => rows)),
      (await c.query('SELECT pg_advisory_unlock(42) AS gone, pg_advisory_unlock(43) AS never')).rows,
    ]),
    on('large objects', async (c) => {
      const answers = [];
      await c.query('BEGIN');
      answers.push(await failure(c.query("SELECT lo_from_bytea(4242, '\\x0102ff')").then(({ rows }) => rows)));
      answers.push(await failure(c.query('SELECT lo_get(4242)').then(({ rows }) => rows)));
      answers.push(await failure(c.query('SELECT lo_unlink(4242)').then(({ rows }) => rows)));
      await c.query('ROLLBACK');
      return answers;
    }),
    on('serialisation failure and deadlock codes', async (c) => {
      await c.query('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT sum(quantity) FROM items');
      await connected(async (other) => other.query('UPDATE items SET quantity = quantity WHERE id = 10'));
      const lost = await failure(c.query('UPDATE items SET quantity = 1 WHERE id = 10'));
      await c.query('ROLLBACK');
      return lost;
    }),
    {
      name: 'node-postgres: pool',
      run: async () => {
        const pool = new pg.Pool({ ...address, max: 3, idleTimeoutMillis: 50, maxUses: 20 });
        const numbers = await Promise.all(
          Array.from({ length: 40 }, (_, n) => pool.query('SELECT $1::int AS n', [n]).then(({ rows }) => rows[0].n)),
        );
        const client = await pool.connect();
        await client.query("BEGIN; SET LOCAL work_mem = '8MB'");
        await client.query('ROLLBACK');
        client.release();
        const count = pool.totalCount;
        await pause(150);
        const after = (await pool.query("SELECT current_setting('work_mem') AS w, now() > '2024-01-01' AS late")).rows;
        await pool.end();
        return [numbers, count <= 3, after];
      },
    },
    {
      name: 'node-postgres: sslmode prefer',
      run: async () => {
        const client = new pg.Client(`postgres://${user}@127.0.0.1:${port}/${database}?sslmode=disable`);
        await client.connect();
        const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
        await client.end();
        return rows;
      },
    },
    {
      name: 'node-postgres: sslmode require',
      run: () => failure(connected((c) => c.query('SELECT 1'), { ssl: { rejectUnauthorized: false } })),
    },
    {
      name: 'node-postgres: unknown database',
      run: () => failure(connected((c) => c.query('SELECT 1'), { database: 'nowhere' })),
    },
  ];
}
