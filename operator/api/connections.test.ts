import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { makeLocalCertificate } from '../../sidecar/listen/local-certificate.ts';
import { type ClosableKubeApi, createKubeApi } from './create-kube-api.ts';
import type { TlsMaterial } from './credentials.ts';
import { PODS } from './kube-api.ts';

let server: Server | undefined;
let api: ClosableKubeApi | undefined;
afterEach(async () => {
  await api?.close();
  server?.closeAllConnections();
  server?.close();
});

const REF = { namespace: 'n', name: 'a' };

async function serve(names: readonly string[]): Promise<{ readonly url: string; readonly ca: string; connections(): number }> {
  const { certificate, key, authority } = await makeLocalCertificate(names, Date.now());
  let connections = 0;
  server = createServer({ cert: certificate, key }, (_, response) => void response.end('{"metadata":{"name":"a"}}'));
  server.on('secureConnection', () => (connections += 1));
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca: authority, connections: () => connections };
}

function apiOf(url: string, tls: () => TlsMaterial, maxConnections = 4): ClosableKubeApi {
  const credentials = {
    server: url,
    tls: async () => tls(),
    headers: async () => ({ authorization: 'Bearer t' }),
    refused: () => {},
  };
  api = createKubeApi({ credentials, maxConnections });
  return api;
}

describe('connections to the API server', () => {
  it('are kept, shared, and limited in number', async () => {
    const { url, ca, connections } = await serve(['127.0.0.1']);
    const tls = { ca };
    const kube = apiOf(url, () => tls, 2);
    await Promise.all(Array.from({ length: 20 }, () => kube.get(PODS, REF)));
    await kube.get(PODS, REF);
    expect(connections()).toBeLessThanOrEqual(2);
  });

  it('are made to a server of our CA only, and to its name; a CA that comes later is used', async () => {
    const { url, ca } = await serve(['127.0.0.1']);
    const other = await makeLocalCertificate(['127.0.0.1'], Date.now());
    let tls: TlsMaterial = { ca: other.authority };
    const kube = apiOf(url, () => tls);
    await expect(kube.get(PODS, REF)).rejects.toMatchObject({ name: 'ApiUnreachableError', kind: 'refused' });
    tls = { ca, servername: 'kubernetes.example' };
    await expect(kube.get(PODS, REF)).rejects.toMatchObject({ kind: 'refused' });
    tls = { ca };
    expect(await kube.get(PODS, REF)).toEqual({ metadata: { name: 'a' } });
  });

  it('show the client certificate of the kubeconfig', async () => {
    const { certificate, key, authority } = await makeLocalCertificate(['127.0.0.1'], Date.now());
    const client = await makeLocalCertificate(['client'], Date.now());
    const shown: unknown[] = [];
    server = createServer({ cert: certificate, key, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      shown.push((request.socket as TLSSocket).getPeerCertificate().subjectaltname);
      response.end('{"metadata":{"name":"a"}}');
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    const tls = { ca: authority, cert: client.certificate, key: client.key };
    await apiOf(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, () => tls).get(PODS, REF);
    expect(shown).toEqual(['DNS:client']);
  });

  it('that hang are left, with the idle ones beside them', async () => {
    const { certificate, key, authority } = await makeLocalCertificate(['127.0.0.1'], Date.now());
    const connections: string[] = [];
    let hangs = false;
    server = createServer({ cert: certificate, key }, (request, response) => {
      connections.push(`${request.socket.remotePort}`);
      if (!hangs) response.end('{"metadata":{"name":"a"}}');
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    const tls = { ca: authority };
    const kube = apiOf(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, () => tls);
    await Promise.all([kube.get(PODS, REF), kube.get(PODS, REF), kube.get(PODS, REF)]);
    const idle = new Set(connections);
    hangs = true;
    await expect(kube.get(PODS, REF, AbortSignal.timeout(100))).rejects.toMatchObject({ name: 'TimeoutError' });
    hangs = false;
    connections.length = 0;
    await Promise.all([kube.get(PODS, REF), kube.get(PODS, REF)]);
    expect(connections.filter((port) => idle.has(port))).toEqual([]);
  });

  it('are not made without credentials', async () => {
    const { url } = await serve(['127.0.0.1']);
    const kube = apiOf(url, () => {
      throw new Error('no file');
    });
    await expect(kube.get(PODS, REF)).rejects.toMatchObject({ name: 'ApiUnreachableError' });
  });
});
