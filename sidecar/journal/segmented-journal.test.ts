import { mkdtempSync, readdirSync, readFileSync, rmSync, appendFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashLine } from '../../core/audit/chain.ts';
import type { AuditEntry } from '../../core/audit/record.ts';
import { ChainVerifier } from '../../core/audit/verify.ts';
import { JournalError } from './journal.ts';
import { openSegmentedJournal, segmentsOf, type SegmentedJournal, type SegmentedJournalOptions } from './segmented-journal.ts';
import { copyToOutput } from './standard-output.ts';

const TIME = '2026-06-01T00:00:00.000000Z';

let directory: string;
const logs: string[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-segments-'));
  logs.length = 0;
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open(options: Partial<SegmentedJournalOptions> = {}): SegmentedJournal {
  return openSegmentedJournal({
    directory,
    segment: 2_000,
    total: 1_000_000,
    durability: () => 'Local',
    start: { product: 'test', identity: { namespace: 'a', serviceAccount: 'b' }, database: { namespace: 'd', name: 'e' } },
    clock: () => TIME,
    log: (_level, event) => void logs.push(event),
    ...options,
  });
}

let counter = 0;
function statement(): { intent: AuditEntry; outcome: AuditEntry } {
  counter += 1;
  const id = `s${counter}`;
  return {
    intent: {
      type: 'intent',
      session: 'x',
      statement: id,
      policies: [],
      bundle: 'v',
      mode: 'Enforce',
      decision: 'allow',
      kind: 'select',
      fingerprint: 'f',
      text: 'SELECT $1',
      reads: [],
      writes: [],
      masks: {},
      filters: {},
    },
    outcome: { type: 'outcome', session: 'x', statement: id, result: 'ok' },
  };
}

function verify(paths = segmentsOf(directory)): ReturnType<ChainVerifier['finish']> {
  const verifier = new ChainVerifier();
  paths.forEach((path, index) => {
    if (index > 0) verifier.nextFile();
    for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) verifier.line(Buffer.from(line));
  });
  return verifier.finish();
}

