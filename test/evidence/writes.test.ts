/**
 * Evidence of writes against what the server's own log says: no capture that is labelled exact may differ from it, and the client must see the same
 * bytes as without evidence.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAJORS } from '../support/majors.ts';
import type { Exchange } from '../support/backend.ts';
import * as frontend from '../support/frontend.ts';
import type { WireClient } from '../support/wire-client.ts';
import { CASES, CASES_15, CASES_18, type Case, MOVING, SCHEMA, SCHEMA_18, write } from './corpus.ts';
import { captured, type Change, type Comparison, differences, Oracle } from './oracle.ts';
import { type EvidenceStand, type RecordedOutcome, startStand } from './support.ts';

type Protocol = 'simple' | 'text' | 'binary' | 'described' | 'each';
const PROTOCOLS: readonly Protocol[] = ['simple', 'text', 'binary', 'described', 'each'];
const COMPARISON: Comparison = { virtual: new Set(['public.virtually.v']), moving: MOVING };

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let stand: EvidenceStand;
  let oracle: Oracle;
  let recorded: WireClient;
  let plain: WireClient;
  const shares = new Map<string, number>();
  const reasons = new Map<string, number>();

  beforeAll(async () => {
    stand = await startStand({ major, schema: major === 18 ? SCHEMA_18 : SCHEMA, twin: true });
    oracle = await Oracle.create(stand.direct);
    recorded = await stand.connect();
    plain = await stand.connectPlain();
  });

  afterAll(async () => {
    await recorded.close();
    await plain.close();
    await stand.stop();
  });

  /** Runs it here and there: the same bytes must come back. Gives what was recorded, and what happened. */
  async function run(
    one: Case,
    protocol: Protocol,
  ): Promise<{ readonly outcomes: readonly RecordedOutcome[]; readonly truth: readonly Change[] }> {
    const [here, there] = [await send(recorded, one, protocol), await send(plain, one, protocol)];
    expect(bytesOf(here), one.sql).toEqual(bytesOf(there));
    const outcomes = await stand.outcomes();
    return { outcomes, truth: await oracle.changes() };
  }

  function check(sql: string, outcomes: readonly RecordedOutcome[], truth: readonly Change[]): void {
    const failed = outcomes.some(({ outcome }) => outcome.result !== 'ok');
    const isExact = outcomes.every(({ evidence }) => evidence === undefined || evidence.capture === 'exact');
    const claimed = failed ? [] : captured(outcomes).map((change) => ({ ...change, relation: oracle.root(change.relation) }));
    if (isExact) expect(differences(claimed, truth, COMPARISON), sql).toEqual([]);
    for (const { evidence, outcome } of outcomes) {
      if (evidence === undefined || outcome.result !== 'ok') continue;
      shares.set(evidence.capture, (shares.get(evidence.capture) ?? 0) + 1);
      for (const reason of evidence.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      expect(evidence.reasons.length === 0, sql).toBe(evidence.capture === 'exact');
    }
  }

  it('hand-made writes are captured as the log has them, and labelled as expected', async () => {
    let turn = 0;
    for (const one of [...CASES, ...(major === 18 ? CASES_18 : CASES_15)]) {
      const protocol = one.sql.includes('; ') ? 'simple' : PROTOCOLS[turn++ % PROTOCOLS.length]!;
      const { outcomes, truth } = await run(one, protocol);
      check(one.sql, outcomes, truth);
      const wanted = major === 15 && one.on15 !== undefined ? one.on15 : one.capture;
      if (wanted === undefined) continue;
      const got = outcomes.filter(({ evidence }) => evidence !== undefined);
      if (one.sql.startsWith('PREPARE')) continue;
      expect(got.length, one.sql).toBeGreaterThan(0);
      for (const { evidence, outcome } of got)
        expect([outcome.result, evidence!.capture, one.sql], `${evidence!.reasons}`).toEqual(['ok', wanted, one.sql]);
    }
  });

  it('generated writes are captured as the log has them', async () => {
    await fc.assert(
      fc.asyncProperty(write, fc.constantFrom(...PROTOCOLS), async (sql, protocol) => {
        const { outcomes, truth } = await run({ sql }, protocol);
        check(sql, outcomes, truth);
      }),
      { numRuns: 400 },
    );
  });

  it('the oracle sees every kind of mistake that a capture could make', async () => {
    await recorded.query("INSERT INTO plain (id, a, n) VALUES (900, 'one', 1), (901, NULL, NULL), (902, '', 3)");
    await recorded.query("UPDATE plain SET a = 'x', n = n + 1 WHERE id BETWEEN 900 AND 902");
    await recorded.query('DELETE FROM plain WHERE id = 901');
    const claimed = captured(await stand.outcomes());
    const truth = await oracle.changes();
    expect(claimed.length).toBe(7);
    expect(differences(claimed, truth)).toEqual([]);
    let mutations = 0;
    const fires = (mutated: readonly Change[]): void => {
      mutations += 1;
      expect(differences(mutated, truth)).not.toEqual([]);
    };
    for (const [index, change] of claimed.entries()) {
      const replaced = (by: readonly Change[]): void => fires([...claimed.slice(0, index), ...by, ...claimed.slice(index + 1)]);
      replaced([]);
      replaced([change, change]);
      replaced([{ ...change, relation: 'public.keyed' }]);
      for (const action of ['Insert', 'Update', 'Delete'] as const)
        if (action !== change.action) replaced([{ ...change, action }]);
      for (const side of ['before', 'after'] as const) {
        const { [side]: cells, ...rest } = change;
        if (cells === undefined) continue;
        replaced([rest]);
        for (const [name, value] of Object.entries(cells)) {
          replaced([{ ...change, [side]: { ...cells, [name]: value === null ? '' : `${value} ` } }]);
          if (value !== null) replaced([{ ...change, [side]: { ...cells, [name]: null } }]);
        }
      }
      if (change.before !== undefined && change.after !== undefined)
        replaced([{ ...change, before: change.after, after: change.before }]);
    }
    expect(mutations).toBeGreaterThan(80);
    // And of captures that are rightly not exact: what they miss, it sees.
    for (const sql of [
      "INSERT INTO noted VALUES (990, 'x')",
      "INSERT INTO twice VALUES (990, 'x')",
      'INSERT INTO plain (id) VALUES (writes(990))',
    ]) {
      await recorded.query(sql);
      const outcomes = await stand.outcomes();
      expect(outcomes[0]?.evidence?.capture, sql).toBe('partial');
      expect(differences(captured(outcomes), await oracle.changes()), sql).not.toEqual([]);
    }
  });

  it('a trigger that nobody has told us of is noticed by the statement itself', async () => {
    expect(
      (await stand.direct.query('CREATE TRIGGER late AFTER INSERT ON src FOR EACH ROW EXECUTE FUNCTION note()')).error,
    ).toBeNull();
    await recorded.query("INSERT INTO src VALUES (100, 'x')");
    const [written] = await stand.outcomes();
    expect(written?.evidence).toMatchObject({ capture: 'partial', reasons: ['triggers'] });
    expect((await stand.direct.query('DROP TRIGGER late ON src')).error).toBeNull();
    await recorded.query("INSERT INTO src VALUES (101, 'x')");
    expect((await stand.outcomes())[0]?.evidence).toMatchObject({ capture: 'exact' });
    await oracle.changes();
  });

  it('what this session has changed of the schema is not taken for known', async () => {
    const labels = async (sql: string): Promise<readonly string[]> => {
      const { error } = await recorded.query(sql);
      expect(error, sql).toBeNull();
      return (await stand.outcomes()).flatMap(({ evidence }) => evidence?.reasons ?? []);
    };
    expect(
      await labels('BEGIN; ALTER TABLE src ALTER v SET DEFAULT writes(1)::text; INSERT INTO src (id) VALUES (102)'),
    ).toContain('not-analysed');
    expect(await labels('INSERT INTO src (id) VALUES (103)')).toContain('not-analysed');
    await recorded.query('COMMIT');
    await stand.outcomes();
    // As soon as the schema has been read again it is known.
    await expect
      .poll(async () => await labels('INSERT INTO src (id) SELECT max(id) + 1 FROM src'), { timeout: 20_000, interval: 200 })
      .toEqual(['nested']);
    await labels('ALTER TABLE src ALTER v DROP DEFAULT');
    await oracle.changes();
  });

  it('prints the shares', () => {
    const total = [...shares.values()].reduce((sum, count) => sum + count, 0);
    const share = (name: string): string => `${name} ${(((shares.get(name) ?? 0) / total) * 100).toFixed(1)} %`;
    process.stdout.write(
      `evidence, PostgreSQL ${major}: ${total} writes: ${['exact', 'partial', 'none'].map(share).join(', ')}; ${JSON.stringify(Object.fromEntries(reasons))}\n`,
    );
    expect(shares.get('exact') ?? 0).toBeGreaterThan(total / 3);
  });
});

