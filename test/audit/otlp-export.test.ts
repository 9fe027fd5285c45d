/** What a collector of OpenTelemetry gets, compared with the store: nothing missing, in order, twice only where a failure explains it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChainOwner } from '../../core/audit/store.ts';
import { createExporter, type Exporter } from '../../operator/audit/export/exporter.ts';
import { createOtlpClient, type OtlpClientOptions } from '../../operator/audit/export/otlp-client.ts';
import { EmbeddedStore } from '../../operator/audit/store/embedded-store.ts';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { makeAuthority } from '../stream/certificates.ts';
import { accept, answer, type Behaviour, die, dieAnswering, OtlpCollector, partly, stall } from '../support/otlp-collector.ts';
import { until } from '../support/until.ts';

const owner: ChainOwner = {
  kind: 'sidecar',
  identity: { namespace: 'team', serviceAccount: 'bot', pod: 'bot-0', podUid: 'u1', node: 'n1', image: 'registry/bot:1' },
  database: 'data/orders',
};
const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

let directory: string;
let store: EmbeddedStore;
let collector: OtlpCollector;
let endpoint: string;
let running: Exporter[];
/** Milliseconds that an exporter wanted to wait: they pass a thousand times as fast. */
let waits: number[];
let events: { readonly event: string; readonly detail: object }[];
let counted: Record<string, number>;
let leads: boolean;
let listeners: Set<(leads: boolean) => void>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'otlp-'));
  store = open('a');
  collector = new OtlpCollector();
  endpoint = await collector.listen();
  [running, waits, events, counted, leads, listeners] = [[], [], [], {}, true, new Set()];
});
afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()));
  await Promise.all([store.close(), collector.close()]);
  rmSync(directory, { recursive: true });
});

function open(name: string, size = 64 * 1024 * 1024): EmbeddedStore {
  return new EmbeddedStore({
    directory: join(directory, name),
    size,
    whenFull: 'RemoveOldest',
    clock: systemClock,
    log: () => {},
  });
}

function line(seq: number, more: object = {}): string {
  return JSON.stringify({ v: 1, seq, time: '2026-11-29T10:00:00.123456Z', type: 'event', ...more });
}

async function append(chain: string, first: number, next: number, more: object = {}): Promise<void> {
  await store.append({
    chain,
    owner,
    first,
    lines: Array.from({ length: next - first }, (_, index) => line(first + index, more)),
  });
}

