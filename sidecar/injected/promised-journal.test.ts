import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../core/audit/record.ts';
import { JournalError } from '../journal/journal.ts';
import { openSegmentedJournal, type SegmentedJournal } from '../journal/segmented-journal.ts';
import { type Durability, promisedJournal, type Unpromised } from './promised-journal.ts';

const INTENT = { type: 'intent', session: 's', statement: '1', decision: 'allow' } as unknown as AuditEntry;
const OUTCOME: AuditEntry = { type: 'outcome', session: 's', statement: '1', result: 'ok' };

let directory: string;
let segments: SegmentedJournal;
let standing: 'kept' | 'stored' | 'lost';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-promise-'));
  standing = 'kept';
  segments = openSegmentedJournal({
    directory,
    segment: 1_000,
    total: 4_000,
    durability: () => 'Local',
    start: { product: 'test', identity: { namespace: 'a', serviceAccount: 'b' }, database: { namespace: 'd', name: 'e' } },
    clock: () => '2026-06-01T00:00:00.000000Z',
    standing: () => standing,
    log: () => {},
  });
});
afterEach(async () => {
  await segments.close();
  rmSync(directory, { recursive: true, force: true });
});

function promised(durability: Durability, shipper: { away?: string; stored?: (seq: number) => Promise<void> } = {}) {
  const refusals: Unpromised[] = [];
  const asked: number[] = [];
  const journal = promisedJournal({
    journal: segments,
    shipper: {
      unavailable: () => shipper.away,
      whenStored: (seq) => {
        asked.push(seq);
        return shipper.stored?.(seq) ?? Promise.resolve();
      },
    },
    durability: () => durability,
    refused: (why) => void refusals.push(why),
  });
  return { journal, refusals, asked };
}

describe('Replicated', () => {
  it('waits for the last of what was appended together', async () => {
    const { journal, asked } = promised('Replicated');
    await journal.append([INTENT, OUTCOME]);
    expect(asked).toEqual([segments.head.seq - 1]);
  });

  it('refuses before anything is written where nobody stores, and after it was written where nobody has in time', async () => {
    const away = promised('Replicated', { away: 'nobody there' });
    const before = segments.head.seq;
    expect(() => away.journal.append([INTENT])).toThrow(/nobody there/);
    expect([segments.head.seq, away.journal.healthy, away.refusals]).toEqual([before, false, ['not-replicated']]);
    const late = promised('Replicated', { stored: () => Promise.reject(new Error('too late')) });
    await expect(late.journal.append([INTENT])).rejects.toThrow(JournalError);
    expect([segments.head.seq, late.journal.healthy, late.refusals]).toEqual([before + 1, true, ['not-replicated']]);
  });

  it('writes what became of statements that were forwarded, whoever stores', () => {
    const { journal } = promised('Replicated', { away: 'nobody there' });
    const before = segments.head.seq;
    expect(journal.append([OUTCOME])).toBeUndefined();
    journal.defer(OUTCOME);
    segments.append([OUTCOME]);
    expect(segments.head.seq).toBe(before + 3);
  });
});

describe.each<Durability>(['Local', 'Synced'])('%s', (durability) => {
  it('does not care who stores', () => {
    const { journal, asked } = promised(durability, { away: 'nobody there' });
    expect([journal.append([INTENT]), journal.healthy, asked]).toEqual([undefined, true, []]);
  });

  it('refuses what is new when all room is taken by what nobody else has, and nothing else; until there is room', () => {
    const { journal, refusals } = promised(durability);
    while (!segments.isFull) void journal.append([INTENT]);
    const before = segments.head.seq;
    expect(() => journal.append([INTENT])).toThrow(/full of those that the operator has not stored/);
    expect(() => journal.append([{ type: 'session-start', session: 's', claims: {} }])).toThrow(JournalError);
    expect([segments.head.seq, journal.healthy, refusals]).toEqual([before, false, ['full', 'full']]);
    expect(journal.append([OUTCOME])).toBeUndefined();
    standing = 'stored';
    expect([journal.append([INTENT]), journal.healthy]).toEqual([undefined, true]);
    expect(segments.head.seq).toBe(before + 2);
  });
});
