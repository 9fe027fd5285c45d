/** Real drivers through a session: what they do with the protocol is not what one would write in a test. */
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { fakeEngine } from './fake-engine.ts';
import { startProxy, type TestProxy } from './proxy.ts';
import { MAJORS } from '../support/majors.ts';

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let proxy: TestProxy;
  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    proxy = await startProxy(
      server,
      fakeEngine({ maxRows: 5_000, maxAffectedRows: 1_000, secret: "(select 'masked'::text as v) secret" }),
    );
    const client = new pg.Client(server.url());
    await client.connect();
    await client.query('create table item(id serial primary key, name text, at timestamptz default now())');
    await client.end();
  });
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });

  describe('pg', () => {
    const connected = async () => {
      const client = new pg.Client({ host: '127.0.0.1', port: proxy.port, user: 'agent', database: 'postgres' });
      client.on('error', () => {});
      await client.connect();
      return client;
    };

    it('queries, parameters, named statements, transactions', async () => {
      const client = await connected();
      await client.query('begin');
      const inserted = await client.query('insert into item(name) values ($1), ($2) returning id', ['a', 'b']);
      expect(inserted.rowCount).toBe(2);
      for (let i = 0; i < 3; i++) {
        const named = await client.query({
          name: 'by-id',
          text: 'select name from item where id = $1',
          values: [inserted.rows[0].id],
        });
        expect(named.rows).toEqual([{ name: 'a' }]);
      }
      await client.query('rollback');
      expect((await client.query('select count(*)::int as n from item')).rows).toEqual([{ n: 0 }]);
      await client.end();
    });

    it('masked values, described once and executed again', async () => {
      const client = await connected();
      for (let i = 0; i < 3; i++)
        expect((await client.query({ name: 'm', text: 'select v from secret' })).rows).toEqual([{ v: 'masked' }]);
      await client.end();
    });

    it('errors leave the connection usable, a denial too', async () => {
      const client = await connected();
      await expect(client.query('select nosuch')).rejects.toMatchObject({ code: '42703', position: '8' });
      await expect(client.query('/* deny */ select 1')).rejects.toMatchObject({ code: '42501' });
      await expect(client.query('/* deny */ select $1', [1])).rejects.toMatchObject({ code: '42501' });
      await expect(client.query('select generate_series(1, 9000)')).rejects.toMatchObject({ code: '53400' });
      await expect(client.query('insert into item(name) select $1 from generate_series(1, 2000)', ['x'])).rejects.toMatchObject({
        code: '53400',
      });
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
      await client.end();
    });

    it('many queries queued at once, some denied', async () => {
      const client = await connected();
      const answers = await Promise.allSettled(
        Array.from({ length: 60 }, (_, i) =>
          i % 7 === 3 ? client.query('/* deny */ select $1::int', [i]) : client.query('select $1::int as n', [i]),
        ),
      );
      expect(
        answers.map((answer, i) => (answer.status === 'fulfilled' ? answer.value.rows[0].n === i : i % 7 === 3)),
      ).not.toContain(false);
      await client.end();
    });

    it('notifications', async () => {
      const client = await connected();
      const heard = new Promise((resolve) => client.on('notification', (message) => resolve(message.payload)));
      await client.query('listen news');
      await client.query("notify news, 'hello'");
      expect(await heard).toBe('hello');
      await client.end();
    });
  });

  describe('postgres', () => {
    const connected = (max = 1) =>
      postgres({ host: '127.0.0.1', port: proxy.port, user: 'agent', database: 'postgres', max, onnotice: () => {} });

    it('pipelines, describes first, prepares by itself', async () => {
      const sql = connected();
      const rows = await Promise.all(Array.from({ length: 50 }, (_, i) => sql`select ${i}::int as n, ${'x'}::text as s`));
      expect(rows.map((row) => row[0]?.['n'])).toEqual(Array.from({ length: 50 }, (_, i) => i));
      for (let i = 0; i < 3; i++) expect([...(await sql`select v from secret`)]).toEqual([{ v: 'masked' }]);
      await sql.end();
    });

    it('transactions, savepoints, errors inside', async () => {
      const sql = connected();
      await sql.begin(async (tx) => {
        await tx`insert into item ${tx({ name: 'kept' })}`;
        await tx
          .savepoint(async (inner) => {
            await inner`insert into item ${inner({ name: 'lost' })}`;
            await inner.unsafe('/* deny */ select 1');
          })
          .catch((error: { code: string }) => expect(error.code).toBe('42501'));
      });
      expect([...(await sql`select name from item where name in ('kept', 'lost')`)]).toEqual([{ name: 'kept' }]);
      await sql`delete from item where name = 'kept'`;
      await sql.end();
    });

    it('cursors, COPY both ways', async () => {
      const sql = connected();
      let seen = 0;
      for await (const rows of sql`select generate_series(1, 1000) as n`.cursor(100)) seen += rows.length;
      expect(seen).toBe(1000);
      const writable = await sql`copy item(name) from stdin`.writable();
      await new Promise<void>((resolve, reject) => {
        writable.on('finish', resolve).on('error', reject);
        for (let i = 0; i < 500; i++) writable.write(`copied ${i}\n`);
        writable.end();
      });
      expect((await sql`select count(*)::int as n from item where name like 'copied%'`)[0]?.['n']).toBe(500);
      const readable = await sql`copy (select name from item where name like 'copied%') to stdout`.readable();
      let text = '';
      for await (const chunk of readable) text += String(chunk);
      expect(text.split('\n')).toHaveLength(501);
      await sql.end();
    });

    it('cancel', async () => {
      const sql = connected();
      const query = sql`select pg_sleep(60)`;
      const outcome = query.then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
      const watch = new pg.Client({ connectionString: server.url() });
      await watch.connect();
      const runs = "select 1 from pg_stat_activity where state = 'active' and query ~ '^select pg_sleep'";
      while ((await watch.query(runs)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await watch.end();
      query.cancel();
      expect(await outcome).toBe('57014');
      await sql.end();
    });

    it('a pool of connections at once', async () => {
      const sql = connected(8);
      const rows = await Promise.all(Array.from({ length: 200 }, (_, i) => sql`select ${i}::int as n, pg_sleep(0.001)::text`));
      expect(rows.map((row) => row[0]?.['n'])).toEqual(Array.from({ length: 200 }, (_, i) => i));
      await sql.end();
    });
  });
});
