/**
 * What this replica holds, for the other replicas of its installation: `GET /audit/peers/v1/chains` and `/audit/peers/v1/lines`, as
 * core/audit/reading.ts has them. Who asks must hold a leaf that the stream's authority has issued: nobody but a replica does.
 */
import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { AuditStore } from '../../../core/audit/store.ts';
import type { Authority } from '../../certs/authority.ts';
import { streamItems } from '../ndjson.ts';
import { closeNow, listenOn } from '../../health/listening.ts';

export const PEER_CHAINS_PATH = '/audit/peers/v1/chains';
export const PEER_LINES_PATH = '/audit/peers/v1/lines';
/** Name of the replica that asks, and of the one that answers. */
export const REPLICA_HEADER = 'x-sluice-replica';

export interface PeerServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly replica: string;
  /** A name that every leaf of a replica has. */
  readonly serverName: string;
  readonly authority: Pick<Authority, 'leaf' | 'trusted' | 'onLeaf'>;
  readonly store: Pick<AuditStore, 'chains' | 'lines'>;
  /** A replica asks for the chains: it has all that it had been told of before. */
  readonly onAsked?: (replica: string) => void;
}

export interface PeerServer {
  /** Resolves with the port. */
  listen(): Promise<number>;
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 64;
const IDLE = 60_000;

export function createPeerServer(options: PeerServerOptions): PeerServer {
  const { host, port, replica, serverName, authority, store, onAsked } = options;
  // The certificate of who asks is judged here: as leafs of servers, theirs are not made for clients by OpenSSL's own rules.
  const server = createServer(
    {
      ...leafOf(authority),
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      headersTimeout: 10_000,
      requestTimeout: 10_000,
    },
    (request, response) => {
      serve(request, response).catch(() => response.destroy());
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(IDLE);
  const unsubscribe = authority.onLeaf(() => server.setSecureContext(leafOf(authority)));

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader(REPLICA_HEADER, replica);
    if (!isReplica((request.socket as TLSSocket).getPeerX509Certificate(), authority.trusted, serverName))
      return end(response, 403);
    const url = new URL(request.url ?? '', 'http://peer');
    if (request.method !== 'GET') return end(response, 405);
    if (url.pathname === PEER_CHAINS_PATH) {
      const asking = request.headers[REPLICA_HEADER];
      if (typeof asking === 'string') onAsked?.(asking);
      return await answer(response, store.chains());
    }
    const [chain, from] = [url.searchParams.get('chain'), Number(url.searchParams.get('from'))];
    if (url.pathname !== PEER_LINES_PATH || chain === null || !Number.isSafeInteger(from)) return end(response, 404);
    await answer(response, store.lines(chain, from));
  }

  return {
    listen: () => listenOn(server, host, port),
    close: () => {
      unsubscribe();
      return closeNow(server);
    },
  };
}

/** Issued by one of these authorities, for the name that replicas have, valid now. Possession of its key has been proven by the handshake. */
export function isReplica(certificate: X509Certificate | undefined, trusted: readonly string[], serverName: string): boolean {
  if (certificate === undefined || certificate.ca || certificate.checkHost(serverName) === undefined) return false;
  const now = Date.now();
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) return false;
  return trusted.some((pem) => {
    const authority = new X509Certificate(pem);
    return authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  });
}

async function answer(response: ServerResponse, items: ReturnType<AuditStore['chains'] | AuditStore['lines']>): Promise<void> {
  try {
    await streamItems(response, items);
  } catch {
    if (!response.headersSent) end(response, 503);
    else response.destroy();
  }
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}

export function leafOf({ leaf }: Pick<Authority, 'leaf'>): { readonly cert?: string; readonly key?: string } {
  return leaf === undefined ? {} : { cert: leaf.certificate, key: leaf.key };
}
