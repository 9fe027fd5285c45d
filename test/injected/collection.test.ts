/** Records of a sidecar's process on their way into a store: over every kind of loss, with each durability, and with operators that do not collect. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { segmentsOf } from '../../sidecar/journal/segmented-journal.ts';
import type { TestOperator, TestOperatorOptions } from '../stream/operator.ts';
import { linesOf, MemoryAuditStore } from '../support/memory-audit-store.ts';
import { until } from '../support/until.ts';
import { collected, insert } from './collected.ts';
import { ask, forward, laboratory, ready, refusal } from './laboratory.ts';
import type { RunningSidecar } from './sidecar.ts';

const lab = laboratory();
let store: MemoryAuditStore;
let id = 0;

beforeEach(() => {
  store = new MemoryAuditStore();
});

const operate = (options: TestOperatorOptions = {}): Promise<TestOperator> => lab.startOperator({ audit: store, ...options });

async function serve(
  operator: { readonly port: number },
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningSidecar> {
  const sidecar = await lab.startSidecar({ operator: operator.port, environment });
  await ready(sidecar);
  return sidecar;
}

/** So many statements; all must succeed. */
async function work(sidecar: RunningSidecar, count: number): Promise<readonly number[]> {
  const client = await sidecar.connect();
  const done: number[] = [];
  for (let index = 0; index < count; index += 1) {
    id += 1;
    expect(await insert(client, 1_000 + id)).toBeUndefined();
    done.push(1_000 + id);
  }
  await client.close();
  return done;
}

async function has(ids: readonly number[], where = store): Promise<void> {
  await until(async () => {
    const { intents } = await collected(where);
    return ids.every((each) => intents.get(each) === 1);
  });
}

const directory = (): string => join(lab.volumes.audit, 'data.shop');
const onDisk = (): string =>
  segmentsOf(directory())
    .map((path) => readFileSync(path, 'utf8'))
    .join('');

