/** A connection of the operator's own to a Database: at most one at a time to each, and it ends when it should, whatever the server does. */
import type { Database } from '../../crds/database.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { openQueryClient } from '../../sidecar/catalog/query-client.ts';
import type { SimpleQueryConnection } from '../../sidecar/catalog/reader.ts';
import { connectUpstream } from '../../sidecar/upstream/connect.ts';
import { upstreamSettings } from '../../sidecar/upstream/startup-settings.ts';
import type { Login } from '../materials/materials.ts';
import { PROBE_SETTING } from './examine.ts';

/** All that is needed to connect. */
export interface Access {
  readonly database: Database;
  readonly login: Login;
  readonly ca: string | undefined;
  /** Not empty. */
  readonly addresses: readonly string[];
}

export interface Connection extends SimpleQueryConnection {
  readonly serverVersion: string;
  /** Takes leave. */
  close(): void;
  /** After `close`: the server has gone, or has had its time to. */
  readonly closed: Promise<void>;
}

const CONNECT_WITHIN = 10_000;
/** Milliseconds for one query. */
const ANSWER_WITHIN = 20_000;
/** Milliseconds in which a server may take its leave. */
const FAREWELL = 1_000;

/** Aborting ends it, and what is under way on it. Rejects as connectUpstream. */
export async function connectDatabase(access: Access, probe: string, clock: Clock, signal: AbortSignal): Promise<Connection> {
  const { database, login, ca, addresses } = access;
  const { endpoint, tls } = database.spec;
  const connection = await connectUpstream({
    target: { host: endpoint.host, port: endpoint.port, addresses, tls: { mode: tls.mode, ...(ca === undefined ? {} : { ca }) } },
    user: login.username,
    password: login.password,
    database: endpoint.database,
    settings: upstreamSettings('sluice-operator', [], [[PROBE_SETTING, probe]]),
    timeout: CONNECT_WITHIN,
    signal,
  });
  const { socket } = connection;
  const client = openQueryClient(connection, ANSWER_WITHIN);
  const cut = (): void => void socket.destroy();
  signal.addEventListener('abort', cut, { once: true });
  if (signal.aborted) cut();
  let gone: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    gone = resolve;
  });
  return {
    closed,
    serverVersion: connection.serverVersion,
    simpleQuery: (sql, onRow) => client.simpleQuery(sql, onRow),
    close() {
      signal.removeEventListener('abort', cut);
      client.close();
      if (socket.destroyed) gone();
      socket.once('close', gone);
      clock.after(FAREWELL, cut);
    },
  };
}

/** A sample has had its share: others wait. Looking goes on the next time. */
export class ShareUsedError extends Error {
  constructor() {
    super('the rest is looked at later');
    this.name = 'ShareUsedError';
  }
}

/** Refuses queries after so many milliseconds. */
export function limited(connection: Connection, milliseconds: number, clock: Clock): Connection {
  const end = clock.monotonic() + milliseconds;
  return {
    ...connection,
    simpleQuery: (sql, onRow) =>
      clock.monotonic() > end ? Promise.reject(new ShareUsedError()) : connection.simpleQuery(sql, onRow),
  };
}
