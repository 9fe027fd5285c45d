import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashLine } from '../../core/audit/chain.ts';
import type { AuditEntry } from '../../core/audit/record.ts';
import { ChainVerifier } from '../../core/audit/verify.ts';
import { openSegmentedJournal, segmentsOf, type SegmentedJournal } from './segmented-journal.ts';
import { linkOf, SegmentReader, SegmentsBrokenError } from './segment-reader.ts';

let directory: string;
const open: SegmentedJournal[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-reader-'));
});
afterEach(async () => {
  for (const journal of open.splice(0)) await journal.close();
  rmSync(directory, { recursive: true, force: true });
});

function journal(segment = 1_000): SegmentedJournal {
  const opened = openSegmentedJournal({
    directory,
    segment,
    total: 10_000_000,
    durability: () => 'Local',
    start: { product: 'test', identity: { namespace: 'a', serviceAccount: 'b' }, database: { namespace: 'd', name: 'e' } },
    clock: () => '2026-06-01T00:00:00.000000Z',
    log: () => {},
  });
  open.push(opened);
  return opened;
}

const event = (fill: string): AuditEntry => ({ type: 'event', event: 'test', detail: { fill } });
const all = (): readonly string[] => segmentsOf(directory).flatMap((path) => readFileSync(path, 'utf8').split('\n').slice(0, -1));

function readAll(reader: SegmentReader, limit: number): readonly string[] {
  const lines: string[] = [];
  for (let batch = reader.read(limit); batch !== undefined; batch = reader.read(limit)) lines.push(...batch.lines);
  return lines;
}

describe('reading segments', () => {
  it('gives every line once and in order, from anywhere, whatever fits into a batch, also while they grow', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 400 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 5_000 }),
        fc.nat(),
        (fills, limit, at) => {
          rmSync(directory, { recursive: true, force: true });
          const written = journal();
          const half = Math.ceil(fills.length / 2);
          for (const fill of fills.slice(0, half)) void written.append([event(fill)]);
          const reader = new SegmentReader(() => written.segments());
          const from = at % (written.head.seq + 1);
          reader.seek(written.chain, from);
          const lines = [...readAll(reader, limit)];
          for (const fill of fills.slice(half)) void written.append([event(fill)]);
          lines.push(...readAll(reader, limit));
          reader.close();
          expect(lines).toEqual(all().slice(from));
          expect(linkOf(lines.at(-1) ?? '')).toBe(lines.length < 2 ? linkOf(lines.at(-1) ?? '') : hashLine(lines.at(-2)!));
          expect(reader.place?.seq).toBe(written.head.seq);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('passes over what a process was writing when it died', async () => {
    const first = journal();
    await first.append([event('one')]);
    await open.pop()!.close();
    appendFileSync(segmentsOf(directory)[0]!, '{"v":1,"seq":2,"ti');
    const second = journal();
    const reader = new SegmentReader(() => second.segments());
    reader.seek(second.chain, 0);
    const lines = readAll(reader, 100);
    expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([0, 1, 2, 3]);
    reader.close();
  });

  it('says so when a file is missing, or holds something else', () => {
    const written = journal(200);
    for (let index = 0; index < 9; index += 1) void written.append([event('x'.repeat(200))]);
    const segments = written.segments();
    const reader = (without: number): SegmentReader => new SegmentReader(() => segments.filter((_, index) => index !== without));
    const missing = reader(2);
    missing.seek(written.chain, 0);
    expect(() => readAll(missing, 100)).toThrow(SegmentsBrokenError);
    expect(() => reader(0).seek(written.chain, 0)).toThrow(/not there any more/);
    writeFileSync(segments[1]!.path, readFileSync(segments[1]!.path, 'utf8').replace(/"seq":\d+/, '"seq":77'));
    const changed = reader(-1);
    changed.seek(written.chain, 0);
    expect(() => readAll(changed, 100)).toThrow(/not where it has to be/);
    rmSync(segments[0]!.path);
    const gone = reader(-1);
    gone.seek(written.chain, 0);
    expect(() => readAll(gone, 100)).toThrow(/cannot be read: ENOENT/);
  });
});

describe('a chain that has to be given up', () => {
  it('goes on in another with all that nobody else has, which verifies, over restarts', async () => {
    const written = journal(500);
    for (let index = 0; index < 10; index += 1) void written.append([event(`e${index}`)]);
    const before = written.chain;
    const from = 5;
    written.replaceChain('a test', { chain: before, from });
    void written.append([event('after')]);
    const held = written.segments().filter(({ superseded }) => !superseded);
    const lines = held.flatMap(({ path }) => readFileSync(path, 'utf8').split('\n').slice(0, -1));
    const verifier = new ChainVerifier();
    for (const line of lines) verifier.line(Buffer.from(line));
    expect(verifier.finish()).toMatchObject({ valid: true, chain: written.chain });
    const old = all().filter((line) => line.includes(before) || !lines.includes(line));
    const start = JSON.parse(lines[0]!) as { replaces: { chain: string; seq: number; hash: string } };
    expect(start.replaces).toMatchObject({ chain: before, seq: from - 1, hash: hashLine(old[from - 1]!), reason: 'a test' });
    const fills = lines.flatMap((line) => (JSON.parse(line) as { detail?: { fill: string } }).detail?.fill ?? []);
    const unstored = old.slice(from).flatMap((line) => (JSON.parse(line) as { detail?: { fill: string } }).detail?.fill ?? []);
    expect(fills).toEqual([...unstored, 'after']);
    await open.pop()!.close();
    const again = journal(500);
    expect(again.chain).toBe(written.chain);
    expect(again.segments().filter(({ superseded }) => !superseded)[0]!.path).toBe(held[0]!.path);
  });
});
