/**
 * Connection strings as they stand in environment variables: URLs of libpq, of JDBC and of SQLAlchemy (`postgresql+driver://`), and libpq's
 * `key=value` form. Only what has to change is written anew; the rest keeps its text.
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
 */
import { CLIENT_CA_FILE } from '../../core/injection/names.ts';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionString {
  readonly endpoints: readonly Endpoint[];
  /** Undefined: the client's default. */
  readonly database?: string;
  /** What leads past names: `hostaddr`, `service`, `servicefile`. */
  readonly detours: readonly string[];
  /** The same, without user and password, to another place. The CA that verifies the old place is replaced by the sidecar's. */
  pointTo(place: Endpoint & { readonly database: string }): string;
}

const DEFAULT_PORT = 5432;
const DETOURS = ['hostaddr', 'service', 'servicefile'];
/** The server's place, its authority, and who logs in: said anew, or not at all. */
const REPLACED = ['host', 'port', 'dbname', 'user', 'username', 'password', 'passfile', 'sslrootcert'];
const AUTHORITY = `sslrootcert=${CLIENT_CA_FILE}`;

/** Not every driver reads PGSSLROOTCERT: a string that has the server verified says by what. */
function needsAuthority(parameter: (name: string) => string | undefined): boolean {
  return parameter('sslrootcert') !== undefined || ['verify-ca', 'verify-full'].includes(parameter('sslmode') ?? '');
}

/** Undefined for anything else. */
export function parseConnectionString(value: string): ConnectionString | undefined {
  return parseUrl(value) ?? parseKeyValues(value);
}

const SCHEME = /^(?:jdbc:)?postgres(?:ql)?(?:\+[a-z0-9_]+)?:\/\//i;

/** Without a regular expression over the whole: values are as long as their authors like. */
function parseUrl(value: string): ConnectionString | undefined {
  const text = value.trim();
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme === undefined || text.includes('#')) return undefined;
  const [beforeQuery, query] = cut(text.slice(scheme.length), '?');
  const [server, path] = cut(beforeQuery, '/');
  const at = server.lastIndexOf('@');
  const authority = server.slice(at + 1);
  const userInfo = at < 0 ? undefined : server.slice(0, at);
  const parameters = (query === undefined || query === '' ? [] : query.split('&')).map((raw) => {
    const [name = '', ...rest] = raw.split('=');
    return { raw, name: decoded(name), value: decoded(rest.join('=')) };
  });
  const parameter = (name: string): string | undefined => parameters.findLast((each) => each.name === name)?.value || undefined;
  const user = decoded(userInfo?.split(':')[0] ?? '');
  const database = parameter('dbname') ?? (decoded(path ?? '') || user || undefined);
  return {
    endpoints: endpoints(hosts(authority), parameter('host'), parameter('port')),
    ...(database === undefined ? {} : { database }),
    detours: DETOURS.filter((name) => parameter(name) !== undefined),
    pointTo(place) {
      const kept = parameters.filter(({ name }) => !REPLACED.includes(name)).map(({ raw }) => raw);
      if (needsAuthority(parameter)) kept.push(AUTHORITY);
      const host = place.host.includes(':') ? `[${place.host}]` : place.host;
      const tail = kept.length === 0 ? '' : `?${kept.join('&')}`;
      return `${scheme}${host}:${place.port}/${encodeURIComponent(place.database)}${tail}`;
    },
  };
}

function cut(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** `host`, `host:port`, `[::1]:port`, several with commas. */
function hosts(authority: string): readonly { readonly host: string; readonly port: string }[] {
  if (authority === '') return [];
  return authority.split(',').map((each) => {
    const [, address, name, port = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(each) ?? [];
    return { host: decoded(address ?? name ?? each), port };
  });
}

/** A parameter wins over the authority; one port may stand for all hosts. */
function endpoints(
  authority: readonly { readonly host: string; readonly port: string }[],
  hostParameter: string | undefined,
  portParameter: string | undefined,
): readonly Endpoint[] {
  const names = hostParameter?.split(',') ?? authority.map((each) => each.host);
  const ports = portParameter?.split(',') ?? authority.map((each) => each.port);
  return names
    .filter((host) => host !== '')
    .map((host, at) => {
      const port = ports.length === 1 ? ports[0] : ports[at];
      return { host, port: port === undefined || port === '' ? DEFAULT_PORT : Number(port) };
    });
}

/** `host=… dbname='…'`. To tell it from other texts with a `=` in them, it must name a host, or a way around one, and a database or a user. */
function parseKeyValues(value: string): ConnectionString | undefined {
  const pairs = keyValues(value);
  if (pairs === undefined) return undefined;
  const last = (name: string): string | undefined => pairs.findLast((each) => each.name === name)?.value || undefined;
  const detours = DETOURS.filter((name) => last(name) !== undefined);
  if (last('dbname') === undefined && last('user') === undefined) return undefined;
  if (last('host') === undefined && detours.length === 0) return undefined;
  const database = last('dbname') ?? last('user');
  return {
    endpoints: endpoints([], last('host'), last('port')),
    ...(database === undefined ? {} : { database }),
    detours,
    pointTo(place) {
      const kept = pairs.filter(({ name }) => !REPLACED.includes(name)).map(({ raw }) => raw);
      if (needsAuthority(last)) kept.push(AUTHORITY);
      return [`host=${place.host}`, `port=${place.port}`, `dbname=${quoted(place.database)}`, ...kept].join(' ');
    },
  };
}

const PAIR = /\s*([a-z_]+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)(?=\s|$)/y;

function keyValues(text: string): readonly { readonly raw: string; readonly name: string; readonly value: string }[] | undefined {
  const pairs = [];
  const end = text.trimEnd().length;
  PAIR.lastIndex = 0;
  for (let at = 0; at < end; at = PAIR.lastIndex) {
    PAIR.lastIndex = at;
    const [raw, name, value] = PAIR.exec(text) ?? [];
    if (raw === undefined || name === undefined || value === undefined) return undefined;
    const bare = value.startsWith("'") ? value.slice(1, -1) : value;
    pairs.push({ raw: raw.trim(), name, value: bare.replace(/\\(.)/gs, '$1') });
  }
  return pairs.length === 0 ? undefined : pairs;
}

function quoted(value: string): string {
  return /^[^\s'\\]+$/.test(value) ? value : `'${value.replace(/(['\\])/g, '\\$1')}'`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
