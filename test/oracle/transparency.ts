/**
 * The transparency oracle: one workload run directly and through Sluice must bring back the same messages, byte by byte,
 * errors included. What is normalised, and why:
 *
 * - the login (authentication, BackendKeyData, ParameterStatus of application_name, session_authorization): Sluice logs in as
 *   itself, mints its own cancel keys and names itself to the server;
 * - OIDs of relations created on the way;
 * - steps whose answers differ between two direct runs: nondeterministic, reported as unstable and not compared.
 */
import type { BackendMessage } from '../support/backend.ts';
import { rowDescription, serverMessage, type ServerMessage } from '../support/backend.ts';
import type { WireClient } from '../support/wire-client.ts';

export interface Step {
  readonly name: string;
  /** Sends something and returns all messages that came back. */
  readonly run: (client: WireClient) => Promise<readonly BackendMessage[]>;
}

export interface Mismatch {
  readonly step: string;
  /** Ordinal of the first message that differs. */
  readonly at: number;
  readonly direct: string;
  readonly through: string;
}

export interface TransparencyReport {
  readonly compared: number;
  readonly unstable: readonly string[];
  readonly mismatches: readonly Mismatch[];
}

/**
 * Runs the steps in order on three connections to databases in the same state: two direct ones and one through Sluice.
 * `firstNewOid` is above every OID of the fixture.
 */
export async function compareTraffic(
  steps: readonly Step[],
  connections: { readonly direct: WireClient; readonly again: WireClient; readonly through: WireClient },
  firstNewOid: number,
): Promise<TransparencyReport> {
  const unstable: string[] = [];
  const mismatches: Mismatch[] = [];
  let compared = 0;
  for (const step of steps) {
    const direct = normalise(await step.run(connections.direct), firstNewOid);
    const again = normalise(await step.run(connections.again), firstNewOid);
    const through = normalise(await step.run(connections.through), firstNewOid);
    if (firstDifference(direct, again) !== null) {
      unstable.push(step.name);
      continue;
    }
    compared++;
    const at = firstDifference(direct, through);
    if (at !== null)
      mismatches.push({ step: step.name, at, direct: direct[at] ?? '(nothing)', through: through[at] ?? '(nothing)' });
  }
  return { compared, unstable, mismatches };
}

/** One printable line a message, lossless but for what the head of this file lists. */
export function normalise(messages: readonly BackendMessage[], firstNewOid: number): readonly string[] {
  return messages.flatMap(({ type, body }) => {
    if (type === 'K') return [];
    if (type === 'S' && /^(application_name|session_authorization)\0/.test(body.toString('latin1'))) return [];
    if (type === 'E' || type === 'N') return [`${type} ${errorText(serverMessage(body))}`];
    if (type === 'T') {
      const fields = rowDescription(body).map((field) => (field.tableOid >= firstNewOid ? { ...field, tableOid: 'new' } : field));
      return [`T ${JSON.stringify(fields)}`];
    }
    return [`${type} ${body.toString('latin1')}`];
  });
}

/** All fields, in order. */
function errorText(fields: ServerMessage): string {
  return Object.entries(fields)
    .map(([name, text]) => `${name}=${text}`)
    .join(' ');
}

function firstDifference(a: readonly string[], b: readonly string[]): number | null {
  for (let at = 0; at < Math.max(a.length, b.length); at++) if (a[at] !== b[at]) return at;
  return null;
}