async function send(client: WireClient, { sql, parameters = [] }: Case, protocol: Protocol): Promise<Exchange> {
  if (protocol === 'simple' && parameters.length === 0) return await client.query(sql);
  if (protocol === 'described' || protocol === 'each') {
    const described = await client.exchange([frontend.parse('s', sql), frontend.describe('S', 's'), frontend.sync]);
    const formats = protocol === 'each' ? (described.results[0]?.fields ?? []).map((_, index) => (index % 2 === 0 ? 1 : 0)) : [1];
    const ran = await client.exchange([bind('s', parameters, formats), frontend.execute(''), frontend.sync]);
    const closed = await client.exchange([frontend.close('S', 's'), frontend.sync]);
    return { ...ran, messages: [...described.messages, ...ran.messages, ...closed.messages] };
  }
  return await client.extended(sql, { parameters, resultFormat: protocol === 'binary' ? 1 : 0 });
}

function bind(statement: string, parameters: readonly (string | null)[], formats: readonly number[]): Buffer {
  const whole = frontend.bind({ statement, parameters });
  // The builder's own format list is one code: 4 bytes.
  const codes = Buffer.alloc(2 + formats.length * 2);
  codes.writeUInt16BE(formats.length);
  for (const [index, code] of formats.entries()) codes.writeUInt16BE(code, 2 + index * 2);
  return frontend.message('B', whole.subarray(5, whole.length - 4), codes);
}

/** All of it, but for what tells one database from the other. */
function bytesOf(exchange: Exchange): readonly string[] {
  return exchange.messages.map(({ type, body }) => `${type} ${body.toString('latin1')}`);
}