function start(options: Partial<OtlpClientOptions> = {}, of = store): Exporter {
  const count =
    (what: string) =>
    (records = 1) =>
      void (counted[what] = (counted[what] ?? 0) + records);
  const exporter = createExporter({
    store: of,
    send: createOtlpClient({ endpoint, ...options }),
    leadership: {
      get isLeader() {
        return leads;
      },
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    clock: {
      ...systemClock,
      after: (milliseconds, callback) => {
        waits.push(milliseconds);
        return systemClock.after(milliseconds / 1000, callback);
      },
    },
    random: Math.random,
    metrics: {
      sent: count('sent'),
      rejected: count('rejected'),
      missed: count('missed'),
      failed: (reason) => count(`failed ${reason}`)(),
    },
    log: (_, event, detail = {}) => void events.push({ event, detail }),
  });
  exporter.start();
  running.push(exporter);
  return exporter;
}

/** Every line of the store is there as it is, and each chain's first appearances are in order. */
async function compare(of = store): Promise<void> {
  for await (const { chain } of of.chains()) {
    const expected: string[] = [];
    for await (const each of of.lines(chain)) expected.push(each.line);
    const first = new Map(
      collector.taken
        .filter((each) => each.chain === chain)
        .toReversed()
        .map((each) => [each.seq, each.body]),
    );
    expect([...first].sort(([a], [b]) => a - b).map(([, body]) => body)).toEqual(expected);
  }
}

function sequence(from: number, next: number): readonly number[] {
  return Array.from({ length: next - from }, (_, index) => from + index);
}

describe('what arrives', () => {
  it('is every record of every chain, once, in order, in bounded requests; then what comes', async () => {
    await append('c1', 0, 5_000);
    await append('c2', 0, 700, { text: 'x'.repeat(3_000) });
    start();
    await until(() => collector.taken.length === 5_700);
    await append('c1', 5_000, 5_003);
    await until(() => collector.taken.length === 5_703);
    expect(collector.seqs('c1')).toEqual(sequence(0, 5_003));
    expect(collector.seqs('c2')).toEqual(sequence(0, 700));
    await compare();
    for (const { bytes, records } of collector.requests) {
      expect(records).toBeLessThanOrEqual(512);
      expect(bytes).toBeLessThan(1.1 * 1024 * 1024);
    }
    await until(() => counted['sent'] === 5_703);
  });

  it('has the names of semantic conventions, and what is verified of the writer', async () => {
    const intent = {
      type: 'intent',
      statement: '7',
      decision: 'deny',
      code: 'SLUICE-201',
      fingerprint: 'f',
      kind: 'select',
      trace: TRACE,
    };
    const relations = { reads: [{ relation: 'public.orders', columns: ['id'] }], writes: [] };
    await append('c', 0, 1, { ...intent, ...relations, identity: { namespace: 'lie' } });
    await append('c', 1, 2, { type: 'outcome', statement: '7', result: 'error', sqlstate: '42501', rows: 3 });
    await append('c', 2, 3, { type: 'admin', action: 'identity-refused', object: 'Pod a/b', detail: {} });
    start();
    await until(() => collector.taken.length === 3);
    const [denied, outcome, refused] = collector.taken;
    expect(denied!.resource).toMatchObject({
      'k8s.namespace.name': 'team',
      'k8s.pod.name': 'bot-0',
      'k8s.pod.uid': 'u1',
      'k8s.node.name': 'n1',
      'db.system.name': 'postgresql',
      'sluice.service_account': 'bot',
      'sluice.database': 'data/orders',
    });
    expect(denied!.attributes).toMatchObject({
      'sluice.type': 'intent',
      'sluice.decision': 'deny',
      'sluice.code': 'SLUICE-201',
      'sluice.fingerprint': 'f',
      'sluice.statement': '7',
      'sluice.relations': ['public.orders'],
      'db.operation.name': 'select',
    });
    expect(denied!.record).toMatchObject({
      timeUnixNano: `${Date.parse('2026-11-29T10:00:00Z') / 1000}123456000`,
      severityNumber: 13,
      severityText: 'WARN',
      eventName: 'sluice.audit.intent',
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
    });
    expect(outcome!.attributes).toMatchObject({ 'db.response.status_code': '42501', 'sluice.rows': 3, 'sluice.result': 'error' });
    expect(outcome!.record.severityText).toBe('INFO');
    expect(refused!.record.severityText).toBe('ERROR');
  });

  it('is what hostile records are, and no request that a collector must refuse', async () => {
    const hostile = [
      '{"v":1,"seq":0,"type":"intent","fingerprint":"\\ud800","code":{"a":1},"kind":["x"],"trace":"00-00000000000000000000000000000000-0000000000000000-01"}',
      '{"v":1,"seq":1,"__proto__":{"code":"x"},"type":7,"time":"9999-99-99T00:00:00Z","rows":1e300}',
      `{"v":1,"seq":2,"type":"intent","statement":${JSON.stringify('s'.repeat(100_000))}}`,
      `{"v":1,"seq":3,"type":"event","text":${JSON.stringify('é😀'.repeat(500_000))}}`,
    ];
    await store.append({ chain: 'c', owner, first: 0, lines: hostile });
    start();
    await until(() => collector.taken.length === 4);
    expect(collector.taken.map(({ body }) => body)).toEqual(hostile);
    expect(collector.taken[0]!.attributes['sluice.fingerprint']).toBe('\ufffd');
    expect(collector.taken[0]!.record.traceId).toBeUndefined();
    expect(String(collector.taken[2]!.attributes['sluice.statement']).length).toBe(1024);
  });

  it('comes over TLS with headers of a Secret, which are read anew and never logged; not with another authority', async () => {
    const authority = await makeAuthority();
    const secure = new OtlpCollector(await authority.issue('localhost'));
    try {
      const url = (await secure.listen()).replace('127.0.0.1', 'localhost');
      const headers = join(directory, 'headers');
      mkdirSync(join(headers, '..data'), { recursive: true });
      writeFileSync(join(headers, 'authorization'), 'Bearer one\n');
      writeFileSync(join(directory, 'ca.crt'), authority.certificate);
      await append('c', 0, 1);
      const distrusting = start({ endpoint: url, headersDirectory: headers });
      await until(() => events.some(({ event }) => event === 'audit-export-waits'));
      await distrusting.stop();
      expect(secure.requests).toEqual([]);
      start({ endpoint: url, headersDirectory: headers, caFile: join(directory, 'ca.crt') });
      await until(() => secure.taken.length === 1);
      writeFileSync(join(headers, 'authorization'), 'Bearer two');
      await append('c', 1, 2);
      await until(() => secure.taken.length === 2);
      expect(secure.requests.map((each) => each.headers['authorization'])).toEqual(['Bearer one', 'Bearer two']);
      writeFileSync(join(headers, 'authorization'), 'Bearer s3cret\nx: y');
      await append('c', 2, 3);
      await until(() => events.some(({ event }) => event === 'audit-export-refused'));
      expect(JSON.stringify(events)).not.toMatch(/Bearer|s3cret/);
    } finally {
      await secure.close();
    }
  });
});

describe('what fails', () => {
  /** Nothing was taken by the collector: so nothing comes twice. */
  const NOT_TAKEN: readonly (readonly [string, Behaviour])[] = [
    ['429', answer(429, '', { 'retry-after': '7' })],
    ['502', answer(502, '<html>')],
    ['503 with a date', answer(503, '{"message":"busy"}', { 'retry-after': new Date(Date.now() + 20_000).toUTCString() })],
    ['504', answer(504)],
    ['a connection that dies', die],
    ['400', answer(400, '{"code":3,"message":"no"}')],
    ['401', answer(401)],
    ['a redirect', answer(307, '', { location: 'http://127.0.0.1:1/v1/logs' })],
    ['500', answer(500)],
    ['a web page', answer(200, '<html>welcome</html>')],
    ['an endless answer', answer(200, 'x'.repeat(200_000))],
    ['a number that is none', answer(200, '{"partialSuccess":{"rejectedLogRecords":"many"}}')],
  ];
  it.each(NOT_TAKEN)('%s: sent again, nothing lost, nothing twice', async (_, behaviour) => {
    await append('c', 0, 1_200);
    collector.next.push(accept, behaviour, behaviour);
    start();
    await until(() => collector.taken.length >= 1_200);
    expect(collector.seqs('c')).toEqual(sequence(0, 1_200));
    await compare();
    await until(() => events.some(({ event }) => event === 'audit-export-resumed'));
    expect((counted['failed retry'] ?? 0) + (counted['failed refused'] ?? 0)).toBe(2);
  });

  /** The collector took them, and the exporter cannot know. */
  const TAKEN: readonly (readonly [string, Behaviour])[] = [
    ['an answer that is cut off', dieAnswering],
    ['an answer that does not end', stall],
  ];
  it.each(TAKEN)('%s: twice what was under way, and no more', async (_, behaviour) => {
    await append('c', 0, 1_200);
    collector.next.push(accept, behaviour);
    start({ timeout: 500 });
    await until(() => new Set(collector.seqs('c')).size === 1_200);
    await compare();
    expect(collector.taken.length).toBe(1_200 + collector.requests[1]!.records);
  });

  it('waits as long as it is asked to, longer each time, and at least a minute where somebody has to do something', async () => {
    await append('c', 0, 1);
    collector.next.push(answer(429, '', { 'retry-after': '120' }), answer(503), answer(503), answer(503), answer(403));
    start();
    await until(() => collector.taken.length === 1);
    const [, asked, ...rest] = waits;
    expect(asked).toBeGreaterThanOrEqual(120_000);
    // Within the jitter of 2, 4 and 8 seconds.
    [2_000, 4_000, 8_000].forEach((wait, index) => {
      expect(rest[index]).toBeGreaterThanOrEqual(wait / 2);
      expect(rest[index]).toBeLessThanOrEqual(wait * 1.5);
    });
    expect(rest[3]).toBeGreaterThanOrEqual(60_000);
  });

  it('partial success: what is rejected is counted and said, and passed over', async () => {
    await append('c', 0, 10);
    collector.next.push(partly('3', 'too\nold'));
    start();
    await until(() => counted['rejected'] === 3);
    await append('c', 10, 12);
    await until(() => collector.taken.length === 12);
    expect(counted).toEqual({ sent: 9, rejected: 3 });
    expect(events).toEqual([{ event: 'audit-export-rejected', detail: { records: 3, of: 10, reason: 'too old' } }]);
  });

  it('too large: fewer at a time', async () => {
    await append('c', 0, 1_000);
    const limited: Behaviour = (response, take) =>
      collector.requests.at(-1)!.records > 100 ? answer(413)(response, take) : accept(response, take);
    collector.next.push(...Array.from({ length: 200 }, () => limited));
    start();
    await until(() => collector.taken.length === 1_000);
    expect(collector.seqs('c')).toEqual(sequence(0, 1_000));
  });

  it('the collector is away, the exporter is stopped and begins anew in between', async () => {
    await append('c1', 0, 3_000);
    await append('c2', 0, 3_000);
    const behaviours = [die, dieAnswering, answer(503), accept, accept];
    collector.next.push(...Array.from({ length: 40 }, (_, index) => behaviours[index % behaviours.length]!));
    for (let round = 0; round < 8; round += 1) {
      const exporter = start();
      const before = collector.requests.length;
      await until(() => collector.requests.length > before + 2 || new Set(collector.seqs('c2')).size === 3_000);
      await exporter.stop();
      if (round === 4) {
        await store.close();
        store = open('a');
      }
    }
    start();
    await until(() => new Set(collector.seqs('c1')).size + new Set(collector.seqs('c2')).size === 6_000);
    await compare();
  });
});

describe('who sends what', () => {
  it('nobody but the holder of the Lease; it ends with it', async () => {
    leads = false;
    await append('c', 0, 3);
    const exporter = start();
    expect(exporter.behind).toBe(0);
    expect(collector.requests).toEqual([]);
    for (const listener of listeners) listener((leads = true));
    await until(() => collector.taken.length === 3);
    for (const listener of listeners) listener((leads = false));
    await append('c', 3, 5);
    await exporter.stop();
    expect(collector.taken.length).toBe(3);
  });

  it('a gap is passed over, and what closes it is sent when it comes', async () => {
    await append('c', 3, 5);
    await append('c', 10, 12);
    start();
    await until(() => collector.taken.length === 4);
    await append('c', 7, 8);
    await until(() => collector.taken.length === 5);
    await append('c', 5, 7);
    await append('c', 0, 3);
    await append('c', 8, 10);
    await append('c', 12, 13);
    await until(() => collector.taken.length === 13);
    await compare();
    const again = start();
    await append('c', 13, 14);
    await until(() => new Set(collector.seqs('c')).size === 14);
    await again.stop();
  });

  it('what was removed before it was sent is counted and said; what was removed before anything was sent is not', async () => {
    await append('c', 0, 10);
    await append('old', 0, 10);
    await store.setExported('otlp', { c: 4 });
    await store.prune(new Date(Date.now() + 86_400_000).toISOString());
    await append('c', 10, 12);
    start();
    await until(() => collector.seqs('c').includes(11) && collector.seqs('old').length === 1);
    expect(counted['missed']).toBe(5);
    expect(events).toEqual([{ event: 'audit-export-missed', detail: { chain: 'c', from: 4, to: 8 } }]);
  });
});