describe('segments', () => {
  it('follow one another in one chain, with outcomes behind their intents in whichever', async () => {
    const journal = open();
    let before = statement();
    journal.append([before.intent]);
    for (let index = 0; index < 60; index += 1) {
      const next = statement();
      journal.append([next.intent]);
      journal.defer(before.outcome);
      before = next;
    }
    await journal.close();
    expect(segmentsOf(directory).length).toBeGreaterThan(3);
    expect(verify()).toMatchObject({
      valid: true,
      statements: { allowed: 61 },
      outcomeUnknown: [before.intent.type === 'intent' ? before.intent.statement : ''],
    });
  });

  it('go on under the same name after a restart, also after one in the middle of a record', async () => {
    const first = open();
    first.append([statement().intent]);
    await first.close();
    appendFileSync(segmentsOf(directory).at(-1)!, '{"v":1,"seq":2,"ti');
    const second = open();
    second.append([statement().intent]);
    await second.close();
    const starts = segmentsOf(directory).map(
      (path) => JSON.parse(readFileSync(path, 'utf8').split('\n')[0]!) as { chain: string; seq: number; continues?: unknown },
    );
    expect(starts).toHaveLength(2);
    expect(starts[1]).toMatchObject({ chain: starts[0]?.chain, continues: { seq: 1 }, seq: 2 });
    expect(readFileSync(segmentsOf(directory)[1]!, 'utf8')).toContain('record-torn');
    expect(verify().valid).toBe(true);
  });

  it('a missing one, a missing end, and a changed record show', async () => {
    const journal = open();
    for (let index = 0; index < 60; index += 1) {
      const { intent, outcome } = statement();
      journal.append([intent, outcome]);
    }
    await journal.close();
    const [one, two, three, ...more] = segmentsOf(directory) as [string, string, string, ...string[]];
    expect(verify([one, two, three, ...more]).valid).toBe(true);
    // The oldest are removed in the course of things.
    expect(verify([two, three, ...more]).valid).toBe(true);
    expect(verify([one, three, ...more]).fault?.reason).toMatch(/a file is missing/);
    const text = readFileSync(two, 'utf8');
    writeFileSync(two, text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1));
    expect(verify([one, two, three]).fault).toMatchObject({ line: 1, reason: expect.stringMatching(/or the end of that one/) });
    // Each by itself says that it begins in the middle.
    expect(verify([three])).toMatchObject({ valid: true, begins: expect.any(Number) });
    expect(verify([three]).begins).toBeGreaterThan(verify([one]).next);
    writeFileSync(two, text.replace('SELECT $1', 'SELECT $2'));
    expect(verify([one, two, three]).valid).toBe(false);
  });

  it('stay within their bytes, and say which are gone', async () => {
    const journal = open({ total: 6_000 });
    for (let index = 0; index < 200; index += 1) journal.append([statement().intent]);
    await journal.close();
    const sizes = segmentsOf(directory).map((path) => readFileSync(path).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(6_000 + 2 * 2_600);
    expect(readFileSync(segmentsOf(directory).at(-1)!, 'utf8') + readFileSync(segmentsOf(directory).at(-2)!, 'utf8')).toContain(
      'segments-removed',
    );
    expect(logs).toContain('segments-removed');
    expect(verify().valid).toBe(true);
  });

  it('one that is something else is left alone, and a new chain begins beside it', async () => {
    writeFileSync(join(directory, '00000007.jsonl'), 'not ours\n');
    const journal = open();
    journal.append([statement().intent]);
    await journal.close();
    expect(readdirSync(directory).sort()).toEqual(['00000007.jsonl', '00000008.jsonl']);
    expect(verify([join(directory, '00000008.jsonl')]).valid).toBe(true);
    expect(readFileSync(join(directory, '00000008.jsonl'), 'utf8')).toContain('segment-unusable');
  });

  it('numbered from 0 each, as before 0.2.0, are verified, and followed by a new chain that names the old one', async () => {
    const older = (seq: number, prev: string, more: object): string => JSON.stringify({ v: 1, seq, time: TIME, prev, ...more });
    const begin = { type: 'chain-start', chain: 'c', product: 'sluice 0.1.0', identity: { namespace: 'a', serviceAccount: 'b' } };
    const first = older(0, hashLine(''), begin);
    const second = older(0, hashLine(''), { ...begin, continues: { seq: 0, hash: hashLine(first) } });
    writeFileSync(join(directory, '00000001.jsonl'), `${first}\n`);
    writeFileSync(join(directory, '00000002.jsonl'), `${second}\n`);
    expect(verify()).toMatchObject({ valid: true, records: 2 });
    const journal = open();
    await journal.close();
    const start = JSON.parse(readFileSync(segmentsOf(directory)[2]!, 'utf8').split('\n')[0]!) as { chain: string };
    expect(start).toMatchObject({ seq: 0, prev: hashLine(''), replaces: { chain: 'c', seq: 0, hash: hashLine(second) } });
    expect(start.chain).toBe(journal.chain);
  });

  it('a chain is given up for another one that says so, and the segments go on', async () => {
    const journal = open();
    journal.append([statement().intent]);
    const { chain, head } = journal;
    journal.replaceChain('the store has records that are not here');
    journal.append([statement().intent]);
    await journal.close();
    const segments = segmentsOf(directory);
    expect(segments).toHaveLength(2);
    expect(JSON.parse(readFileSync(segments[1]!, 'utf8').split('\n')[0]!)).toMatchObject({
      seq: 0,
      chain: journal.chain,
      replaces: { chain, seq: head.seq - 1, hash: head.hash, reason: 'the store has records that are not here' },
    });
    expect(journal.chain).not.toBe(chain);
    for (const segment of segments) expect(verify([segment])).toMatchObject({ valid: true, begins: 0 });
    const again = open();
    expect(again.chain).toBe(journal.chain);
    await again.close();
  });

  it('have one writer', async () => {
    writeFileSync(join(directory, 'lock'), `${process.ppid} 1\n`);
    expect(() => open()).toThrow(JournalError);
  });

  it('every line goes to the copy as well, whole and in order', async () => {
    let copied = '';
    const journal = open({ copy: (lines) => void (copied += lines.toString('utf8')) });
    for (let index = 0; index < 40; index += 1) journal.append([statement().intent]);
    await journal.close();
    expect(copied).toBe(
      segmentsOf(directory)
        .map((path) => readFileSync(path, 'utf8'))
        .join(''),
    );
  });
});

describe('the copy on standard output', () => {
  it('waits for a slow reader and holds nothing up, up to a bound; beyond it counts', async () => {
    let taken = '';
    let full = true;
    const copy = copyToOutput(1, (_descriptor, bytes) => {
      if (full) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
      const part = bytes.subarray(0, 700);
      taken += part.toString('utf8');
      return part.length;
    });
    const line = Buffer.from(`${'x'.repeat(1023)}\n`);
    for (let index = 0; index < 5_000; index += 1) copy.write(line);
    expect(copy.lost).toBe((5_000 - 4_096) * 1024);
    full = false;
    await expect.poll(() => taken.length).toBe(4_096 * 1024);
    expect(taken).toBe(line.toString('utf8').repeat(4_096));
  });
});
