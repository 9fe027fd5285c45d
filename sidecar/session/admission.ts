/** Why a client is not served, or no longer: the reasons, and what it is told. */
import type { Code } from '../../core/errors/codes.ts';
import { type Denial, denial } from '../../core/errors/denial.ts';
import type { StartupMessage } from '../../core/wire/startup.ts';
import { JournalError } from '../journal/journal.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import type { EngineHost } from './engine-host.ts';
import type { SessionRegistry } from './registry.ts';

/** Sessions beyond these are refused whatever the policy says. */
const DEFAULT_MAX_SESSIONS = 1_000;

/** Why this client cannot be served at all, or undefined. Any user name and password are accepted: identity is the pod's. */
export function admissionDenial(
  startup: StartupMessage,
  host: EngineHost,
  registry: SessionRegistry,
  maxSessions: number = DEFAULT_MAX_SESSIONS,
): Denial | undefined {
  const { engine } = host;
  if (engine === undefined) {
    return notServed(host, 'no valid policy is in force');
  }
  if (registry.draining) return shuttingDown();
  const { limits, database } = engine.bundle;
  const max = Math.min(limits.maxConnections ?? Number.POSITIVE_INFINITY, maxSessions);
  if (registry.size >= max) {
    return denial('SLUICE-403', `there are already ${registry.size} connections (limit ${max})`, {
      rule: 'limits',
      hint: 'Close connections that are idle, or use a smaller pool.',
    });
  }
  if (startup.database !== database.database) {
    return denial('SLUICE-801', `database "${startup.database}" does not exist here`, {
      hint: `Databases: ${database.database}.`,
    });
  }
  return undefined;
}

/** What went wrong between StartupMessage and the first ReadyForQuery. */
export function openingDenial(error: unknown): Denial {
  if (error instanceof UpstreamError) return error.denial;
  if (error instanceof JournalError) {
    return denial('SLUICE-701', 'the audit record cannot be written, so no session can begin', { detail: error.message });
  }
  return internalError();
}

export const internalError = (): Denial => denial('SLUICE-707', 'an internal error ended the session');

export const shuttingDown = (): Denial =>
  denial('SLUICE-806', 'terminating connection due to administrator command', {
    detail: 'Sluice is shutting down.',
    hint: 'Reconnect.',
  });

export const withdrawn = (host: Pick<EngineHost, 'reason' | 'code'>): Denial =>
  notServed(host, 'the policy of this session was withdrawn');

/** What is wrong when it is not that access was withdrawn: then trying again may help, and the statement is not at fault. */
const NOT_YET: Partial<Record<Code, string>> = {
  'SLUICE-708': 'the operator has not said yet what is in force',
  'SLUICE-709': 'the policy is too old to be in force without a word from the operator',
  'SLUICE-710': 'the schema of the database has not been read yet',
};

export function notServed({ reason, code = 'SLUICE-703' }: Pick<EngineHost, 'reason' | 'code'>, otherwise: string): Denial {
  const message = NOT_YET[code];
  return denial(code, message ?? otherwise, {
    ...(reason === undefined ? {} : { detail: reason }),
    ...(message === undefined ? {} : { hint: 'This is not caused by the statement. Try again in a moment.' }),
  });
}

export const upstreamLost = (): Denial =>
  denial('SLUICE-803', 'the connection to the database was lost', {
    detail: 'Whether the last statement took effect is not known.',
    hint: 'Reconnect, and check before running it again.',
  });

export const idleTooLong = (): Denial =>
  denial('SLUICE-806', 'terminating connection because it was idle for too long', { sqlstate: '57P05' });
