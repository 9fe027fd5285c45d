/** The system's clock is set forward and back under a running proxy (libfaketime): policies end rightly, nothing waits for hours, nothing storms. */
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MissingError } from '../scoreboard/suite.ts';
import { WireClient } from '../support/wire-client.ts';
import type { Board } from './board.ts';
import { type Laboratory, policyFile, readAudit, startLane, verifyAudit } from './laboratory.ts';

const LIBRARIES = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`);
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const HOUR = 3_600_000;

export async function jumpingClocks(laboratory: Laboratory, board: Board): Promise<void> {
  const library = await findLibrary();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-clock-'));
  const offset = join(directory, 'offset');
  const policy = join(directory, 'policy.yaml');
  let moved = async (_milliseconds: number): Promise<void> => {};
  const set = async (milliseconds: number): Promise<void> => {
    await writeFile(offset, `${milliseconds >= 0 ? '+' : ''}${milliseconds / 1000}\n`);
    await moved(milliseconds);
  };
  const text = await readFile(policyFile, 'utf8');
  const until = new Date(Date.now() + 12 * HOUR).toISOString();
  // Two policies: one that ends within the day, one that does not.
  const ending = text
    .slice(text.lastIndexOf('---\n'))
    .replace('name: agent,', 'name: guest,')
    .replace('  mode: Enforce', `  mode: Enforce\n  validUntil: "${until}"`)
    .replace('public.marks', 'public.cells');
  await writeFile(policy, text + ending);
  await writeFile(offset, '+0\n');
  const environment = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: offset,
    FAKETIME_CACHE_DURATION: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  const lane = await startLane(laboratory, { policy, environment });
  try {
    const client = await WireClient.connect({ port: lane.sluice.port, user: 'agent', database: 'shop', timeout: 8_000 });
    // The process reads its offset anew once a second, or later when it is starved: its records say when it has.
    moved = async (milliseconds) => {
      for (let tries = 0; tries < 40; tries += 1) {
        await pause(300);
        await client.query('SELECT 1');
        await pause(50);
        const last = (await readAudit(lane.sluice.auditFile)).at(-1);
        if (Math.abs(Date.parse(last?.time ?? '') - Date.now() - milliseconds) < HOUR / 2) return;
      }
    };
    const code = async (sql: string): Promise<string> => (await client.query(sql)).error?.['C'] ?? 'allowed';
    const [both, one] = ['SELECT count(*) FROM cells', 'SELECT count(*) FROM people'];
    const expectCodes = (name: string, cells: string) =>
      board.case(name, async () => {
        const seen = [await code(both), await code(one)];
        return seen.join() === `${cells},allowed` ? [] : [`${seen.join()} instead of ${cells},allowed`];
      });
    await expectCodes('before anything', 'allowed');
    await set(24 * HOUR);
    await expectCodes('a day forward: one policy has ended, the other has not', '42501');
    await board.case('processor time after a jump', async () => {
      const before = await cpu(lane.sluice.pid);
      await pause(1_000);
      const spent = (await cpu(lane.sluice.pid)) - before;
      board.figures['processor ms in an idle second after a jump'] = spent;
      return spent < 500 ? [] : [`${spent} ms of processor time in an idle second`];
    });
    await set(-24 * HOUR);
    await board.case('a day back: a schema change is waited for no longer than usual', async () => {
      const began = performance.now();
      const seen = [await code('CREATE TEMP TABLE later (i int)'), await code('SELECT * FROM later'), await code(one)];
      const took = performance.now() - began;
      return seen.join() === 'allowed,allowed,allowed' && took < 7_000 ? [] : [`${seen.join()} after ${Math.round(took)} ms`];
    });
    await set(0);
    await board.case('set right again: what has not ended is granted again', async () => {
      for (let second = 0; second < 17; second += 1) {
        if ((await code(both)) === 'allowed') return [];
        await pause(1_000);
      }
      return ['a policy that is in force is not honoured'];
    });
    await client.close();
    await board.case('journal across jumps', async () => {
      await pause(100);
      const records = await readAudit(lane.sluice.auditFile);
      const negative = records.filter((record) => record.type === 'outcome' && (record.duration ?? 0) < 0);
      const days = new Set(records.map(({ time }) => time.slice(0, 10)));
      return [
        ...(await verifyAudit(lane.sluice.auditFile)),
        ...(negative.length > 0 ? [`${negative.length} negative durations`] : []),
        ...(days.size >= 3 ? [] : [`record times do not follow the clock: ${[...days].join()}`]),
      ];
    });
    if (!lane.alive()) board.deaths += 1;
  } finally {
    await lane.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function findLibrary(): Promise<string> {
  for (const path of LIBRARIES) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new MissingError('libfaketime (apt-get install faketime)');
}

/** Milliseconds of processor time, all threads. */
async function cpu(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
