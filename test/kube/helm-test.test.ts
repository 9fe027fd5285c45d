/** What `helm test` runs in the operator's image, run here against listeners of our own: it must be able to fail. */
import { execFile } from 'node:child_process';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { makeLocalCertificate } from '../../sidecar/listen/local-certificate.ts';
import { CHART } from './chart.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function listening(server: Server | ReturnType<typeof createTlsServer>): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return (server.address() as AddressInfo).port;
}

async function tls(names: readonly string[], from = Date.now()): Promise<string> {
  const { certificate, key } = await makeLocalCertificate([...names], from);
  return `localhost:${await listening(createTlsServer({ cert: certificate, key }))}`;
}

async function readiness(code: number, text: string): Promise<string> {
  const port = await listening(createHttpServer((_request, response) => response.writeHead(code).end(text)));
  return `http://127.0.0.1:${port}/readyz`;
}

function run(env: Readonly<Record<string, string>>): Promise<{ readonly code: number | null; readonly stdout: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, PATIENCE: '0', ...env } };
    const child = execFile(process.execPath, [join(CHART, 'files', 'test.mjs')], options, (_error, stdout) =>
      resolve({ code: child.exitCode, stdout }),
    );
  });
}

test('passes where everything answers', async () => {
  const env = { READINESS: await readiness(200, 'ok'), WEBHOOK: await tls(['localhost']), STREAM: await tls(['localhost']) };
  const { code, stdout } = await run(env);
  expect(stdout).toMatch(/^ok {4}ready: .*\nok {4}webhook: localhost:\d+, certificate until .*\nok {4}stream: /);
  expect(code).toBe(0);
});

test('fails with what is missing', async () => {
  const STREAM = await tls(['localhost']);
  const ready = await readiness(200, 'ok');
  const unready = await run({ READINESS: await readiness(503, 'caBundle'), WEBHOOK: STREAM, STREAM });
  expect(unready).toMatchObject({ code: 1, stdout: expect.stringMatching(/FAIL {2}ready: .* answers 503: caBundle/) });
  const foreign = await run({ READINESS: ready, WEBHOOK: await tls(['elsewhere']), STREAM });
  expect(foreign).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('the certificate is for DNS:elsewhere, not for localhost'),
  });
  const nobody = await run({ READINESS: ready, WEBHOOK: STREAM, STREAM: 'localhost:1' });
  expect(nobody).toMatchObject({ code: 1, stdout: expect.stringContaining('FAIL  stream: connect ECONNREFUSED') });
});
