/** Test support: what a client has done, and what a store says that it did. */
import { expect } from 'vitest';
import type { AuditStore } from '../../core/audit/store.ts';
import { ChainVerifier } from '../../core/audit/verify.ts';
import type { VerifyReport } from '../../core/audit/verify-report.ts';
import { TEST_TRUST } from '../stream/operator.ts';
import type { WireClient } from '../support/wire-client.ts';

/** A statement that leaves a row and a record by the same number. */
export function insertion(id: number): string {
  return `INSERT INTO tickets VALUES (${id}, 'x') /*traceparent='${traceOf(id)}'*/`;
}

export function traceOf(id: number): string {
  return `00-${id.toString(16).padStart(32, '0')}-0000000000000001-01`;
}

/** Undefined: it was done. */
export async function insert(client: WireClient, id: number): Promise<string | undefined> {
  const { error, status } = await client.query(insertion(id));
  if (status === null) return 'the connection ended';
  return error === null ? undefined : `${error['C']} ${error['D'] ?? ''}`;
}

export interface Collected {
  readonly reports: ReadonlyMap<string, VerifyReport>;
  /** How many intents there are of each statement. */
  readonly intents: ReadonlyMap<number, number>;
  readonly types: readonly string[];
}

/** All that a store has; every chain verified, signatures too. */
export async function collected(store: AuditStore): Promise<Collected> {
  const reports = new Map<string, VerifyReport>();
  const intents = new Map<number, number>();
  const types: string[] = [];
  for await (const { chain } of store.chains()) {
    const verifier = new ChainVerifier({ chain, trust: TEST_TRUST });
    for await (const { line } of store.lines(chain)) {
      verifier.line(Buffer.from(line));
      const { type, trace } = JSON.parse(line) as { type: string; trace?: string };
      types.push(type);
      const id = trace === undefined ? undefined : Number.parseInt(trace.slice(3, 35), 16);
      if (type === 'intent' && id !== undefined) intents.set(id, (intents.get(id) ?? 0) + 1);
    }
    const report = verifier.finish();
    expect(report.fault, chain).toBeUndefined();
    reports.set(chain, report);
  }
  return { reports, intents, types };
}
