/** Exchanges as they are kept for comparison: printable lines instead of bytes, long answers by their hash. */
import { createHash } from 'node:crypto';
import { type BackendMessage, dataRow, rowDescription } from '../../support/backend.ts';
import { normalise } from '../../oracle/transparency.ts';
import type { Exchange, OnExchange } from './recording.ts';

/** The first OID that is not of initdb. */
const FIRST_NEW_OID = 16384;
/** Longer answers are told apart by a hash, and shown by their beginning. */
const KEPT = 60;

export interface Traced {
  readonly messages: string;
  readonly sql: readonly string[];
  readonly lines: readonly string[];
  readonly floor?: string;
  readonly refusal?: Exchange['refusal'];
  readonly aborted?: true;
}

/** One client connection's exchanges in order. */
export interface Trace {
  /** What the client called itself, and which of its connections it was: `pg_regress/join 1`. */
  readonly name: string;
  readonly exchanges: readonly Traced[];
}

/** Collects what a relay records; `traces` is complete once its clients have left. */
export class Tracer {
  readonly #traces = new Map<number, { readonly name: string; readonly exchanges: Traced[]; readonly notifications: string[] }>();
  readonly #counts = new Map<string, number>();
  /** Process id that a client was given -> its trace. */
  readonly #processes = new Map<number, string>();

  readonly onExchange: OnExchange = (exchange, origin) => {
    let trace = this.#traces.get(origin.connection);
    if (trace === undefined) {
      const count = (this.#counts.get(origin.application) ?? 0) + 1;
      this.#counts.set(origin.application, count);
      trace = { name: `${origin.application} ${count}`, exchanges: [], notifications: [] };
      this.#traces.set(origin.connection, trace);
    }
    const { messages, sql, answer, ...rest } = exchange;
    for (const { type, body } of answer) if (type === 'K') this.#processes.set(body.readInt32BE(0), trace.name);
    const heard = answer.filter(({ type }) => type === 'A');
    trace.notifications.push(...this.#printed(heard));
    const others = heard.length === 0 ? answer : answer.filter(({ type }) => type !== 'A');
    if (others.length === 0) return;
    trace.exchanges.push({ messages, sql: sql.map(withoutChance), lines: this.#printed(others), ...rest });
  };

  /** Notifications come when they come: they are compared apart, in their order. */
  get traces(): readonly Trace[] {
    return [...this.#traces.values()].map(({ name, exchanges, notifications }) => {
      const heard = { messages: '', sql: ['(notifications)'], lines: notifications };
      return { name, exchanges: notifications.length === 0 ? exchanges : [...exchanges, heard] };
    });
  }

  #printed(answer: readonly BackendMessage[]): readonly string[] {
    // Who acts is a floor, and what the server reports of it with it.
    const lines = withoutOids(answer)
      .filter((line) => !line.startsWith('S is_superuser\0'))
      .map((line) => this.#withProcesses(withoutChance(line)));
    if (lines.length <= KEPT) return lines.map(shortened);
    const hash = createHash('sha256');
    for (const line of lines) hash.update(line).update('\n');
    return [
      ...lines.slice(0, KEPT).map(shortened),
      `… ${lines.length - KEPT} more, ${hash.digest('hex')}`,
      ...lines.slice(-2).map(shortened),
    ];
  }

  /** Process ids differ from run to run; whose they are does not. Places of tuples and transaction ids are chance. */
  #withProcesses(line: string): string {
    const owner = (pid: number): string => this.#processes.get(pid) ?? 'nobody';
    if (line.startsWith('A ')) return `A ${owner(Buffer.from(line.slice(2, 6), 'latin1').readInt32BE(0))} ${line.slice(6)}`;
    return line.startsWith('E ')
      ? line
          .replaceAll(/\btuple \(\d+,\d+\)/g, 'tuple (n,n)')
          .replaceAll(/\btransaction \d+/g, 'transaction n')
          .replaceAll(/\b([Pp]rocess) (\d+)\b/g, (_, word, pid) => `${word} of ${owner(Number(pid))}`)
      : line;
  }
}

/** oid, oidvector, xid, _oid. */
const OID_TYPES: ReadonlySet<number> = new Set([26, 30, 28, 1028]);

/**
 * Which OID a new object gets depends on what was made before it: a refusal, or a trial that was rolled back, moves all that
 * follow. New types in descriptions and new OIDs in columns of type oid are therefore not compared.
 */
function withoutOids(answer: readonly BackendMessage[]): readonly string[] {
  const lines: string[] = [];
  let columns: readonly number[] = [];
  for (const message of answer) {
    if (message.type === 'T') {
      const fields = rowDescription(message.body);
      columns = fields.flatMap(({ typeOid }, index) => (OID_TYPES.has(typeOid) ? [index] : []));
      lines.push(...normalise([message], FIRST_NEW_OID).map((line) => line.replaceAll(/"typeOid":\d{5,}/g, '"typeOid":"new"')));
    } else if (message.type === 'D') {
      const values = dataRow(message.body).map((value, index) => {
        const text = value?.toString('latin1') ?? null;
        return columns.includes(index) ? (text?.replaceAll(/\b\d{5,}\b/g, 'new') ?? null) : text;
      });
      lines.push(`D ${JSON.stringify(values)}`);
    } else lines.push(...normalise([message], FIRST_NEW_OID));
  }
  return lines;
}

function shortened(line: string): string {
  return line.length <= 2_000 ? line : `${line.slice(0, 500)}… ${createHash('sha256').update(line).digest('hex')}`;
}

/** Which number a session's temporary schema has depends on who else is connected; the run's directory has a random name. */
export function withoutChance(text: string): string {
  return text.replaceAll(/\bpg_(toast_)?temp_\d+\b/g, 'pg_$1temp_N').replaceAll(/\/sluice-regress-\w{6}\b/g, '/sluice-regress');
}