async function metric(sidecar: RunningSidecar, name: string): Promise<number> {
  const { text } = await sidecar.health('/metrics');
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? ([\\d.e+-]+)$`, 'm').exec(text)?.[1]);
}

describe('collection', () => {
  it('brings every line as it is, signed, and ends the chain when the sidecar is asked to stop', async () => {
    const sidecar = await serve(await operate());
    const done = await work(sidecar, 20);
    await has(done);
    expect(await sidecar.stop()).toBe(0);
    const { reports, types } = await collected(store);
    expect(reports.size).toBe(1);
    const [chain, report] = [...reports][0]!;
    expect(`${linesOf(store, chain).join('\n')}\n`).toBe(onDisk());
    expect(report.ended).toBe(true);
    expect(report.signed?.seq).toBe(report.next - 1);
    expect(types.slice(-2)).toEqual(['chain-end', 'checkpoint']);
    expect(types.filter((type) => type === 'chain-key')).toHaveLength(1);
  });

  it('goes on in the same chain over restarts, killed or not, with what had not been sent', async () => {
    const operator = await operate();
    const done: number[] = [];
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
      const sidecar = await serve(operator);
      done.push(...(await work(sidecar, 10)));
      store.away = signal === 'SIGKILL';
      done.push(...(await work(sidecar, 10)));
      await sidecar.stop(signal);
      store.away = false;
    }
    const last = await serve(operator);
    await has(done);
    await last.stop();
    const { reports } = await collected(store);
    expect(reports.size).toBe(1);
    expect(`${linesOf(store, [...reports.keys()][0]!).join('\n')}\n`).toBe(onDisk());
  });

  it('begins with everything there is, once an operator collects that did not before', async () => {
    const sidecar = await serve(lab.operator);
    const done = await work(sidecar, 10);
    expect(sidecar.logs()).toContainEqual(expect.objectContaining({ msg: 'audit-not-collected' }));
    await lab.operator.close();
    await lab.startOperator({ audit: store, port: lab.operator.port });
    await has(done);
  });

  it('goes on with another replica, of the same store or of one of its own', async () => {
    const [one, other] = [await operate(), await operate({ replica: 'operator-2' })];
    const theirs = new MemoryAuditStore();
    const third = await operate({ replica: 'operator-3', audit: theirs });
    const { createServer } = await import('node:net');
    const port = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const address = server.address() as { port: number };
        server.close(() => resolve(address.port));
      });
    });
    let door = await forward(port, one.port);
    const sidecar = await serve({ port });
    const done: number[] = [...(await work(sidecar, 10))];
    for (const next of [other, third, one]) {
      door.close();
      door = await forward(port, next.port);
      done.push(...(await work(sidecar, 10)));
      await has(done, next === third ? theirs : store);
    }
    door.close();
  });

  it('takes the tail of a pod that is gone', async () => {
    const operator = await operate();
    const sidecar = await serve(operator);
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    store.delay = () => gate;
    const done = await work(sidecar, 10);
    lab.cluster.identity.gone('00000000-0000-0000-0000-000000000001');
    await until(() => sidecar.logs().some(({ msg }) => msg === 'identity-revoked'));
    release();
    await has(done);
    await until(async () => (await collected(store)).types.filter((type) => type === 'session-end').length > 0);
  });

  it.each<[string, (paths: readonly string[]) => void]>([
    [
      'the last records',
      (paths) => {
        const text = readFileSync(paths.at(-1)!, 'utf8');
        truncateSync(paths.at(-1)!, text.split('\n').slice(0, -6).join('\n').length + 1);
      },
    ],
    [
      'everything but the name of the chain',
      (paths) => writeFileSync(paths[0]!, `${readFileSync(paths[0]!, 'utf8').split('\n')[0]}\n`),
    ],
  ])('of a volume that has lost %s begins another chain, and nothing is told twice', async (_what, lose) => {
    const operator = await operate();
    const first = await serve(operator);
    const before = await work(first, 10);
    await has(before);
    await first.stop('SIGKILL');
    lose(segmentsOf(directory()));
    rmSync(join(directory(), 'collected.json'), { force: true });
    store.away = true;
    const second = await serve(operator);
    const after = await work(second, 10);
    store.away = false;
    await has([...before, ...after]);
    await second.stop();
    const { reports } = await collected(store);
    expect(reports.size).toBe(2);
    const start = JSON.parse(linesOf(store, [...reports.keys()][1]!)[0]!);
    expect(start).toMatchObject({
      type: 'chain-start',
      replaces: { chain: [...reports.keys()][0], reason: expect.stringMatching(/^tail lost/) },
    });
    expect(operator.refusals).toEqual([]);
  });

  it('is not stopped by what somebody did to the files: what can be read goes on in another chain', async () => {
    const operator = await operate();
    const first = await serve(operator);
    await has(await work(first, 5));
    store.away = true;
    const lost = await work(first, 5);
    await first.stop('SIGKILL');
    const path = segmentsOf(directory())[0]!;
    const lines = readFileSync(path, 'utf8').split('\n');
    const at = lines.findIndex((line) => line.includes(`${lost[1]!.toString(16).padStart(32, '0')}-`));
    writeFileSync(path, [...lines.slice(0, at), 'x'.repeat(lines[at]!.length), ...lines.slice(at + 1)].join('\n'));
    store.away = false;
    const second = await serve(operator);
    const more = await work(second, 3);
    await has([lost[0]!, ...lost.slice(2), ...more]);
    const { reports, types } = await collected(store);
    expect([reports.size, types.includes('event')]).toEqual([2, true]);
  });
});

describe('the volume', () => {
  it('keeps what is not stored, refuses statements when it is full of it, and goes on as soon as there is room', async () => {
    const operator = await operate();
    const sidecar = await serve(operator, { SLUICE_AUDIT_BYTES: '200000' });
    store.away = true;
    const client = await sidecar.connect();
    const done: number[] = [];
    let said: string | undefined;
    while (said === undefined && done.length < 2_000) {
      id += 1;
      said = await insert(client, 1_000 + id);
      if (said === undefined) done.push(1_000 + id);
    }
    expect(said).toMatch(/SLUICE-701.*full of those that the operator has not stored/s);
    expect(await sidecar.health('/readyz')).toMatchObject({ status: 503, text: 'data/shop: SLUICE-701\n' });
    expect(onDisk().length).toBeLessThan(220_000);
    expect(await metric(sidecar, 'sluice_audit_unstored_records')).toBeGreaterThan(done.length);
    expect(await metric(sidecar, 'sluice_audit_unstored_bytes')).toBeGreaterThan(100_000);
    expect(await metric(sidecar, 'sluice_audit_unstored_age_seconds')).toBeGreaterThan(0);
    expect(await metric(sidecar, 'sluice_audit_unpromised_total')).toBeGreaterThan(0);
    expect(await refusal(sidecar)).toMatchObject({ D: expect.stringContaining('SLUICE-701') });
    store.away = false;
    await ready(sidecar);
    expect(await ask(client, 'SELECT 1')).toEqual(['1']);
    done.push(...(await work(sidecar, 300)));
    await has(done);
    expect(sidecar.logs().map(({ msg }) => msg)).toEqual(expect.arrayContaining(['audit-refusing', 'audit-accepting']));
    expect(onDisk().length).toBeLessThan(260_000);
    await until(async () => (await metric(sidecar, 'sluice_audit_unstored_records')) === 0);
  });

  it('is pruned as ever where nothing is collected, and a record says so', async () => {
    const sidecar = await serve(lab.operator, { SLUICE_AUDIT_BYTES: '100000' });
    await work(sidecar, 200);
    expect(onDisk().length).toBeLessThan(160_000);
    expect(onDisk()).toContain('segments-removed');
  });
});

describe('Replicated', () => {
  const replicated = (): void => lab.govern('shop', { extra: '  audit: {durability: Replicated}' });

  it('forwards a statement when its record is stored, one round trip for all sessions that wait', async () => {
    replicated();
    const sidecar = await serve(await operate());
    const clients = await Promise.all(Array.from({ length: 8 }, () => sidecar.connect()));
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    store.delay = () => gate;
    const appends = store.appends;
    const waiting = clients.map((client, index) => insert(client, 100_000 + index));
    await until(() => store.appends > appends);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const rows = await lab.query('SELECT count(*) FROM tickets WHERE id >= 100000');
    expect(rows).toEqual([['0']]);
    release();
    expect(await Promise.all(waiting)).toEqual(clients.map(() => undefined));
    expect(store.appends - appends).toBeLessThanOrEqual(4);
    const { intents } = await collected(store);
    for (let index = 0; index < 8; index += 1) expect(intents.get(100_000 + index)).toBe(1);
  });

  it('refuses with the reason while nothing can be stored, and serves again when it can', async () => {
    replicated();
    const operator = await operate();
    const sidecar = await serve(operator);
    const client = await sidecar.connect();
    store.away = true;
    expect(await insert(client, 200_000)).toMatch(/SLUICE-701.*Replicated needs the operator to have stored the record/s);
    await until(async () => (await sidecar.health('/readyz')).text === 'data/shop: SLUICE-701\n');
    expect(await insert(client, 200_001)).toMatch(/SLUICE-701/);
    expect(await lab.query('SELECT count(*) FROM tickets WHERE id >= 200000')).toEqual([['0']]);
    store.away = false;
    await ready(sidecar);
    expect(await insert(client, 200_002)).toBeUndefined();
    const { intents } = await collected(store);
    expect(intents.get(200_002)).toBe(1);
    await operator.close();
    await until(async () => (await sidecar.health('/readyz')).text === 'data/shop: SLUICE-701\n');
    expect(await refusal(sidecar)).toMatchObject({ D: expect.stringMatching(/no connection to the operator/) });
  });

  it('is refused where the operator does not collect', async () => {
    replicated();
    const sidecar = await lab.startSidecar();
    await expect.poll(async () => (await sidecar.health('/readyz')).text, { timeout: 30_000 }).toBe('data/shop: SLUICE-701\n');
    expect(await refusal(sidecar)).toMatchObject({ D: expect.stringMatching(/^SLUICE-701.*does not collect records/s) });
  });

  it('serves on while one replica is replaced by another', async () => {
    replicated();
    const operator = await operate();
    const sidecar = await serve(operator);
    const client = await sidecar.connect();
    const load = (async () => {
      const refusals: string[] = [];
      for (let index = 0; index < 200; index += 1) {
        const said = await insert(client, 300_000 + index);
        if (said !== undefined) refusals.push(said);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return refusals;
    })();
    await operator.drain(0, 5_000);
    await lab.startOperator({ audit: store, port: operator.port });
    expect(await load).toEqual([]);
  });
});

describe('a store that is slow or away', () => {
  it('costs the sidecar and the operator no memory, however much waits: the files are the queue', async () => {
    const operator = await operate();
    const sidecar = await serve(operator);
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const client = await sidecar.connect();
    const filler = `SELECT title FROM tickets WHERE id IN (${Array.from({ length: 800 }, (_, index) => index).join(',')})`;
    const burden = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) expect((await client.query(filler)).error).toBeNull();
    };
    await burden(20);
    const before = await metric(sidecar, 'process_resident_memory_bytes');
    store.delay = () => gate;
    await burden(1_500);
    expect(await metric(sidecar, 'sluice_audit_unstored_bytes')).toBeGreaterThan(5 * 1024 * 1024);
    expect((await metric(sidecar, 'process_resident_memory_bytes')) - before).toBeLessThan(64 * 1024 * 1024);
    expect(operator.reception!.held).toBeLessThan(4 * 1024 * 1024);
    store.delay = async () => {};
    release();
    await until(async () => (await metric(sidecar, 'sluice_audit_unstored_records')) === 0);
    await client.close();
    await sidecar.stop();
    expect(`${linesOf(store, [...store.kept.keys()][0]!).join('\n')}\n`).toBe(onDisk());
  });

  it('does not slow down Local: statements go on, and everything comes later', async () => {
    const operator = await operate();
    const sidecar = await serve(operator);
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    store.delay = () => gate;
    const done = await work(sidecar, 300);
    store.delay = async () => {};
    store.away = true;
    release();
    const more = await work(sidecar, 100);
    store.away = false;
    await has([...done, ...more]);
    expect(operator.refusals).toEqual([]);
  });
});
