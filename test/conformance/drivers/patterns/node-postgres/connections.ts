/** The pool, and what a connection may ask for that it does not get. */
import pg from 'pg';
import { failure, pause, type Pattern } from '../harness.ts';
import type { Tools } from './tools.ts';

export const connections = ({ address, connected }: Tools): readonly Pattern[] => [
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
      const client = new pg.Client(`postgres://${address.user}@127.0.0.1:${address.port}/${address.database}?sslmode=disable`);
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
