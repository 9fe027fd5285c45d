/** Evidence on its way through a session: what waits for what, what is held and cut, what the client never sees, what is said when something breaks. */
import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RowEvidence, SealedImages } from '../../core/audit/evidence.ts';
import type { AuditEntry, Outcome, WithoutHeader } from '../../core/audit/record.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { JournalError } from '../../sidecar/journal/journal.ts';
import { startProxy, type TestProxy } from '../session/proxy.ts';
import { catalogOf } from '../support/catalog.ts';
import * as f from '../support/frontend.ts';
import { MAJORS } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { must, rows } from '../support/shop.ts';
import { engineFor } from '../support/sql-core.ts';
import { until } from '../support/until.ts';
import { WireClient } from '../support/wire-client.ts';

const CANARY = 'canary-5d1e';
const digestKey = randomBytes(32);

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let admin: WireClient;
  let proxy: TestProxy;
  let client: WireClient;
  let sealed: SealedImages[] = [];

  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    admin = await WireClient.connect({ port: server.port, password: server.password });
    await must(
      admin,
      `CREATE TABLE t (id int PRIMARY KEY, v text, f float8);
       CREATE TABLE own (id int PRIMARY KEY, tenant int, note text, hidden text);
       INSERT INTO own VALUES (1, 1, 'mine', '${CANARY}-1'), (2, 2, '${CANARY}-2', '${CANARY}-3'), (3, 1, 'third', '${CANARY}-4')`,
    );
    const engine = engineFor(await catalogOf(server.url()), await createWasmParser(), {
      tables: {
        'public.t': { write: true },
        'public.own': { masks: { hidden: 'null' }, filter: '{tenant} = 1', leakproof: true, write: true },
      },
      overrides: { audit: { durability: 'Local', rows: 'Writes' }, guardrails: { requireWhere: false, maxAffectedRows: 1_000 } },
    });
    const own = engine.bundle.relations.find((relation) => relation.name === 'own');
    for (const rule of [own!.insert!, own!.update!, own!.delete!]) Object.assign(rule, { filter: own!.select!.filter });
    const seal = (images: SealedImages) => {
      sealed.push(images);
      return { images: `sealed-${sealed.length}`, sealedBy: 'key' };
    };
    proxy = await startProxy(server, engine, { evidence: () => ({ digestKey, sealer: { seal } }) });
  });
  afterAll(async () => {
    await admin.close();
    await proxy.stop();
    await server.stop();
  });
  beforeEach(async () => {
    await must(admin, 'TRUNCATE t');
    sealed = [];
    proxy.journal.entries = [];
    client = await WireClient.connect({ port: proxy.port });
    return () => client.close();
  });

  const outcomes = (): readonly WithoutHeader<Outcome>[] => proxy.journal.of('outcome');
  const evidence = (): readonly (RowEvidence | undefined)[] => outcomes().map((outcome) => outcome.evidence);
  const types = (exchange: { messages: readonly { type: string }[] }) => exchange.messages.map(({ type }) => type).join('');

  describe('the journal', () => {
    /** Outcomes of writes wait here until they are let go. */
    function hold(settle: (entries: readonly AuditEntry[]) => Promise<void> | void): () => void {
      const { journal } = proxy;
      const append = journal.append.bind(journal);
      journal.append = (entries) => {
        if (!entries.some((entry) => entry.type === 'outcome' && entry.evidence !== undefined)) return append(entries);
        const wait = settle(entries);
        return wait === undefined ? append(entries) : wait.then(() => void append(entries));
      };
      return () => {
        journal.append = append;
      };
    }

    it.each([
      ['Query', () => [f.query("INSERT INTO t VALUES (1, 'a')")]],
      ['Query with RETURNING', () => [f.query("INSERT INTO t VALUES (1, 'a') RETURNING *")]],
      ['Execute', () => [f.parse('', "INSERT INTO t VALUES (1, 'a')"), f.bind(), f.execute(''), f.sync]],
    ])('has the evidence before the client has the success (%s)', async (_name, messages) => {
      let release: (() => void) | null = null;
      const restore = hold(() => new Promise<void>((resolve) => (release = resolve)));
      try {
        client.send(...messages());
        await until(() => release !== null);
        const early = await client.pending(150);
        expect(early.map(({ type }) => type)).not.toContain('C');
        expect(outcomes()).toEqual([]);
        (release as unknown as () => void)();
        expect(types(await client.exchange([]))).toBe('CZ');
        expect(evidence()[0]?.capture).toBe('exact');
      } finally {
        restore();
      }
    });

    it.each([
      [
        'at once',
        () => {
          throw new JournalError('disk full');
        },
      ],
      ['later', () => Promise.reject(new JournalError('disk full'))],
    ])('that fails %s ends the session, and with it what was not committed', async (_name, fail) => {
      const restore = hold(fail);
      try {
        await client.query('BEGIN');
        const { messages, error, results } = await client.query("INSERT INTO t VALUES (1, 'a')");
        expect([error?.['S'], error?.['C'], error?.['M']?.includes('SLUICE-701') || error?.['M'] !== undefined]).toEqual([
          'FATAL',
          error?.['C'],
          true,
        ]);
        expect(messages.some(({ type }) => type === 'C')).toBe(false);
        expect(results.every(({ tag }) => tag === null)).toBe(true);
        await until(
          async () =>
            (await rows(admin, "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"))[0]?.[0] === '0',
        );
        expect(await rows(admin, 'SELECT * FROM t')).toEqual([]);
        expect(outcomes().some((outcome) => outcome.evidence !== undefined && outcome.result === 'ok')).toBe(false);
      } finally {
        restore();
      }
    });
  });

  it('beyond a hundred rows there are counts, the first images and keys, and a digest of all', async () => {
    await client.query("INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 250) g");
    const [recorded] = evidence();
    expect(recorded).toMatchObject({ capture: 'partial', reasons: ['over-limit'] });
    const [change] = recorded!.changes;
    expect([change?.rows, change?.keys?.length, sealed[0]?.changes[0]?.rows.length]).toEqual([250, 100, 100]);
    const all = createHmac('sha256', digestKey).update('images\0');
    for (let id = 1; id <= 250; id++) all.update(`${JSON.stringify({ after: { id: String(id), v: `v${id}`, f: null } })}\n`);
    expect(change?.digest).toBe(all.digest('hex'));
  });

  it('a row of any size streams past, and its bytes stand in the digest', async () => {
    const size = 5_000_000;
    const { results } = await client.query(`INSERT INTO t VALUES (1, repeat('"', ${size})) RETURNING id, v, length(v) AS n`);
    expect(results[0]?.fields?.map(({ name }) => name)).toEqual(['id', 'v', 'n']);
    expect(results[0]?.rows[0]?.map((value) => value?.length)).toEqual([1, size, 7]);
    const quiet = await client.query(`UPDATE t SET v = repeat('x', ${size})`);
    expect(types(quiet)).toBe('CZ');
    const bytes = createHmac('sha256', digestKey)
      .update('row-bytes\0')
      .update(`(0,"1 ISO, MDY",1,"${'""'.repeat(size)}",)`);
    const line = `${JSON.stringify({ bytes: 2 * size + 22, digest: bytes.digest('hex') })}\n`;
    const digest = createHmac('sha256', digestKey).update('images\0').update(line).digest('hex');
    expect(evidence()[0]?.changes).toMatchObject([{ action: 'Insert', rows: 1, digest }]);
    expect(evidence()[0]?.changes[0]?.keys?.length).toBe(1);
    expect(evidence().map((one) => one?.reasons)).toEqual([['over-limit'], ['over-limit']]);
    expect(evidence()[1]?.changes[0]).toMatchObject({ action: 'Update', rows: 1 });
  });

  it('parameters of any size can be bound with a format for each column', async () => {
    const formats = (list: readonly number[], value: string): Buffer => {
      const whole = f.bind({ statement: 's', parameters: [value] });
      const codes = Buffer.alloc(2 + 2 * list.length);
      codes.writeUInt16BE(list.length);
      for (const [index, code] of list.entries()) codes.writeUInt16BE(code, 2 + 2 * index);
      return f.message('B', whole.subarray(5, whole.length - 4), codes);
    };
    await client.exchange([
      f.parse('s', 'INSERT INTO t SELECT coalesce(max(id), 0) + 1, $1 FROM t RETURNING id, length(v)'),
      f.sync,
    ]);
    for (const size of [10, 30_000, 1_500_000, 10]) {
      const { error, results } = await client.exchange([formats([1, 0], 'x'.repeat(size)), f.execute(''), f.sync]);
      expect(error).toBeNull();
      expect(results[0]?.rows[0]?.[0]?.length).toBe(4);
      expect(results[0]?.rows[0]?.[1]?.toString()).toBe(String(size));
    }
    expect(evidence().map((one) => [one?.capture, one?.reasons.join()])).toEqual([
      ['exact', ''],
      ['exact', ''],
      ['none', 'over-limit'],
      ['exact', ''],
    ]);
    expect(evidence()[2]?.changes).toMatchObject([{ relation: 'public.t', action: 'Insert', rows: 1 }]);
  });

  it('a large Bind does not end what was bound before it', async () => {
    await client.query('BEGIN');
    await client.exchange([f.parse('s', 'INSERT INTO t SELECT g, $1 FROM generate_series(1, 4) g RETURNING id, 1'), f.sync]);
    const first = await client.exchange([f.bind({ portal: 'p', statement: 's', parameters: ['a'] }), f.execute('p', 2), f.sync]);
    expect(first.results[0]?.tag).toBe('PortalSuspended');
    const big = f.bind({ statement: 's', parameters: ['x'.repeat(1_200_000)] });
    await client.exchange([big, f.sync]);
    const rest = await client.exchange([f.execute('p'), f.sync]);
    expect(rest.error).toBeNull();
    expect(rest.results[0]?.rows.map((row) => row.map(String))).toEqual([
      ['3', '1'],
      ['4', '1'],
    ]);
    const portions = evidence().filter((one) => one?.reasons.includes('interrupted'));
    expect(portions.map((one) => one?.changes[0]?.rows)).toEqual([2, 2]);
    await client.query('COMMIT');
  });

  it.each([
    ["UPDATE own SET note = 'x' WHERE id = 1 RETURNING id, hidden AS h", 'id,h'],
    ["UPDATE own SET note = 'x' WHERE id = 1", ''],
  ])('what the protocol has prepared or bound and SQL runs is cut as well: %s', async (sql, names) => {
    const quiet = (exchange: Awaited<ReturnType<typeof client.query>>): void => {
      expect(exchange.error).toBeNull();
      for (const { body } of exchange.messages) expect(body.toString('latin1')).not.toContain(CANARY);
      for (const { fields, rows: found } of exchange.results) {
        if (fields !== null) expect(fields.map(({ name }) => name).join()).toBe(names);
        for (const row of found) expect(row.length).toBe(names.split(',').length);
      }
    };
    await client.exchange([f.parse('s', sql), f.sync]);
    quiet(await client.query('EXECUTE s'));
    quiet(await client.extended('EXECUTE s'));
    quiet(await client.extended('EXECUTE s', { resultFormat: 1 }));
    quiet(await client.exchange([f.parse('', 'EXECUTE s'), f.bind(), f.execute(''), f.sync]));
    const exact = evidence().filter((one) => one?.capture === 'exact');
    expect(exact.length).toBe(4);
    await client.query('BEGIN');
    await client.exchange([f.bind({ portal: 'p', statement: 's' }), f.sync]);
    const fetched = await client.query('FETCH ALL FROM p');
    if (fetched.error === null) quiet(fetched);
    await client.query('ROLLBACK');
  });

  it.each([
    ['Query', () => [f.query('EXECUTE s')], 2],
    ['Bind and Execute', () => [f.bind({ statement: 'e' }), f.execute(''), f.sync], 2],
    ['Parse to Execute', () => [f.parse('', 'EXECUTE s'), f.bind(), f.execute(''), f.sync], 2],
  ])('a name that is given to another statement in the same breath does not get around it (%s)', async (_name, run) => {
    const sql = "UPDATE own SET note = 'x' WHERE id = 1 RETURNING id";
    await client.exchange([f.parse('s', 'SELECT id FROM own'), f.sync]);
    await client.exchange([f.parse('e', 'EXECUTE s'), f.sync]);
    const answer = await client.exchange([f.close('S', 's'), f.parse('s', sql), f.sync, ...run()], 2);
    for (const { body } of answer.messages) expect(body.toString('latin1')).not.toContain(CANARY);
    for (const { rows: found } of answer.results) for (const row of found) expect(row.map(String)).toEqual(['1']);
    // And within one series.
    await client.exchange([f.close('S', 's'), f.sync]);
    await client.exchange([f.parse('s', 'SELECT id FROM own'), f.sync]);
    const inside = await client.exchange([
      f.close('S', 's'),
      f.parse('s', sql),
      f.bind({ statement: 'e' }),
      f.execute(''),
      f.sync,
    ]);
    for (const { body } of inside.messages) expect(body.toString('latin1')).not.toContain(CANARY);
    for (const { rows: found } of inside.results) for (const row of found) expect(row.map(String)).toEqual(['1']);
  });

  it('our column’s name in what the client is shown ends the session: here the client itself has chosen it', async () => {
    for (const [count, bytes] of [
      [f.query('SELECT 1 AS "sluice:rows"')],
      [f.parse('', 'SELECT id, 2 AS "sluice:rows" FROM own'), f.describe('S'), f.sync],
      [f.query('UPDATE own SET note = \'x\' WHERE id = 1 RETURNING id, 3 AS "sluice:rows"')],
    ].entries()) {
      const { messages } = await client.exchange(bytes);
      expect(messages.at(-1)?.body.toString('latin1')).toContain('SLUICE-704');
      expect(messages.map(({ type }) => type)).not.toContain('D');
      expect(await client.next()).toBeNull();
      expect(proxy.journal.of('event').filter((event) => event.event === 'tripwire')).toHaveLength(count + 1);
      client = await WireClient.connect({ port: proxy.port });
    }
    const near = await client.query('SELECT 1 AS "my sluice:rows", 2 AS "sluice:rows "');
    expect(near.error).toBeNull();
  });

  it('and when it was prepared anew in between', async () => {
    await client.exchange([f.parse('s', 'INSERT INTO t SELECT coalesce(max(id), 0) + 1, $1 FROM t RETURNING id'), f.sync]);
    await client.exchange([f.parse('e', "EXECUTE s('x')"), f.sync]);
    const ids: string[] = [];
    const run = async (messages: readonly Buffer[]): Promise<void> => {
      const { error, results } = await client.exchange(messages);
      expect(error).toBeNull();
      for (const { rows: found } of results) for (const row of found) ids.push(row.map(String).join());
    };
    const large = f.bind({ statement: 's', parameters: ['x'.repeat(1_300_000)] });
    const small = f.bind({ statement: 's', parameters: ['x'] });
    await run([f.query("EXECUTE s('x')")]);
    await run([large, f.execute(''), f.sync]);
    await run([f.query("EXECUTE s('x')")]);
    await run([large, f.execute(''), f.bind({ statement: 'e' }), f.execute(''), f.sync]);
    await run([small, f.execute(''), f.bind({ statement: 'e' }), f.execute(''), f.sync]);
    await run([large, f.execute(''), f.sync]);
    expect(ids).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
    // Bound before what it runs was prepared anew: that may fail, as far as the server does not take it; our column stays ours.
    const { results } = await client.exchange([
      f.bind({ portal: 'q', statement: 'e' }),
      small,
      f.execute(''),
      f.execute('q'),
      f.sync,
    ]);
    for (const { rows: found } of results)
      for (const row of found) expect([row.length, /^\d+$/.test(String(row[0]))]).toEqual([1, true]);
  });

  it('a pipeline of writes, with and without rows', async () => {
    const one = (id: number, returning: string) => [
      f.parse('', `INSERT INTO t VALUES (${id}, 'p')${returning}`),
      f.bind(),
      f.describe('P'),
      f.execute(''),
    ];
    const answer = await client.exchange([...one(1, ''), ...one(2, ' RETURNING *'), ...one(3, ''), f.sync]);
    expect(types(answer)).toBe('12nC12TDC12nCZ');
    expect(evidence().map((each) => each?.capture)).toEqual(['exact', 'exact', 'exact']);
  });

  it('too many rows: the statement is undone, and the evidence says so', async () => {
    const { error } = await client.query("INSERT INTO t SELECT g, 'x' FROM generate_series(1, 1001) g");
    expect(error?.['M']).toContain('1000 rows');
    await until(() => outcomes().length === 1);
    expect(outcomes()[0]).toMatchObject({ result: 'error', evidence: { capture: 'exact', reasons: [], changes: [] } });
  });

  it('settings that leave something out of texts are noticed', async () => {
    await client.query('INSERT INTO t VALUES (1, NULL, 0.1::float8 + 0.2)');
    await client.query('SET extra_float_digits = 0');
    await client.query('UPDATE t SET f = f + 1');
    await client.query("SET extra_float_digits = 1; SET DateStyle = 'German'");
    await client.query('UPDATE t SET f = f + 1');
    expect(evidence().flatMap((one) => (one === undefined ? [] : [one.reasons.join()]))).toEqual([
      '',
      'lossy-text',
      'lossy-text',
    ]);
  });

  it('rows that others change meanwhile: the image before is the true one, or none', async () => {
    await must(admin, "INSERT INTO t VALUES (1, 'old'), (2, 'old')");
    const other = await WireClient.connect({ port: server.port, password: server.password });
    await other.query("BEGIN; UPDATE t SET v = 'theirs' WHERE id = 1");
    const waiting = client.query("UPDATE t SET v = v || '+'");
    await until(
      async () => (await rows(admin, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))[0]?.[0] === '1',
    );
    await other.query('COMMIT');
    expect((await waiting).error).toBeNull();
    const images = new Map(sealed[0]!.changes[0]!.rows.map((row) => [row.after?.['v'], row]));
    const theirs = images.get('theirs+');
    expect(images.get('old+')?.before?.['v']).toBe('old');
    if (major === 18) {
      expect(evidence()[0]).toMatchObject({ capture: 'exact' });
      expect(theirs?.before?.['v']).toBe('theirs');
    } else {
      expect(evidence()[0]).toMatchObject({ capture: 'partial', reasons: ['concurrent-change'] });
      expect(theirs?.before).toBeUndefined();
    }
    // A lock that lets the update pass leaves the server's mark on the row, too.
    await other.query('BEGIN; SELECT FROM t WHERE id = 2 FOR KEY SHARE');
    await client.query("UPDATE t SET v = 'locked' WHERE id = 2");
    await other.query('COMMIT');
    const { before } = sealed[1]!.changes[0]!.rows[0]!;
    if (major === 18) expect(before?.['v']).toBe('old+');
    else expect([before, evidence()[1]?.reasons]).toEqual([undefined, ['concurrent-change']]);
    // INSERT … ON CONFLICT of a row that the snapshot does not see.
    await other.query("BEGIN; INSERT INTO t VALUES (9, 'unseen')");
    const upsert = client.query("INSERT INTO t VALUES (9, 'mine') ON CONFLICT (id) DO UPDATE SET v = t.v || excluded.v");
    await until(
      async () => (await rows(admin, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))[0]?.[0] === '1',
    );
    await other.query('COMMIT');
    await upsert;
    expect(sealed[2]!.changes[0]).toMatchObject({ action: 'Update' });
    expect(sealed[2]!.changes[0]!.rows[0]!.before?.['v']).toBe(major === 18 ? 'unseen' : undefined);
    await other.close();
  });

  it('a server that ends the session in the middle: nobody knows either', async () => {
    await must(admin, "INSERT INTO t VALUES (1, 'old')");
    const other = await WireClient.connect({ port: server.port, password: server.password });
    await other.query('BEGIN; SELECT FROM t FOR UPDATE');
    client.send(f.query("UPDATE t SET v = 'new'"));
    await until(
      async () => (await rows(admin, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))[0]?.[0] === '1',
    );
    await must(admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    await until(() => outcomes().length === 1);
    expect(outcomes()[0]).toMatchObject({
      result: 'error',
      sqlstate: '57P01',
      evidence: { capture: 'partial', reasons: ['interrupted'] },
    });
    await other.close();
  });

  it('COPY FROM is counted', async () => {
    const { error } = await client.copyIn('COPY t (id, v) FROM STDIN', [Buffer.from('1\ta\n2\tb\n')]);
    expect(error).toBeNull();
    expect(evidence()[0]).toMatchObject({
      capture: 'none',
      reasons: ['form'],
      changes: [{ relation: 'public.t', action: 'Insert', rows: 2 }],
    });
  });

  it('a client that leaves in the middle: nobody knows', async () => {
    await must(admin, "INSERT INTO t VALUES (1, 'old')");
    const other = await WireClient.connect({ port: server.port, password: server.password });
    await other.query('BEGIN; SELECT FROM t FOR UPDATE');
    client.send(f.query("UPDATE t SET v = 'new'"));
    await until(
      async () => (await rows(admin, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))[0]?.[0] === '1',
    );
    client.destroy();
    await until(() => outcomes().length === 1);
    expect(outcomes()[0]).toMatchObject({ result: 'unknown', evidence: { capture: 'partial', reasons: ['interrupted'] } });
    await other.close();
  });

  it.each(['simple', 'extended'] as const)('images are in clear for the sealer alone (%s)', async (protocol) => {
    const statements = [
      "UPDATE own SET note = 'n' WHERE id = 1",
      "UPDATE own SET note = 'n' WHERE id = 1 RETURNING *",
      "UPDATE own SET note = note || '.' RETURNING id, note, hidden AS h, id + 1",
      "INSERT INTO own (id, tenant, note, hidden) VALUES (10, 1, 'x', 'y') ON CONFLICT (id) DO UPDATE SET note = excluded.note RETURNING *",
      "INSERT INTO own (id, tenant, note) VALUES (2, 1, 'x') ON CONFLICT (id) DO UPDATE SET note = excluded.note",
      "INSERT INTO own (id, tenant, note) VALUES (1, 1, 'duplicate')",
      'UPDATE own SET tenant = 2 WHERE id = 1',
      'UPDATE own SET note = (1 / (id - 3))::text',
      "UPDATE own SET note = 'z' WHERE hidden LIKE 'canary%'",
      'DELETE FROM own WHERE id = 2 RETURNING hidden',
      'DELETE FROM own WHERE id = 10 RETURNING hidden, note',
      major === 18 ? "UPDATE own SET note = 'v' WHERE id = 3 RETURNING old.hidden, new.hidden, old.note" : 'SELECT 1',
    ];
    for (const sql of statements) {
      const answer = protocol === 'simple' ? await client.query(sql) : await client.extended(sql);
      for (const { body } of answer.messages) expect(body.toString('latin1'), sql).not.toContain(CANARY);
    }
    expect(JSON.stringify(sealed)).toContain(`${CANARY}-1`);
    expect(JSON.stringify(proxy.journal.entries)).not.toContain(CANARY);
    expect(JSON.stringify(proxy.logs)).not.toContain(CANARY);
    // Rows outside of the filter are not written, and so not seen by anybody.
    expect(JSON.stringify(sealed)).not.toContain(`${CANARY}-3`);
  });
});
