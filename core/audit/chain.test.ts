import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chain } from './chain.ts';
import type { AuditEntry } from './record.ts';
import { ChainVerifier } from './verify.ts';
import type { VerifyReport } from './verify-report.ts';

const TIME = '2026-11-21T10:00:00.000000Z';

function intent(statement: string, decision: 'allow' | 'deny' = 'allow'): AuditEntry {
  return {
    type: 'intent',
    session: 's1',
    statement,
    policies: ['p/one'],
    bundle: 'b',
    mode: 'Enforce',
    decision,
    kind: 'select',
    fingerprint: 'f',
    text: 'SELECT $1',
    reads: [],
    writes: [],
    masks: {},
    filters: {},
  };
}

function outcome(statement: string): AuditEntry {
  return { type: 'outcome', session: 's1', statement, result: 'ok', rows: 1 };
}

function chainOf(entries: readonly AuditEntry[]): string[] {
  const chain = new Chain();
  const start = {
    type: 'chain-start',
    chain: 'c',
    product: 'test',
    identity: { namespace: 'n', serviceAccount: 's' },
    database: { namespace: 'd', name: 'o' },
  } as const;
  return [chain.seal(start, TIME), ...entries.map((entry) => chain.seal(entry, TIME))].map((line) => line.slice(0, -1));
}

function verify(lines: readonly string[]): VerifyReport {
  const verifier = new ChainVerifier();
  for (const line of lines) verifier.line(Buffer.from(line));
  return verifier.finish();
}

const sample = chainOf([intent('1'), outcome('1'), intent('2', 'deny'), outcome('2'), intent('3')]);

describe('the chain', () => {
  it('verifies what it wrote, counts statements and names those without an outcome', () => {
    const report = verify(sample);
    expect(report).toMatchObject({ valid: true, records: 6, statements: { allowed: 2, denied: 1 }, outcomeUnknown: ['3'] });
  });

  it('names the record in which a character was changed', () => {
    fc.assert(
      fc.property(fc.nat(sample.length - 2), fc.nat(10_000), (line, position) => {
        const text = sample[line]!;
        const at = position % text.length;
        const changed = text.slice(0, at) + (text[at] === 'x' ? 'y' : 'x') + text.slice(at + 1);
        const report = verify(sample.with(line, changed));
        expect(report.valid).toBe(false);
        expect(report.fault?.line).toBe(line + 1);
      }),
    );
  });

  it('shows a removed, repeated or swapped record', () => {
    for (let line = 0; line < sample.length - 1; line += 1) {
      expect(verify(sample.toSpliced(line, 1)).valid).toBe(false);
      expect(verify(sample.toSpliced(line, 0, sample[line]!)).valid).toBe(false);
      expect(verify(sample.with(line, sample[line + 1]!).with(line + 1, sample[line]!)).valid).toBe(false);
    }
  });

  it('names line, offset and seq of the fault', () => {
    const report = verify(sample.with(2, sample[2]!.replace('"rows":1', '"rows":2')));
    const offset = sample.slice(0, 2).reduce((sum, line) => sum + line.length + 1, 0);
    expect(report.fault).toMatchObject({ line: 3, seq: 2, offset, reason: expect.stringContaining('was changed') });
  });

  it('refuses an outcome that no intent announced, and a format it does not know', () => {
    expect(verify(chainOf([outcome('9')])).fault?.reason).toContain('without an intent');
    expect(verify([sample[0]!.replace('"v":1', '"v":2')]).fault?.reason).toContain('not known');
  });
});
