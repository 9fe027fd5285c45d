/** What a session is told, waits for and is ended by; its settings. */
import { once } from 'node:events';
import pg from 'pg';
import { errorFields, failure, pause, type Pattern } from '../harness.ts';
import type { Tools } from './tools.ts';

export const sessions = ({ on, connected, address }: Tools): readonly Pattern[] => [
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
    other.connection.connect(address.port, '127.0.0.1');
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
];
