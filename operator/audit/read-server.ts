/**
 * The store for people (core/audit/reading.ts): plain HTTP on loopback of the operator's pod. Whoever reaches it is there by `port-forward`, whose
 * right is RBAC's matter; a web page in that person's browser is not, and is refused by what browsers say of themselves.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { rowDigest } from '../../core/audit/digest.ts';
import {
  CHAINS_PATH,
  DIGEST_PATH,
  type DigestRequest,
  filterFromQuery,
  LINES_PATH,
  RECORDS_PATH,
} from '../../core/audit/reading.ts';
import type { AuditStore, StoredChain, StoredLine } from '../../core/audit/store.ts';
import type { EventLog } from '../../core/event-log.ts';
import { isRecord } from '../../core/json/read.ts';
import { sentence, streamItems } from './ndjson.ts';
import { closeNow, listenOn } from '../health/listening.ts';

export interface ReadServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly store: AuditStore;
  /** 32 bytes, of a Database (`namespace/name`). Throws before the keys have been read. */
  readonly digestKey: (database: string) => Buffer;
  readonly log: EventLog;
}

export interface ReadServer {
  /** Resolves with the port. */
  listen(): Promise<number>;
  /** Ends what is being read. */
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 32;
const MAX_QUESTION = 64 * 1024;
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;
/** Milliseconds in which a reader takes something, or is cut off. */
const IDLE = 60_000;

class BadQuestion extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function createReadServer({ host, port, store, digestKey, log }: ReadServerOptions): ReadServer {
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 64 * 1024 },
    (request, response) => {
      serve(request, response).catch((error: unknown) => {
        if (error instanceof BadQuestion) return refuse(response, error.status, error.message);
        // It has gone, or does not read.
        if (response.destroyed || response.headersSent) return void response.destroy();
        log('warn', 'audit-read-failed', { reason: String((error as Error).message) });
        refuse(response, 503, sentence(error));
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(IDLE);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers, method = '' } = request;
    if (!LOOPBACK.test(headers.host ?? '') || headers.origin !== undefined || headers['sec-fetch-site'] !== undefined)
      throw new BadQuestion(403, 'this is for programs that reach it by kubectl port-forward, not for browsers');
    const url = parsed(request.url ?? '');
    const wanted = url.pathname === DIGEST_PATH ? 'POST' : 'GET';
    if (![CHAINS_PATH, RECORDS_PATH, LINES_PATH, DIGEST_PATH].includes(url.pathname))
      throw new BadQuestion(404, `there are ${[CHAINS_PATH, RECORDS_PATH, LINES_PATH, DIGEST_PATH].join(', ')}`);
    if (method !== wanted) throw new BadQuestion(405, `${url.pathname} is asked with ${wanted}`);
    if (url.pathname === DIGEST_PATH) return answerDigest(await digestRequest(request), response);
    await streamItems(response, answer(url));
  }

  function answer({ pathname, searchParams }: URL): AsyncIterable<StoredChain | StoredLine> {
    try {
      if (pathname === CHAINS_PATH) return store.chains(filterFromQuery(searchParams));
      if (pathname === RECORDS_PATH) return store.records(filterFromQuery(searchParams));
    } catch (error) {
      throw new BadQuestion(400, (error as Error).message);
    }
    const [chain, from] = [searchParams.get('chain'), Number(searchParams.get('from') ?? 0)];
    if (chain === null || !Number.isSafeInteger(from) || from < 0)
      throw new BadQuestion(400, 'lines are asked for with chain=NAME and from=SEQ');
    return store.lines(chain, from);
  }

  function answerDigest({ database, relation, values }: DigestRequest, response: ServerResponse): void {
    let key: Buffer;
    try {
      key = digestKey(database);
    } catch (error) {
      throw new BadQuestion(503, (error as Error).message);
    }
    end(response, 200, { digest: rowDigest(key, relation, values) });
  }

  return {
    listen: () => listenOn(server, host, port),
    close: () => closeNow(server),
  };
}

async function digestRequest(request: IncomingMessage): Promise<DigestRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if ((size += chunk.length) > MAX_QUESTION) throw new BadQuestion(413, `a question has at most ${MAX_QUESTION} bytes`);
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new BadQuestion(400, 'the question is not JSON');
  }
  if (!isRecord(body)) throw new BadQuestion(400, 'the question is not a JSON object');
  const { database, relation, values } = body;
  const usable = Array.isArray(values) && values.every((each) => each === null || typeof each === 'string');
  if (typeof database !== 'string' || !/^[a-z0-9-]+\/[a-z0-9.-]+$/.test(database) || typeof relation !== 'string' || !usable)
    throw new BadQuestion(400, 'a question has database (namespace/name), relation and values, each a string or null');
  return { database, relation, values: values as readonly (string | null)[] };
}

function parsed(target: string): URL {
  try {
    return new URL(target, 'http://localhost');
  } catch {
    throw new BadQuestion(400, 'the address is none');
  }
}

function refuse(response: ServerResponse, status: number, error: string): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  end(response, status, { error });
}

function end(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', connection: 'close' });
  response.end(`${JSON.stringify(body)}\n`);
}
