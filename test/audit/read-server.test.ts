/** The store over HTTP: what people's programs ask, and what others must not get. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowDigest } from '../../core/audit/digest.ts';
import { filterToQuery } from '../../core/audit/reading.ts';
import { type AuditStore, type RecordFilter, type StoredLine, StoreUnavailableError } from '../../core/audit/store.ts';
import { createReadServer, type ReadServer } from '../../operator/audit/read-server.ts';
import { EmbeddedStore } from '../../operator/audit/store/embedded-store.ts';
import { collect } from './store-suite.ts';
import { OWNERS } from './store-worlds.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-read-server-'));
const key = Buffer.alloc(32, 7);
const store = new EmbeddedStore({ directory, size: 1e9, whenFull: 'Refuse', clock: Date, log: () => {} });
let server: ReadServer;
let port: number;

const line = (seq: number, more: object = {}): string =>
  JSON.stringify({
    v: 1,
    seq,
    time: `2026-11-21T10:00:00.${String(seq).padStart(6, '0')}Z`,
    type: 'event',
    text: 'é'.repeat(200),
    ...more,
  });

beforeAll(async () => {
  const lines = Array.from({ length: 5000 }, (_, seq) => line(seq));
  await store.append({ chain: 'chain-1', owner: OWNERS['chain-1'], first: 0, lines });
  await store.append({ chain: 'chain-2', owner: OWNERS['chain-2'], first: 3, lines: [line(3, { type: 'admin' })] });
  server = serverOf(store);
  port = await server.listen();
});
afterAll(async () => {
  await server.close();
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

function serverOf(of: AuditStore): ReadServer {
  const digestKey = (database: string): Buffer => {
    if (database !== 'data/orders') throw new Error('the audit keys have not been read yet');
    return key;
  };
  return createReadServer({ host: '127.0.0.1', port: 0, store: of, digestKey, log: () => {} });
}

function ask(
  path: string,
  { method = 'GET', headers = {}, body = '' } = {},
): Promise<{ status: number; body: { error?: string } & Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text.split('\n')[0]!) }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

async function items(path: string): Promise<unknown[]> {
  const { text, status } = await plain(path);
  expect(status).toBe(200);
  const all = text
    .trimEnd()
    .split('\n')
    .map((each) => JSON.parse(each) as { item?: unknown; end?: number });
  expect(all.at(-1)).toEqual({ end: all.length - 1 });
  return all.slice(0, -1).map(({ item }) => item);
}

function plain(path: string, at = port): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: at, path }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, text }));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end();
  });
}

describe('reading over HTTP', () => {
  it.each<RecordFilter>([
    {},
    { types: ['admin', 'event'], namespace: 'team' },
    { chains: ['chain-2', 'other'] },
    { from: '2026-11-21T10:00:00.004990Z' },
  ])('gives what the store gives: %j', async (filter) => {
    expect(await items(`/audit/v1/records?${filterToQuery(filter)}`)).toEqual(await collect(store.records(filter)));
    expect(await items(`/audit/v1/chains?${filterToQuery(filter)}`)).toEqual(await collect(store.chains(filter)));
  });

  it('gives the lines of a chain from a place on', async () => {
    expect(await items('/audit/v1/lines?chain=chain-1&from=4990')).toEqual(await collect(store.lines('chain-1', 4990)));
    expect(await items('/audit/v1/lines?chain=nowhere')).toEqual([]);
  });

  it('makes the digest of a row without showing its key', async () => {
    const body = JSON.stringify({ database: 'data/orders', relation: 'public.orders', values: ['17', null] });
    const answer = await ask('/audit/v1/digest', { method: 'POST', body });
    expect(answer).toEqual({ status: 200, body: { digest: rowDigest(key, 'public.orders', ['17', null]) } });
    const other = await ask('/audit/v1/digest', { method: 'POST', body: body.replace('data/orders', 'data/other') });
    expect(other).toMatchObject({ status: 503, body: { error: expect.stringContaining('not been read') } });
  });

  it.each([
    ['/audit/v1/records?colour=red', 400, '"colour" is not a condition'],
    ['/audit/v1/records?__proto__=x', 400, 'not a condition'],
    ['/audit/v1/records?from=yesterday', 400, 'not a time'],
    ['/audit/v1/records?from=2026-11-21T10:00:00Z&from=2026-11-21T10:00:00Z', 400, 'more than once'],
    ['/audit/v1/records?decision=maybe', 400, 'allow or deny'],
    ['/audit/v1/lines', 400, 'chain=NAME'],
    ['/audit/v1/lines?chain=a&from=-1', 400, 'from=SEQ'],
    ['/audit/v1/other', 404, '/audit/v1/records'],
    ['/audit/v1/digest', 405, 'POST'],
  ])('refuses %s with %i', async (path, status, error) => {
    expect(await ask(path)).toMatchObject({ status, body: { error: expect.stringContaining(error) } });
  });

  it.each([
    '',
    '{',
    '[]',
    '{"database":"../x","relation":"a","values":[]}',
    '{"database":"a/b","relation":"a","values":[1]}',
    'x'.repeat(70_000),
  ])('refuses a question that is none', async (body) => {
    const { status } = await ask('/audit/v1/digest', { method: 'POST', body });
    expect([400, 413]).toContain(status);
  });

  it('refuses browsers, and names that only lead here', async () => {
    for (const headers of [{ host: 'evil.example' }, { origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
      expect(await ask('/audit/v1/chains', { headers })).toMatchObject({ status: 403 });
  });

  it('says 503 where the store is away, and where it goes away says so at the end', async () => {
    const away: Pick<AuditStore, 'chains' | 'records'> = {
      async *chains() {
        yield* [];
        throw new StoreUnavailableError('it is away');
      },
      async *records(): AsyncGenerator<StoredLine, undefined> {
        yield { chain: 'c', seq: 0, line: '{}' };
        throw new StoreUnavailableError('it has gone');
      },
    };
    const server = serverOf(away as AuditStore);
    const at = await server.listen();
    expect(await plain('/audit/v1/chains', at)).toMatchObject({ status: 503, text: '{"error":"it is away"}\n' });
    const { text } = await plain('/audit/v1/records', at);
    expect(text.trimEnd().split('\n').at(-1)).toBe('{"error":"it has gone"}');
    await server.close();
  });

  it('does not read ahead of somebody who does not read', async () => {
    let given = 0;
    const endless: Pick<AuditStore, 'records'> = {
      async *records() {
        for (;;) {
          given += 1;
          yield { chain: 'c', seq: given, line: 'x'.repeat(10_000) };
        }
      },
    };
    const server = serverOf(endless as AuditStore);
    const at = await server.listen();
    const call = request({ host: '127.0.0.1', port: at, path: '/audit/v1/records' });
    const response = await new Promise<import('node:http').IncomingMessage>((resolve) => call.on('response', resolve).end());
    response.pause();
    let before = -1;
    // Until the buffers between are full.
    while (given !== before) {
      before = given;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(given).toBeLessThan(5_000);
    response.on('error', () => {});
    call.on('error', () => {});
    await server.close();
  });
});
