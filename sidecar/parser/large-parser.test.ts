import { afterEach, describe, expect, it } from 'vitest';
import { LargeParser, type LargeParserOptions } from './large-parser.ts';

const open: LargeParser[] = [];
function parser(options: LargeParserOptions = {}): LargeParser {
  const made = new LargeParser(options);
  open.push(made);
  return made;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

const insert = (rows: number): string =>
  `INSERT INTO t VALUES ${Array.from({ length: rows }, (_, index) => `(${index}, 'x')`).join(', ')}`;
/** A module that is a worker doing what the text says. */
const worker = (code: string): URL =>
  new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; ${code}`)}`);

describe('LargeParser', () => {
  it('gives the tree, and syntax errors as such', async () => {
    const large = parser();
    const outcome = await large.parse(insert(5_000));
    expect(outcome.ok && outcome.tree.stmts).toHaveLength(1);
    expect(await large.parse('SELECT FROM WHERE')).toEqual({ ok: false, message: 'syntax error at or near "WHERE"' });
  });

  it('keeps the event loop free meanwhile', async () => {
    const large = parser();
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await large.parse(insert(20_000));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
  });

  it('survives a statement that ruins the parser, and serves the next', async () => {
    const large = parser();
    const bomb = large.parse(`SELECT ${'1+'.repeat(300_000)}1`);
    const following = large.parse('SELECT 1');
    await expect(bomb).rejects.toThrow();
    expect((await following).ok).toBe(true);
  });

  it('gives up at the deadline, ends the thread, and serves the next with a new one', async () => {
    const hanging = worker(
      "parentPort.on('message', (sql) => { if (sql === 'hang') for (;;); parentPort.postMessage({ ok: true, json: '{}' }); });",
    );
    const large = parser({ worker: hanging, deadline: 3_000 });
    const stuck = large.parse('hang');
    const following = large.parse('fine');
    await expect(stuck).rejects.toThrow(/longer than 3000 ms/);
    expect(await following).toEqual({ ok: true, tree: {} });
  });

  it('refuses more than its queue holds', async () => {
    const silent = worker("parentPort.on('message', () => {});");
    const large = parser({ worker: silent, deadline: 200, queue: 2 });
    const jobs = [large.parse('1'), large.parse('2'), large.parse('3'), large.parse('4')];
    const results = await Promise.allSettled(jobs);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
    await expect(jobs[3]).rejects.toThrow(/too many/);
    await expect(jobs[2]).rejects.toThrow(/longer than/);
  });

  it('replaces the thread after some statements and when it dies', async () => {
    const counting = worker(
      "let count = 0; parentPort.on('message', (sql) => { if (sql === 'die') process.exit(1); count += 1; parentPort.postMessage({ ok: true, json: JSON.stringify({ count }) }); });",
    );
    const large = parser({ worker: counting, statementsPerWorker: 2 });
    const counts: unknown[] = [];
    for (let index = 0; index < 5; index += 1) counts.push(await large.parse('x'));
    expect(counts).toEqual([1, 2, 1, 2, 1].map((count) => ({ ok: true, tree: { count } })));
    await expect(large.parse('die')).rejects.toThrow();
    expect(await large.parse('x')).toEqual({ ok: true, tree: { count: 1 } });
  });

  it('rejects what waits when it is closed', async () => {
    const silent = worker("parentPort.on('message', () => {});");
    const large = parser({ worker: silent });
    const jobs = [large.parse('1'), large.parse('2')];
    const settled = Promise.allSettled(jobs);
    await large.close();
    expect((await settled).map((result) => result.status)).toEqual(['rejected', 'rejected']);
    await expect(large.parse('3')).rejects.toThrow(/closed/);
  });
});
