import * as fs from 'node:fs';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../core/audit/record.ts';
import { ChainVerifier } from '../../core/audit/verify.ts';
import type { VerifyReport } from '../../core/audit/verify-report.ts';
import { type FileJournalOptions, openFileJournal } from './file-journal.ts';
import { JournalError, type Journal } from './journal.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-journal-'));
  path = join(directory, 'audit.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const start = {
  chain: 'c1',
  product: 'test',
  identity: { namespace: 'n', serviceAccount: 's' },
  database: { namespace: 'd', name: 'o' },
};
const entry = (session: string): AuditEntry => ({ type: 'session-start', session, claims: {} });

function open(
  overrides: Partial<typeof fs> = {},
  durability: 'Local' | 'Synced' = 'Local',
  more: Partial<FileJournalOptions> = {},
): Journal {
  const clock = (): string => '2026-11-21T10:00:00.000000Z';
  return openFileJournal({ path, durability, start, clock, fs: { ...fs, ...overrides }, ...more });
}

function verify(file = path): VerifyReport {
  const verifier = new ChainVerifier();
  const lines = readFileSync(file, 'utf8').split('\n');
  const torn = lines.pop() ?? '';
  for (const line of lines) verifier.line(Buffer.from(line));
  return verifier.finish(torn.length);
}

