/**
 * What operators of the proxy can see at night: counters and gauges (Prometheus text format), without statement text and without
 * values. Called from the session and the listener; nothing here can fail a statement.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Code } from '../../core/errors/codes.ts';
import type { StatementKind } from '../../core/sql/plan.ts';

export interface Telemetry {
  /** A statement was decided; `code` when it was denied (or would have been, observing). */
  statement(decision: 'allow' | 'deny' | 'observe', kind: StatementKind, code?: Code): void;
  /** A statement finished; seconds from forwarding to completion. */
  finished(seconds: number, rows: number): void;
  sessionOpened(): void;
  sessionClosed(reason: string): void;
  /** An error of ours went to a client, whatever it was about. */
  refusal(code: Code): void;
  /** Something went wrong in here that nothing was prepared for. */
  defect(): void;
  /** A connection was turned away before it became a session. */
  refused(code: Code): void;
  upstreamFailed(code: Code): void;
  /** A tripwire of the second line: the session was killed. */
  tripwire(code: Code): void;
  auditFailed(): void;
  catalogRead(result: 'ok' | 'failed', seconds: number): void;
  policyLoaded(result: 'ok' | 'rejected'): void;
  /** Columns that detection takes for sensitive now, by class. */
  sensitiveColumns(counts: ReadonlyMap<string, number>): void;
  /** Values of a table were looked at; `sqlstate` when they could not be. */
  tableSampled(sqlstate?: string): void;
}

/** Counts nothing. */
export const SILENT: Telemetry = {
  statement: () => {},
  finished: () => {},
  sessionOpened: () => {},
  sessionClosed: () => {},
  refusal: () => {},
  defect: () => {},
  refused: () => {},
  upstreamFailed: () => {},
  tripwire: () => {},
  auditFailed: () => {},
  catalogRead: () => {},
  policyLoaded: () => {},
  sensitiveColumns: () => {},
  tableSampled: () => {},
};

export function prometheusTelemetry(registry: Registry): Telemetry {
  const registers = [registry];
  const statements = new Counter({
    name: 'sluice_statements_total',
    help: 'Statements by decision and kind',
    labelNames: ['decision', 'kind'],
    registers,
  });
  const denials = new Counter({
    name: 'sluice_denials_total',
    help: 'Denied (or observed) statements by code',
    labelNames: ['code'],
    registers,
  });
  const duration = new Histogram({
    name: 'sluice_statement_duration_seconds',
    help: 'From forwarding to completion',
    buckets: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
    registers,
  });
  const rows = new Counter({ name: 'sluice_rows_total', help: 'Rows delivered', registers });
  const sessions = new Gauge({ name: 'sluice_sessions', help: 'Open sessions', registers });
  const ended = new Counter({
    name: 'sluice_sessions_ended_total',
    help: 'Ended sessions by reason',
    labelNames: ['reason'],
    registers,
  });
  const refusals = new Counter({
    name: 'sluice_refusals_total',
    help: 'Errors of ours that went to clients, by code',
    labelNames: ['code'],
    registers,
  });
  const defects = new Counter({ name: 'sluice_internal_errors_total', help: 'Defects of ours', registers });
  const refused = new Counter({
    name: 'sluice_connections_refused_total',
    help: 'Connections turned away by code',
    labelNames: ['code'],
    registers,
  });
  const upstream = new Counter({
    name: 'sluice_upstream_failures_total',
    help: 'Failed upstream connections by code',
    labelNames: ['code'],
    registers,
  });
  const tripwires = new Counter({
    name: 'sluice_tripwires_total',
    help: 'Sessions killed by the second line',
    labelNames: ['code'],
    registers,
  });
  const audit = new Counter({
    name: 'sluice_audit_failures_total',
    help: 'Statements refused because no record could be written',
    registers,
  });
  const catalog = new Histogram({
    name: 'sluice_catalog_read_seconds',
    help: 'Reading the schema',
    labelNames: ['result'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5],
    registers,
  });
  const policies = new Counter({
    name: 'sluice_policy_loads_total',
    help: 'Policy loads by result',
    labelNames: ['result'],
    registers,
  });
  const sensitive = new Gauge({
    name: 'sluice_sensitive_columns',
    help: 'Columns that detection takes for sensitive, by class',
    labelNames: ['class'],
    registers,
  });
  const sampled = new Counter({
    name: 'sluice_tables_sampled_total',
    help: 'Tables whose values were looked at, by result: ok, or the SQLSTATE that prevented it',
    labelNames: ['result'],
    registers,
  });
  return {
    statement: (decision, kind, code) => {
      statements.inc({ decision, kind });
      if (code !== undefined) denials.inc({ code });
    },
    finished: (seconds, count) => {
      duration.observe(seconds);
      if (count > 0) rows.inc(count);
    },
    sessionOpened: () => sessions.inc(),
    sessionClosed: (reason) => {
      sessions.dec();
      ended.inc({ reason });
    },
    refusal: (code) => refusals.inc({ code }),
    defect: () => defects.inc(),
    refused: (code) => refused.inc({ code }),
    upstreamFailed: (code) => upstream.inc({ code }),
    tripwire: (code) => tripwires.inc({ code }),
    auditFailed: () => audit.inc(),
    catalogRead: (result, seconds) => catalog.observe({ result }, seconds),
    policyLoaded: (result) => policies.inc({ result }),
    sensitiveColumns: (counts) => {
      sensitive.reset();
      for (const [name, count] of counts) sensitive.set({ class: name }, count);
    },
    tableSampled: (sqlstate) => sampled.inc({ result: sqlstate ?? 'ok' }),
  };
}
