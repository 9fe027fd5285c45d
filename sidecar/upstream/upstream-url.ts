/**
 * `--upstream postgres://user:password@host:port/database?sslmode=…` as libpq writes it
 * (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS), without the parts that would weaken or
 * redirect the connection. Every refusal is one sentence that never repeats the password.
 */
import { isLoopback, type TlsMode } from './target.ts';

export interface UpstreamUrl {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
  readonly tlsMode: TlsMode;
  /** A file to read the CA from (`sslrootcert`); undefined: the system's roots. */
  readonly caFile?: string;
  /** Milliseconds. */
  readonly connectTimeout?: number;
  readonly requireChannelBinding: boolean;
}

export class UpstreamUrlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UpstreamUrlError';
  }
}

const MODES: Readonly<Record<string, TlsMode>> = {
  disable: 'Disable',
  require: 'Require',
  'verify-ca': 'VerifyCA',
  'verify-full': 'VerifyFull',
};
const PARAMETERS = ['sslmode', 'sslrootcert', 'connect_timeout', 'channel_binding', 'application_name'];

/** Without `sslmode`: no TLS on loopback, verify-full elsewhere. Throws UpstreamUrlError. */
export function parseUpstreamUrl(text: string): UpstreamUrl {
  if (!/^postgres(ql)?:\/\//.test(text))
    throw new UpstreamUrlError('the upstream must be a URL of the form postgres://user:password@host:port/database');
  let url: URL;
  try {
    // A special scheme makes URL parse the authority strictly.
    url = new URL(text.replace(/^postgres(ql)?:/, 'http:'));
  } catch {
    throw new UpstreamUrlError('the upstream is not a valid URL; special characters in the password must be percent-encoded');
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === '' || url.host.includes(',')) throw new UpstreamUrlError('the upstream URL must name exactly one host');
  // http's default port is dropped by URL, so 80 must be looked for in the text.
  const port = url.port === '' ? (/^[^/?#]*:\/\/(?:[^/?#]*@)?[^/?#]*:80(?:[/?#]|$)/.test(text) ? 80 : 5432) : Number(url.port);
  const user = decoded(url.username, 'user');
  if (user === '') throw new UpstreamUrlError('the upstream URL must name a user');
  const database = decoded(url.pathname.slice(1), 'database') || user;
  if (database.includes('/')) throw new UpstreamUrlError('the upstream URL must name one database');
  if (url.hash !== '') throw new UpstreamUrlError("the upstream URL contains a '#'; in a password it is written %23");
  for (const name of new Set(url.searchParams.keys())) {
    if (!PARAMETERS.includes(name))
      throw new UpstreamUrlError(`the upstream URL parameter "${name}" is not supported; supported are ${PARAMETERS.join(', ')}`);
    if (url.searchParams.getAll(name).length > 1)
      throw new UpstreamUrlError(`the upstream URL parameter "${name}" appears twice`);
  }
  const sslmode = url.searchParams.get('sslmode');
  const tlsMode = sslmode === null ? (isLoopback(host) ? 'Disable' : 'VerifyFull') : MODES[sslmode];
  if (tlsMode === undefined) {
    const weak = sslmode === 'prefer' || sslmode === 'allow';
    throw new UpstreamUrlError(
      `sslmode=${sslmode} ${weak ? 'may silently go without TLS' : 'does not exist'}; use ${Object.keys(MODES).join(', ')}`,
    );
  }
  const caFile = url.searchParams.get('sslrootcert');
  const timeout = url.searchParams.get('connect_timeout');
  if (timeout !== null && !/^[1-9]\d{0,3}$/.test(timeout))
    throw new UpstreamUrlError('connect_timeout must be a number of seconds from 1 to 9999');
  const binding = url.searchParams.get('channel_binding');
  if (binding !== null && binding !== 'prefer' && binding !== 'require')
    throw new UpstreamUrlError('channel_binding must be prefer or require');
  return {
    host,
    port,
    user,
    ...(url.password === '' ? {} : { password: decoded(url.password, 'password') }),
    database,
    tlsMode,
    ...(caFile === null || caFile === 'system' ? {} : { caFile }),
    ...(timeout === null ? {} : { connectTimeout: Number(timeout) * 1000 }),
    requireChannelBinding: binding === 'require',
  };
}

function decoded(text: string, what: string): string {
  try {
    const value = decodeURIComponent(text);
    if (!value.includes('\0')) return value;
  } catch {
    // Falls through to the same sentence.
  }
  throw new UpstreamUrlError(`the ${what} in the upstream URL is not properly percent-encoded`);
}
