/**
 * The canary oracle: listens to everything a server sends to a client and reports each protected cell that shows up, in clear
 * or encoded, in whatever message, cut anywhere. It expects nothing of the workload, so it can run under all of them. Silence
 * proves something only because the same workload is first seen to make it fire on a bare relay (tap.ts).
 */
import type { Canary } from '../support/shop.ts';
import { splitMessages } from '../support/backend.ts';
import { patternsOf, type View } from './encodings.ts';
import { PatternSearch } from './pattern-search.ts';

export interface Finding {
  /** `schema.table.column` of the cell. */
  readonly column: string;
  readonly value: string;
  readonly encoding: string;
  /** In which view of the stream. */
  readonly view: View;
  /** Type and ordinal of the message that was on the wire when the last byte came, e.g. `D (17th message)`. */
  readonly where: string;
  readonly connection: number;
}

const VIEWS: readonly View[] = ['raw', 'folded', 'compact', 'values', 'valuesExact', 'digits'];

export class CanaryOracle {
  readonly #searches: ReadonlyMap<View, PatternSearch>;
  readonly #streams = new Map<number, StreamWatch>();
  readonly #findings = new Map<string, Finding>();

  constructor(canaries: readonly Canary[]) {
    const patterns = canaries.flatMap(patternsOf);
    this.#searches = new Map(VIEWS.map((view) => [view, new PatternSearch(patterns.filter((pattern) => pattern.view === view))]));
  }

  /** To be given to a tap as onServerData. */
  readonly listen = (chunk: Buffer, connection = 1): void => {
    let stream = this.#streams.get(connection);
    if (stream === undefined) this.#streams.set(connection, (stream = new StreamWatch(this.#searches)));
    for (const { pattern, view, where } of stream.feed(chunk)) {
      const finding: Finding = {
        column: pattern.canary.column,
        value: pattern.canary.value,
        encoding: pattern.encoding,
        view,
        where,
        connection,
      };
      const key = `${finding.column} ${finding.value} ${finding.encoding}`;
      if (!this.#findings.has(key)) this.#findings.set(key, finding);
    }
  };

  get findings(): readonly Finding[] {
    return [...this.#findings.values()];
  }

  /** What was found since the last call; forgets it, so that one oracle can serve many statements. */
  take(): readonly Finding[] {
    const found = this.findings;
    this.#findings.clear();
    for (const stream of this.#streams.values()) stream.forget();
    return found;
  }
}

/** A short account for a test's message. */
export function describeFindings(findings: readonly Finding[]): string {
  const shown = findings
    .slice(0, 5)
    .map(({ column, value, encoding, view, where }) => `${column} ("${value}") as ${encoding} in ${where}, view ${view}`);
  return `${findings.length} canaries: ${shown.join('; ')}${findings.length > 5 ? '; …' : ''}`;
}

/** One connection's stream: its views, the tails that a pattern may straddle, and where in the protocol it stands. */
class StreamWatch {
  readonly #searches: ReadonlyMap<View, PatternSearch>;
  readonly #tails = new Map<View, Buffer>();
  #unsplit: Buffer = Buffer.alloc(0);
  #started = false;
  /** TLS or something else that cannot be split into messages: only the raw views are searched. */
  #opaque = false;
  #messages = 0;
  #lastType = '?';

  constructor(searches: ReadonlyMap<View, PatternSearch>) {
    this.#searches = searches;
  }

  *feed(
    chunk: Buffer,
  ): Generator<{ readonly pattern: import('./encodings.ts').Pattern; readonly view: View; readonly where: string }> {
    const values = this.#values(chunk);
    const folded = fold(chunk);
    const parts: Readonly<Record<View, Buffer>> = {
      raw: chunk,
      folded,
      compact: withoutLineBreaks(chunk),
      valuesExact: values,
      values: fold(values),
      digits: values.filter((byte) => byte >= 48 && byte <= 57) as Buffer,
    };
    for (const view of VIEWS) {
      const part = parts[view];
      const search = this.#searches.get(view);
      if (part.length === 0 || search === undefined) continue;
      const tail = this.#tails.get(view);
      const buffer = tail === undefined || tail.length === 0 ? part : Buffer.concat([tail, part]);
      for (const { pattern } of search.find(buffer))
        yield { pattern, view, where: `${this.#lastType} (message ${this.#messages})` };
      this.#tails.set(view, Buffer.from(buffer.subarray(Math.max(0, buffer.length - search.longest + 1))));
    }
  }

  forget(): void {
    this.#tails.clear();
  }

  /** The values of DataRow, CopyData, FunctionCallResponse and NotificationResponse in this chunk, joined. */
  #values(chunk: Buffer): Buffer {
    if (this.#opaque) return Buffer.alloc(0);
    let bytes = this.#unsplit.length === 0 ? chunk : Buffer.concat([this.#unsplit, chunk]);
    if (!this.#started) {
      // The one-byte answers to SSLRequest and GSSENCRequest come before any message.
      while (bytes.length > 0 && (bytes[0] === 0x4e || bytes[0] === 0x47)) bytes = bytes.subarray(1);
      if (bytes[0] === 0x53) this.#opaque = true;
      if (bytes.length === 0 || this.#opaque) return Buffer.alloc(0);
      this.#started = true;
    }
    try {
      const { messages, rest } = splitMessages(bytes);
      this.#unsplit = Buffer.from(rest);
      const values: Buffer[] = [];
      for (const { type, body } of messages) {
        this.#messages++;
        this.#lastType = type;
        if (type === 'D') values.push(...fieldsOf(body));
        else if (type === 'd') values.push(Buffer.from(body.filter((byte) => byte !== 9 && byte !== 10 && byte !== 44)));
        else if (type === 'V' || type === 'A') values.push(body.subarray(4));
      }
      return Buffer.concat(values);
    } catch {
      this.#opaque = true;
      return Buffer.alloc(0);
    }
  }
}

function fieldsOf(body: Buffer): readonly Buffer[] {
  const fields: Buffer[] = [];
  let at = 2;
  while (at + 4 <= body.length) {
    const length = body.readInt32BE(at);
    at += 4;
    if (length <= 0) continue;
    fields.push(body.subarray(at, at + length));
    at += length;
  }
  return fields;
}

const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));

function fold(bytes: Buffer): Buffer {
  const folded = Buffer.allocUnsafe(bytes.length);
  for (let at = 0; at < bytes.length; at++) folded[at] = LOWER[bytes[at] ?? 0] ?? 0;
  return folded;
}

/** Leaves out line feeds, in clear and as COPY and JSON write them (base64 breaks its lines). */
function withoutLineBreaks(bytes: Buffer): Buffer {
  const kept = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 10) continue;
    if (bytes[at] === 92 && bytes[at + 1] === 110) {
      at++;
      continue;
    }
    kept[length++] = bytes[at] ?? 0;
  }
  return kept.subarray(0, length);
}