/** Writes through to the real file until `budget` bytes, then fails as a full disk does: a short write, then ENOSPC. */
function diskOf(budget: { bytes: number }): Partial<typeof fs> {
  const writeSync = (descriptor: number, buffer: Buffer, offset = 0): number => {
    const allowed = Math.min(budget.bytes, buffer.length - offset);
    if (allowed === 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    budget.bytes -= allowed;
    return fs.writeSync(descriptor, buffer, offset, allowed);
  };
  return { writeSync: writeSync as typeof fs.writeSync };
}

describe('the file journal', () => {
  it('has written every record when append returns, and continues its chain after a restart', async () => {
    const first = open();
    first.append([entry('a'), entry('b')]);
    expect(verify()).toMatchObject({ valid: true, records: 3 });
    await first.close();
    const second = open();
    second.append([entry('c')]);
    await second.close();
    expect(verify()).toMatchObject({ valid: true, records: 5 });
  });

  it('cuts a record that a crash left half-written, says so, and goes on', async () => {
    const first = open();
    first.append([entry('a')]);
    await first.close();
    fs.appendFileSync(path, '{"v":1,"seq":2,"ti');
    const second = open();
    await second.close();
    expect(verify()).toMatchObject({ valid: true, records: 3, tornBytes: 0 });
    expect(readFileSync(path, 'utf8')).toContain('"tornBytes":18');
  });

  it('refuses while the disk is full, keeps the chain whole, and recovers when there is room', () => {
    const budget = { bytes: 1000 };
    const journal = open(diskOf(budget));
    let refused = 0;
    for (let index = 0; index < 20; index += 1) {
      try {
        journal.append([entry(`s${index}`)]);
      } catch (error) {
        expect(error).toBeInstanceOf(JournalError);
        expect((error as Error).message).toContain('no space left');
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(5);
    expect(journal.healthy).toBe(false);
    expect(verify()).toMatchObject({ valid: true, tornBytes: 0 });
    budget.bytes = 10_000;
    journal.append([entry('after')]);
    expect(journal.healthy).toBe(true);
    expect(verify()).toMatchObject({ valid: true, tornBytes: 0 });
    expect(readFileSync(path, 'utf8')).toContain('"session":"after"');
  });

  it('tries again by itself, and writes down that there was a gap', async () => {
    const budget = { bytes: 500 };
    const journal = open(diskOf(budget), 'Local', { retryEvery: 10 });
    for (let index = 0; index < 5; index += 1) {
      try {
        journal.append([entry(`s${index}`)]);
      } catch {
        // Full.
      }
    }
    expect(journal.healthy).toBe(false);
    budget.bytes = 10_000;
    await expect.poll(() => journal.healthy).toBe(true);
    expect(verify()).toMatchObject({ valid: true, tornBytes: 0 });
    expect(readFileSync(path, 'utf8')).toMatch(/"event":"records-failed","detail":\{"since":"[^"]+","appends":[1-9]/);
    await journal.close();
  });

  const intent = (statement: string): AuditEntry =>
    ({ type: 'intent', session: 's', statement, decision: 'allow', kind: 'select' }) as unknown as AuditEntry;

  it('goes on in a new file when its own was moved away, and the two fit together', async () => {
    const journal = open({}, 'Local', { lookEvery: 0 });
    journal.append([intent('s.0')]);
    const moved = `${path}.1`;
    fs.renameSync(path, moved);
    journal.append([{ type: 'outcome', session: 's', statement: 's.0', result: 'ok' }, intent('s.1')]);
    journal.append([{ type: 'outcome', session: 's', statement: 's.1', result: 'ok' }]);
    await journal.close();
    const [before, after] = [verify(moved), verify()];
    expect([before.valid, before.records, before.outcomeUnknown]).toEqual([true, 2, ['s.0']]);
    expect([after.valid, after.records, after.outcomeUnknown]).toEqual([true, 4, []]);
    expect(JSON.parse(readFileSync(path, 'utf8').split('\n')[0]!)).toMatchObject({
      seq: 2,
      prev: before.head,
      type: 'chain-start',
      chain: 'c1',
      continues: { seq: 1, hash: before.head },
    });
  });

  it('writes nothing into a file that was removed: refuses until there is a place for a new one', async () => {
    const journal = open({}, 'Local', { lookEvery: 0, retryEvery: 10 });
    journal.append([entry('a')]);
    rmSync(directory, { recursive: true });
    expect(() => journal.append([entry('b')])).toThrow(/directory does not exist/);
    expect(journal.healthy).toBe(false);
    fs.mkdirSync(directory);
    await expect.poll(() => journal.healthy).toBe(true);
    journal.append([entry('c')]);
    expect(verify()).toMatchObject({ valid: true });
    expect(readFileSync(path, 'utf8')).toContain('"session":"c"');
    await journal.close();
  });

  it('settles a synced append only after a sync that began after its write', async () => {
    const syncs: (() => void)[] = [];
    const fdatasync = (_descriptor: number, done: (error: null) => void): void => void syncs.push(() => done(null));
    const journal = open({ fdatasync: fdatasync as typeof fs.fdatasync }, 'Synced');
    const settled: string[] = [];
    const note = (name: string) => () => settled.push(name);
    const one = Promise.resolve(journal.append([entry('1')])).then(note('1'));
    const two = Promise.resolve(journal.append([entry('2')])).then(note('2'));
    const three = Promise.resolve(journal.append([entry('3')])).then(note('3'));
    expect(syncs).toHaveLength(1);
    syncs[0]!();
    await one;
    await new Promise(setImmediate);
    expect(settled).toEqual(['1']);
    expect(syncs).toHaveLength(2);
    syncs[1]!();
    await Promise.all([two, three]);
    expect(settled).toEqual(['1', '2', '3']);
  });

  it('refuses a second writer, a foreign file, and a directory that does not exist, each in one sentence', async () => {
    const journal = open();
    expect(() => open()).toThrow(/in use by process/);
    await journal.close();
    writeFileSync(path, 'hello\nworld\n');
    expect(() => open()).toThrow(/not an audit record/);
    path = join(directory, 'missing', 'audit.jsonl');
    expect(() => open()).toThrow(/cannot write the audit file .*directory does not exist/);
  });

  it('takes over the lock of a process that is gone', async () => {
    for (const content of ['999999999 1\n', `${process.pid} 1\n`, '']) {
      writeFileSync(`${path}.lock`, content);
      await open().close();
    }
    expect(fs.existsSync(`${path}.lock`)).toBe(false);
  });
});
