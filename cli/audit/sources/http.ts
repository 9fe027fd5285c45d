/** A replica of the operator, asked over HTTP (core/audit/reading.ts). What it answers is looked at as what a stranger says. */
import { request, type IncomingMessage } from 'node:http';
import {
  CHAINS_PATH,
  DIGEST_PATH,
  type DigestAnswer,
  type DigestRequest,
  filterToQuery,
  LINES_PATH,
  RECORDS_PATH,
} from '../../../core/audit/reading.ts';
import type { ChainOwner, RecordFilter, StoredChain, StoredLine } from '../../../core/audit/store.ts';
import { isRecord, type Raw } from '../../../core/json/read.ts';
import { CliError } from '../../errors.ts';
import { type AuditSource, storeSource } from './source.ts';

export interface Endpoint {
  /** On 127.0.0.1. */
  readonly port: number;
  /** As it is called in messages. */
  readonly name: string;
}

/** A record is at most 1 MiB; as a string in JSON, and with what stands around it, twice that and a little. */
const MAX_LINE = 4 * 1024 * 1024;
/** Of an answer that is no stream. */
const MAX_ANSWER = 64 * 1024;
/** Without a byte for so long (milliseconds) a replica is given up. It may look at many records before it finds one. */
const SILENCE = 120_000;

/** `close` ends nothing: the way to the replica belongs to whoever opened it. */
export function httpSource(endpoint: Endpoint): AuditSource {
  return storeSource({
    chains: (filter: RecordFilter = {}) => stream(endpoint, `${CHAINS_PATH}?${filterToQuery(filter).toString()}`, readChain),
    records: (filter) => stream(endpoint, `${RECORDS_PATH}?${filterToQuery(filter).toString()}`, readLine),
    lines: (chain, from = 0) =>
      stream(endpoint, `${LINES_PATH}?${new URLSearchParams({ chain, from: String(from) }).toString()}`, readLine),
    close: () => Promise.resolve(),
  });
}

/** Throws CliError: no such Database, for example. */
export async function askDigest(endpoint: Endpoint, question: DigestRequest): Promise<string> {
  const response = await send(endpoint, 'POST', DIGEST_PATH, JSON.stringify(question));
  const answer = parse(endpoint, await whole(endpoint, response)) as Partial<DigestAnswer>;
  if (typeof answer.digest !== 'string') throw broken(endpoint, 'its answer has no digest');
  return answer.digest;
}

async function* stream<T>({ port, name }: Endpoint, path: string, read: (item: unknown) => T | undefined): AsyncGenerator<T> {
  const endpoint = { port, name };
  const response = await send(endpoint, 'GET', path);
  let rest = '';
  let ended = false;
  response.setEncoding('utf8');
  try {
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop()!;
      if (rest.length > MAX_LINE) throw broken(endpoint, `a line of more than ${MAX_LINE} characters`);
      for (const line of lines) {
        if (ended) throw broken(endpoint, 'something follows its end');
        const item = parse(endpoint, line);
        if (typeof item['error'] === 'string') throw new CliError(`${name} could not go on reading: ${item['error']}`);
        ended = typeof item['end'] === 'number';
        if (ended) continue;
        const value = read(item['item']);
        if (value === undefined) throw broken(endpoint, 'a line is not what was asked for');
        yield value;
      }
    }
  } catch (error) {
    throw error instanceof CliError ? error : broken(endpoint, (error as Error).message, error);
  } finally {
    response.destroy();
  }
  if (!ended) throw broken(endpoint, 'the answer was cut off: what was read is not all there is');
}

/** Rejects for an answer other than 200, with what it says. */
async function send(endpoint: Endpoint, method: 'GET' | 'POST', path: string, body?: string): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request({ host: '127.0.0.1', port: endpoint.port, method, path, headers, agent: false }, resolve);
    sent.setTimeout(SILENCE, () => sent.destroy(new Error(`nothing came for ${SILENCE / 1_000} s`)));
    sent.once('error', (error) => reject(broken(endpoint, error.message, error)));
    sent.end(body);
  });
  if (response.statusCode === 200) return response;
  const text = await whole(endpoint, response);
  let reason: unknown;
  try {
    reason = (JSON.parse(text) as { readonly error?: unknown }).error;
  } catch {
    // Somebody else answers there.
  }
  throw new CliError(`${endpoint.name} says: ${typeof reason === 'string' ? reason : `HTTP ${response.statusCode}`}`);
}

async function whole(endpoint: Endpoint, response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MAX_ANSWER) throw broken(endpoint, 'its answer is too long');
  }
  return text;
}

function parse(endpoint: Endpoint, text: string): Raw {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // Said below.
  }
  throw broken(endpoint, 'a line is not a JSON object');
}

function readLine(item: unknown): StoredLine | undefined {
  if (!isRecord(item)) return undefined;
  const { chain, seq, line, received } = item;
  if (typeof chain !== 'string' || !Number.isSafeInteger(seq) || typeof line !== 'string') return undefined;
  return { chain, seq: seq as number, line, ...(typeof received === 'string' ? { received } : {}) };
}

function readChain(item: unknown): StoredChain | undefined {
  if (!isRecord(item)) return undefined;
  const { chain, next, hash, stretches, from, to, removed } = item;
  const owner = readOwner(item['owner']);
  if (typeof chain !== 'string' || !Number.isSafeInteger(next) || typeof hash !== 'string' || owner === undefined)
    return undefined;
  if (!Array.isArray(stretches) || !stretches.every(isStretch) || typeof from !== 'string' || typeof to !== 'string')
    return undefined;
  return { chain, owner, next: next as number, hash, stretches, from, to, ...(typeof removed === 'number' ? { removed } : {}) };
}

function isStretch(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((each) => Number.isSafeInteger(each));
}

function readOwner(value: unknown): ChainOwner | undefined {
  if (!isRecord(value) || !isRecord(value['identity'])) return undefined;
  const { namespace, serviceAccount } = value['identity'];
  if (typeof namespace !== 'string' || typeof serviceAccount !== 'string') return undefined;
  const kind = (['sidecar', 'operator', 'cluster'] as const).find((each) => each === value['kind']);
  if (kind === undefined) return undefined;
  const pod = Object.fromEntries(
    ['pod', 'podUid', 'node', 'image'].flatMap((name) => {
      const field = (value['identity'] as Raw)[name];
      return typeof field === 'string' ? [[name, field]] : [];
    }),
  );
  const database = value['database'];
  return { identity: { namespace, serviceAccount, ...pod }, kind, ...(typeof database === 'string' ? { database } : {}) };
}

function broken({ name }: Endpoint, why: string, cause?: unknown): CliError {
  return new CliError(`${name} could not be read: ${why}`, 1, { cause });
}
