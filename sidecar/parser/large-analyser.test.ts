import { afterEach, describe, expect, it } from 'vitest';
import { Catalog } from '../../core/catalog/catalog.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { SessionView } from '../../core/sql/session-state.ts';
import { compile, bundleOf, catalog } from '../../test/support/compile-policy.ts';
import { emptySession } from '../../test/support/sql-core.ts';
import { LargeAnalyser, type LargeAnalyserOptions } from './large-analyser.ts';

const bundle = bundleOf(
  compile({
    agent: `grants:
  - tables: [public.tickets]
    actions: [Select, Insert]`,
  }),
);
/** The one in the event loop: only its bundle and catalog travel. */
function engineOver(data = catalog.data): SqlEngine {
  return { bundle, catalog: new Catalog(data), analyse: () => [] };
}
const engine = engineOver();

const open: LargeAnalyser[] = [];
/** `ask`: with a text and, where it matters, a session. */
function analyser(options: LargeAnalyserOptions = {}) {
  const made = new LargeAnalyser(options);
  open.push(made);
  const ask = (text: string, session: SessionView = emptySession, over = engine) =>
    made.analyse(over, { sql: Buffer.from(text), protocol: 'simple', parameterTypes: [] }, session, new Set());
  return { ask, close: () => made.close() };
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

const insert = (rows: number): string =>
  `INSERT INTO tickets VALUES ${Array.from({ length: rows }, (_, index) => `(${index}, 1, 'x')`).join(', ')}`;
/** A module that is a worker answering each text with what the code makes of it. */
const worker = (code: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads';
const answer = (plans) => parentPort.postMessage({ kind: 'plans', plans });
parentPort.on('message', (message) => {
  if (message.kind === 'engine') return;
  const sql = Buffer.from(message.request.sql).toString();
  ${code}
});
parentPort.postMessage({ kind: 'ready' });`)}`,
  );

describe('LargeAnalyser', () => {
  it('decides as the engine does, denials included', async () => {
    const { ask } = analyser();
    const [plan] = await ask(insert(5_000));
    expect([plan?.decision, plan?.kind, plan?.facts.writes[0]?.relation]).toEqual(['allow', 'insert', 'public.tickets']);
    expect((await ask('SELECT * FROM customers'))[0]?.denial?.code).toBe('SLUICE-201');
    expect((await ask('SELECT FROM WHERE'))[0]?.denial).toMatchObject({
      code: 'SLUICE-101',
      message: 'syntax error at or near "WHERE"',
    });
  });

  it('takes the session along, and several statements one after the other', async () => {
    const { ask } = analyser();
    const elsewhere = { ...emptySession, searchPath: ['archive'] };
    expect((await ask('SELECT * FROM tickets', elsewhere))[0]?.decision).toBe('deny');
    const steps = await ask('SET search_path TO archive; SELECT * FROM tickets');
    expect(steps.map(({ decision }) => decision)).toEqual(['allow', 'deny']);
    const prepared = new Map([['p', { plan: steps[0]!, parameters: 0, policyVersion: bundle.version }]]);
    expect((await ask('EXECUTE p', { ...emptySession, prepared }))[0]?.decision).toBe('allow');
    expect((await ask('EXECUTE p'))[0]?.decision).toBe('deny');
  });

  it('serves one engine after another', async () => {
    const { ask } = analyser();
    const without = engineOver({ ...catalog.data, relations: [] });
    expect((await ask('SELECT * FROM tickets'))[0]?.decision).toBe('allow');
    expect((await ask('SELECT * FROM tickets', emptySession, without))[0]?.decision).toBe('deny');
    expect((await ask('SELECT * FROM tickets'))[0]?.decision).toBe('allow');
  });

  it('keeps the event loop free meanwhile', async () => {
    const { ask } = analyser();
    await ask('SELECT 1');
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await ask(insert(20_000));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
  });

  it('survives a statement that ruins the parser, and serves the next', async () => {
    const { ask } = analyser();
    const bomb = ask(`SELECT ${'1+'.repeat(300_000)}1`);
    const following = ask('SELECT 1');
    await expect(bomb).rejects.toThrow();
    expect((await following)[0]?.decision).toBe('allow');
  });

  it('gives up at the deadline, ends the thread, and serves the next with a new one', async () => {
    const { ask } = analyser({ worker: worker("if (sql === 'hang') for (;;); answer([]);"), deadline: 300 });
    const stuck = ask('hang');
    const following = ask('fine');
    await expect(stuck).rejects.toThrow(/longer than 300 ms/);
    expect(await following).toEqual([]);
  });

  it('gives up a thread that does not start', async () => {
    const { ask } = analyser({ worker: new URL('data:text/javascript,for(;;);'), start: 300 });
    await expect(ask('anything')).rejects.toThrow(/starting the parser took longer/);
  });

  it('refuses more than its queue holds', async () => {
    const { ask } = analyser({ worker: worker(''), deadline: 200, queue: 2 });
    const jobs = [ask('1'), ask('2'), ask('3'), ask('4')];
    const results = await Promise.allSettled(jobs);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
    await expect(jobs[3]).rejects.toThrow(/too many/);
    await expect(jobs[2]).rejects.toThrow(/longer than/);
  });

  it('replaces the thread after some statements, after many bytes, and when it dies', async () => {
    const counting = worker(
      "globalThis.count = (globalThis.count ?? 0) + 1; if (sql === 'die') process.exit(1); answer([count]);",
    );
    const bySize = analyser({ worker: counting, bytesPerWorker: 10 });
    const byCount = analyser({ worker: counting, statementsPerWorker: 2 });
    const counts: unknown[] = [];
    for (let index = 0; index < 5; index += 1) counts.push(await byCount.ask('x'), await bySize.ask('12345'));
    expect(counts.flat()).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 1, 1]);
    await expect(byCount.ask('die')).rejects.toThrow();
    expect(await byCount.ask('x')).toEqual([1]);
  });

  it('rejects what waits when it is closed', async () => {
    const { ask, close } = analyser({ worker: worker('') });
    const jobs = [ask('1'), ask('2')];
    const settled = Promise.allSettled(jobs);
    await close();
    expect((await settled).map((result) => result.status)).toEqual(['rejected', 'rejected']);
    await expect(ask('3')).rejects.toThrow(/closed/);
  });
});
