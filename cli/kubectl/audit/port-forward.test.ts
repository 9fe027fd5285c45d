import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askDigest, httpSource } from '../../audit/sources/http.ts';
import { forwardPort } from './port-forward.ts';

/** Forwards as kubectl does, and says the same; what comes after `:` is where to. */
const KUBECTL = `#!${process.execPath}
const net = require('node:net');
const args = process.argv.slice(2);
if (!args.includes('--namespace=sluice-system') || !args.includes('--address=127.0.0.1')) process.exit(64);
if (args.includes('pod/gone')) { console.error('error: pods "gone" not found'); process.exit(1); }
const port = Number(args.at(-1).slice(1));
const server = net.createServer((one) => {
  const other = net.connect(port, '127.0.0.1');
  one.pipe(other).pipe(one);
  for (const each of [one, other]) each.on('error', () => { one.destroy(); other.destroy(); });
});
server.listen(0, '127.0.0.1', () => console.log('Forwarding from 127.0.0.1:' + server.address().port + ' -> ' + port));
`;

let directory: string;
let program: string;
let server: Server;
let port: number;
/** What the server answers, by path. */
const pages = new Map<string, readonly [status: number, body: string]>();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-forward-'));
  program = join(directory, 'kubectl');
  writeFileSync(program, KUBECTL);
  chmodSync(program, 0o755);
  server = createServer((request, response) => {
    const [status, body] = pages.get(new URL(request.url ?? '/', 'http://x').pathname) ?? [404, '{"error":"no such path"}'];
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function lines(at: number): Promise<string[]> {
  const found: string[] = [];
  for await (const { line } of httpSource({ port: at, name: 'the replica' }).records({})) found.push(line);
  return found;
}

describe('a way to a replica', () => {
  it('is there until it is closed', async () => {
    pages.set('/audit/v1/records', [200, '{"item":{"chain":"c","seq":0,"line":"x"}}\n{"end":1}\n']);
    const forward = await forwardPort({ namespace: 'sluice-system', pod: 'operator-1', port }, program);
    expect(await lines(forward.port)).toEqual(['x']);
    await forward.close();
    await expect(lines(forward.port)).rejects.toThrow('the replica could not be read');
  });

  it('says what kubectl said, or that there is none', async () => {
    await expect(forwardPort({ namespace: 'sluice-system', pod: 'gone', port }, program)).rejects.toThrow(
      'cannot reach gone: error: pods "gone" not found',
    );
    await expect(forwardPort({ namespace: 'n', pod: 'p', port }, join(directory, 'nothing'))).rejects.toThrow('no kubectl');
  });
});

describe('what a replica answers', () => {
  it('is not taken for everything when it was cut off, nor believed to be what was asked for', async () => {
    const item = '{"item":{"chain":"c","seq":0,"line":"x"}}\n';
    const wrong: readonly (readonly [string, string])[] = [
      [item, 'cut off'],
      ['', 'cut off'],
      [`${item}{"error":"the disk is gone"}\n`, 'could not go on reading: the disk is gone'],
      [`{"end":0}\n${item}`, 'follows its end'],
      ['{"item":{"chain":1}}\n{"end":1}\n', 'not what was asked for'],
      ['<html>\n', 'not a JSON object'],
    ];
    for (const [body, why] of wrong) {
      pages.set('/audit/v1/records', [200, body]);
      await expect(lines(port)).rejects.toThrow(why);
    }
    pages.set('/audit/v1/records', [503, '{"error":"the store cannot be read now"}']);
    await expect(lines(port)).rejects.toThrow('the replica says: the store cannot be read now');
  });

  it('may be a digest', async () => {
    const question = { database: 'data/shop', relation: 'public.t', values: ['1'] };
    pages.set('/audit/v1/digest', [200, '{"digest":"d"}']);
    expect(await askDigest({ port, name: 'the replica' }, question)).toBe('d');
    pages.set('/audit/v1/digest', [404, '{"error":"there is no Database data/shop"}']);
    await expect(askDigest({ port, name: 'the replica' }, question)).rejects.toThrow('there is no Database data/shop');
  });
});
