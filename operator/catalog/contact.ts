/**
 * Why a database could not be read, in words of our own: what a server says may hold anything, names of logins among it, and stands in a
 * status that many may read.
 */
import { CatalogError } from '../../core/catalog/build.ts';
import { QueryError } from '../../sidecar/catalog/reader.ts';
import { UpstreamError } from '../../sidecar/upstream/upstream-error.ts';
import type { Contact, ContactReason } from './catalogs.ts';

const POOLER_MESSAGE =
  'the endpoint is a connection pooler that does not keep a session on one server connection, or its settings; name the server itself';

/** Something between us and the server hands sessions out anew. */
export class PoolerError extends Error {
  constructor() {
    super(POOLER_MESSAGE);
    this.name = 'PoolerError';
  }
}

type Failure = Extract<Contact, { readonly ok: false }>;

/** `secret`: where the login comes from. */
export function failure(error: unknown, secret: string): Failure {
  const failed = (reason: ContactReason, message: string): Failure => ({ ok: false, reason, message });
  if (error instanceof PoolerError) return failed('Pooler', error.message);
  if (error instanceof QueryError)
    return failed('SchemaUnreadable', `the server refused to describe the schema (SQLSTATE ${sqlstate(error.sqlstate)})`);
  if (error instanceof CatalogError)
    return failed('SchemaUnreadable', 'the server described its schema in a way that does not add up');
  if (!(error instanceof UpstreamError))
    return failed('Unreachable', 'the database could not be read; the log of the operator says why');
  switch (error.code) {
    case 'SLUICE-801':
      return failed('DatabaseMissing', 'the server has no database of this name; correct spec.endpoint.database, or create it');
    case 'SLUICE-804':
      return failed(
        'LoginRefused',
        error.hint === undefined
          ? `the server refused the login; correct username and password in Secret ${secret}, or what pg_hba.conf says of it`
          : own(error),
      );
    case 'SLUICE-805':
      return failed('IdentityUnverified', own(error));
    case 'SLUICE-802':
    case 'SLUICE-803':
      return failed('Unreachable', own(error));
    case 'SLUICE-706':
      return failed('ProtocolViolation', 'what answers at the endpoint does not follow the PostgreSQL protocol');
    default:
      return refused(error);
  }
}

function refused(error: UpstreamError): Failure {
  // PgBouncer knows a fixed list of settings: https://www.pgbouncer.org/config.html#ignore_startup_parameters
  if (/unsupported startup parameter/i.test(error.message)) return { ok: false, reason: 'Pooler', message: POOLER_MESSAGE };
  const state = error.denial.sqlstate;
  const message =
    state === '53300'
      ? 'the server has no connection left; raise max_connections, or the limit of the login'
      : state.startsWith('57P')
        ? 'the server is starting up or shutting down'
        : 'the server did not accept the connection; its log says why';
  return { ok: false, reason: 'ServerRefused', message };
}

/** Sentences that name host and port, and were written here. */
function own(error: UpstreamError): string {
  const text = error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  return text.replace(/\p{Cc}/gu, ' ').slice(0, 500);
}

function sqlstate(text: string): string {
  return /^[0-9A-Z]{5}$/.test(text) ? text : 'unknown';
}
