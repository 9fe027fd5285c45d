/** postgres.js: tagged templates, implicit pipelining, its own COPY and cursors. */
import postgres from 'postgres';
import { errorFields, failure, pause, type Pattern } from './harness.ts';

type Work = (sql: postgres.Sql, notices: unknown[]) => Promise<unknown>;
type Result = readonly Record<string, unknown>[] & {
  readonly command?: string;
  readonly count?: number;
  readonly columns?: readonly { name: string; type: number; table: number; number: number }[];
};

export function postgresPatterns(port: number, user: string, database: string): readonly Pattern[] {
  const on = (name: string, work: Work, options: postgres.Options<Record<string, postgres.PostgresType>> = {}): Pattern => ({
    name: `postgres.js: ${name}`,
    run: async () => {
      const notices: unknown[] = [];
      const sql = postgres({
        host: '127.0.0.1',
        port,
        user,
        database,
        max: 1,
        onnotice: (notice) => notices.push(notice),
        ...options,
      }) as unknown as postgres.Sql;
      try {
        return await work(sql, notices);
      } finally {
        await sql.end({ timeout: 2 });
      }
    },
  });
  const seen = (result: unknown): unknown => {
    const { command, count, columns } = result as Result;
    return {
      rows: [...(result as Result)],
      command,
      count,
      columns: columns?.map(({ name, type, table, number }) => ({ name, type, table, number })),
    };
  };

  return [
    on('reads with parameters', async (sql) => seen(await sql`SELECT * FROM items WHERE id = ANY(${[2, 4]}) ORDER BY id`)),
    on('all types', async (sql) => seen(await sql`SELECT * FROM kinds ORDER BY id`)),
    on('described once, run again', async (sql) => {
      const answers = [];
      for (const id of [1, 2, 60]) answers.push([...(await sql`SELECT name FROM items WHERE id = ${id}`)]);
      return answers;
    }),
    on('unprepared', async (sql) => seen(await sql.unsafe('SELECT id, name FROM items WHERE id < $1 ORDER BY id', [4])), {
      prepare: false,
    }),
    on('simple', async (sql) => (await sql`SELECT 1 AS a; SELECT 2 AS b, 'x' AS c`.simple()) as unknown),
    on('raw and values', async (sql) => [
      await sql`SELECT id, name FROM items WHERE id < 3 ORDER BY id`.values(),
      (await sql`SELECT id, price FROM items WHERE id = 1`.raw()).map((row) => (row as unknown as Buffer[]).map(String)),
    ]),
    on('describe', async (sql) => {
      const { types, columns } =
        (await sql`SELECT id, made FROM items WHERE id = ${1} AND name = ${'x'}`.describe()) as unknown as {
          types: unknown;
          columns: readonly { name: string; type: number }[];
        };
      return [types, columns.map(({ name, type }) => [name, type])];
    }),
    on('helpers', async (sql) => {
      const answers: unknown[] = [];
      await sql
        .begin(async (t) => {
          answers.push(
            seen(
              await t`INSERT INTO items ${t(
                [
                  { id: 701, name: 'x', price: '1.50' },
                  { id: 702, name: 'y', price: '2' },
                ] as never,
                'id' as never,
                'name' as never,
                'price' as never,
              )} RETURNING id, price`,
            ),
          );
          answers.push(
            seen(
              await t`UPDATE items SET ${t({ name: 'z', quantity: 3 } as never, 'name' as never, 'quantity' as never)} WHERE id = ${701} RETURNING name, quantity`,
            ),
          );
          answers.push(
            seen(await t`SELECT ${t('name')}, ${t(['id', 'price'])} FROM ${t('items')} WHERE id IN ${t([701, 702])} ORDER BY id`),
          );
          throw new Error('undo');
        })
        .catch((error: Error) => answers.push(error.message));
      return answers;
    }),
    on('transactions and savepoints', async (sql) => {
      const answers: unknown[] = [];
      await sql.begin('isolation level serializable read only', async (t) => {
        answers.push([...(await t`SHOW transaction_isolation`)], [...(await t`SELECT count(*) FROM items`)]);
        answers.push(await failure(t.savepoint((s) => s`UPDATE items SET quantity = 1`)));
        answers.push([...(await t`SELECT 1 AS still`)]);
      });
      answers.push(await failure(sql.begin((t) => [t`SELECT 1`, t`SELECT 1/0`, t`SELECT 2`] as never)));
      answers.push([...(await sql`SELECT 3 AS after`)]);
      return answers;
    }),
    on('pipelined', async (sql) =>
      Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          n % 9 === 4 ? failure(sql`SELECT 1 / ${0}::int`) : sql`SELECT ${n}::int AS n`.then((rows) => rows[0]),
        ),
      ),
    ),
    on('cursor', async (sql) => {
      const sizes: unknown[] = [];
      await sql`SELECT id, name FROM items ORDER BY id`.cursor(15, (rows) => void sizes.push(rows.map((row) => row['id'])));
      for await (const rows of sql`SELECT id FROM items ORDER BY id`.cursor(20)) {
        sizes.push(rows.length);
        if (sizes.length > 5) break;
      }
      sizes.push(
        await failure(
          (async () => {
            for await (const rows of sql`SELECT 1 / (id - 30) AS q FROM items ORDER BY id`.cursor(10)) sizes.push(rows.length);
          })(),
        ),
      );
      return sizes;
    }),
    on('for each', async (sql) => {
      const ids: unknown[] = [];
      const { count, command } = (await sql`SELECT id FROM items WHERE id < 6`.forEach(
        (row) => void ids.push(row['id']),
      )) as unknown as { count: number; command: string };
      return [ids, count, command];
    }),
    on('copy out', async (sql) => {
      const chunks: string[] = [];
      for await (const chunk of await sql`COPY items (id, name, price, tags, raw) TO STDOUT (FORMAT csv, HEADER)`.readable())
        chunks.push(String(chunk));
      const all = chunks.join('');
      for await (const chunk of await sql`COPY (SELECT id, ratio FROM items WHERE id < 4) TO STDOUT`.readable())
        chunks.push(String(chunk));
      return [all, chunks.at(-1), await failure(sql`COPY no_table TO STDOUT`.readable())];
    }),
    on('copy in', async (sql) => {
      const answers: unknown[] = [];
      const reserved = await sql.reserve();
      await reserved`BEGIN`;
      const write = async (text: string): Promise<unknown> => {
        const stream = await reserved`COPY items (id, name, price) FROM STDIN`.writable();
        return new Promise((resolve) => {
          stream.once('error', (error) => resolve(errorFields(error)));
          stream.once('finish', () => resolve('finished'));
          stream.end(text);
        });
      };
      answers.push(await write('801\tcopied\t3\n802\tcopied too\t4\n'));
      answers.push([...(await reserved`SELECT id, name, price FROM items WHERE id > 800 AND id < 900 ORDER BY id`)]);
      await reserved`ROLLBACK`;
      reserved.release();
      return answers;
    }),
    on(
      'listen and notify',
      async (sql) => {
        const heard: unknown[] = [];
        const { unlisten } = await sql.listen('news', (payload) => heard.push(payload));
        await sql.notify('news', 'one');
        await sql`SELECT pg_notify('news', ${'two'})`;
        for (let wait = 0; wait < 100 && heard.length < 2; wait++) await pause(20);
        await unlisten();
        return heard;
      },
      { max: 2 },
    ),
    on(
      'cancel',
      async (sql) => {
        const query = sql`SELECT pg_sleep(20)`;
        const running = failure(query);
        await pause(300);
        query.cancel();
        return [await running, [...(await sql`SELECT 1 AS alive`)]];
      },
      { max: 2 },
    ),
    on('errors', async (sql) => {
      const answers = [];
      for (const text of [
        'SELEC',
        'SELECT * FROM nowhere',
        'SELECT x FROM items',
        "INSERT INTO items (name) VALUES ('item 2')",
        'SELECT 1/0',
        "SELECT say('error')",
        "SELECT 'x'::mood",
      ])
        answers.push(await failure(sql.unsafe(text)));
      return answers;
    }),
    on('notices', async (sql, notices) => {
      await sql`SELECT say('notice')`;
      await sql`DROP TABLE IF EXISTS nothing_here`;
      return notices;
    }),
    on('type fetching for arrays', async (sql) =>
      seen(
        await sql`SELECT ARRAY['calm', 'busy']::mood[] AS moods, ARRAY[ROW(1, 2, 'z')::point3] AS points, ARRAY[1, 2]::percent[] AS shares, '{{1,2},{3,4}}'::int[][] AS grid`,
      ),
    ),
    on(
      'custom types',
      async (sql) =>
        seen(
          await sql`SELECT ${sql.json({ a: [1, null] })}::jsonb AS j, ${sql.array(['a', 'b,c'])} AS a, ${sql.typed(42, 20)} AS big, ${new Date(0)}::timestamptz AS d, ${Buffer.from('xyz')}::bytea AS b, ${null}::int AS n, ${true}::bool AS t`,
        ),
      { types: { bigint: postgres.BigInt } },
    ),
    on('transforms', async (sql) => [...(await sql`SELECT 1 AS snake_case, NULL::int AS no_value`)], {
      transform: { ...postgres.camel, undefined: null },
    }),
    on(
      'connection parameters',
      async (sql) => [
        ...(await sql`SELECT current_setting('application_name') AS a, current_setting('statement_timeout') AS t, current_setting('search_path') AS s`),
      ],
      { connection: { application_name: 'js', statement_timeout: 12_000, search_path: 'public,pg_catalog' } },
    ),
    on('target session attributes', async (sql) => [...(await sql`SELECT 1 AS a`)], {
      target_session_attrs: 'read-write',
    } as never),
    on(
      'reserved connection',
      async (sql) => {
        const reserved = await sql.reserve();
        await reserved`CREATE TEMP TABLE kept (a int)`;
        await reserved`INSERT INTO kept VALUES (${5})`;
        const rows = [...(await reserved`SELECT * FROM kept`)];
        reserved.release();
        return rows;
      },
      { max: 3 },
    ),
    on(
      'a pool of five',
      async (sql) =>
        (await Promise.all(Array.from({ length: 50 }, (_, n) => sql`SELECT ${n}::int + count(*)::int AS n FROM items`))).map(
          ([row]) => row?.['n'],
        ),
      { max: 5 },
    ),
    on('many rows', async (sql) =>
      (await sql`SELECT n, md5(n::text) AS m FROM generate_series(1, 20000) AS n`).reduce(
        (sum, row) => sum + row['n'] + row['m'].length,
        0,
      ),
    ),
    on('sslmode require', async (sql) => failure(sql`SELECT 1`), { ssl: 'require' }),
    on('unknown database', async (sql) => failure(sql`SELECT 1`), { database: 'nowhere' }),
    on('files and fragments', async (sql) => {
      const active = (on: boolean) => (on ? sql`AND active` : sql``);
      return [
        [...(await sql`SELECT id FROM items WHERE id < 6 ${active(true)} ORDER BY ${sql`id DESC`}`)],
        [...(await sql`SELECT id FROM items WHERE id < 3 ${active(false)} ORDER BY id`)],
      ];
    }),
  ];
}
