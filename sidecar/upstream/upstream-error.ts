/**
 * Everything that can go wrong on the way to an authenticated connection, as one kind of error with a SLUICE code. `message`
 * is for the operator (it may name host and login); `denial` is what the database client is told (it names neither).
 */
import { type Denial, denial } from '../../core/errors/denial.ts';
import type { Code } from '../../core/errors/codes.ts';

const FOR_CLIENTS: Partial<Record<Code, string>> = {
  'SLUICE-706': 'the database server does not follow the protocol',
  'SLUICE-801': 'the database does not exist on the server',
  'SLUICE-802': 'the database server cannot be reached',
  'SLUICE-803': 'the database server closed the connection',
  'SLUICE-804': "the database server refused Sluice's login",
  'SLUICE-805': 'the identity of the database server could not be verified',
  'SLUICE-807': 'the database server cannot be used right now',
};

export interface UpstreamErrorDetails {
  /** What to do about it. */
  readonly hint?: string;
  /** The server's own SQLSTATE, where it gave one that helps the client (53300, 57P03). */
  readonly sqlstate?: string;
  /** What the client is told instead of a general sentence: the fault is its own. */
  readonly told?: string;
  readonly cause?: unknown;
}

export class UpstreamError extends Error {
  readonly code: Code;
  readonly hint: string | undefined;
  readonly denial: Denial;

  constructor(code: Code, message: string, details: UpstreamErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'UpstreamError';
    this.code = code;
    this.hint = details.hint;
    this.denial = denial(code, details.told ?? FOR_CLIENTS[code] ?? 'the database server cannot be used', {
      ...(details.sqlstate === undefined ? {} : { sqlstate: details.sqlstate }),
      ...(details.told === undefined
        ? { hint: 'This is not caused by the statement. Try again later, or ask whoever runs this database.' }
        : {}),
    });
  }
}
