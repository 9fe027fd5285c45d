/** The webhook's server, over real TLS on loopback. */
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { issueAuthority, issueLeaf, type KeyPair } from '../../core/certificates/x509.ts';
import { createWebhookServer, type WebhookServer, type WebhookServerOptions } from './server.ts';

const HOUR = 3600_000;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Running {
  readonly server: WebhookServer;
  readonly port: number;
  readonly ca: string;
  readonly registry: Registry;
  /** Another leaf of the same authority; its serial number. */
  renew(): Promise<void>;
}

async function running(options: Partial<WebhookServerOptions> = {}, withLeaf = true): Promise<Running> {
  const authority = await issueAuthority('test', { from: Date.now(), until: Date.now() + HOUR });
  const issue = (): Promise<KeyPair> => issueLeaf(authority, ['127.0.0.1'], { from: Date.now(), until: Date.now() + HOUR });
  const listeners = new Set<(leaf: KeyPair) => void>();
  const registry = new Registry();
  const server = createWebhookServer({
    host: '127.0.0.1',
    port: 0,
    certificates: {
      leaf: withLeaf ? await issue() : undefined,
      onLeaf: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    review: async (body) => ({ length: body.length }),
    clock: systemClock,
    log: pino({ level: 'silent' }),
    registry,
    drainDelay: 50,
    ...options,
  });
  const port = await server.listen();
  closing.push(() => server.close());
  const renew = async (): Promise<void> => {
    const leaf = await issue();
    for (const listener of listeners) listener(leaf);
  };
  return { server, port, ca: authority.certificate, registry, renew };
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly connection: string | undefined;
}

function post({ port, ca }: Running, options: RequestOptions = {}, body: string | Buffer = '{}'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      {
        host: '127.0.0.1',
        port,
        ca,
        path: '/inject?timeout=5s',
        method: 'POST',
        agent: false,
        ...options,
        headers: { 'content-type': 'application/json', ...options.headers },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode!, text, connection: response.headers.connection }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('the webhook server', () => {
  it('hands the body of POST /inject to the review', async () => {
    expect(await post(await running(), {}, '{"a":1}')).toMatchObject({ status: 200, text: '{"length":7}' });
  });

  it.each<[number, RequestOptions]>([
    [404, { path: '/' }],
    [404, { path: '/inject/x' }],
    [405, { method: 'PUT' }],
    [415, { headers: { 'content-type': 'text/plain' } }],
    [415, { headers: { 'content-type': 'application/jsonx' } }],
  ])('answers %i to %j', async (status, options) => {
    expect(await post(await running(), options)).toMatchObject({ status });
  });

  it('refuses a body that is too long, announced or not, and lives', async () => {
    const server = await running();
    const long = Buffer.alloc(4 * 1024 * 1024 + 1, ' ');
    const outcome = (promise: Promise<Answer>): Promise<number | string> =>
      promise.then(({ status }) => status).catch((error: NodeJS.ErrnoException) => error.code ?? 'error');
    expect([413, 'EPIPE', 'ECONNRESET']).toContain(await outcome(post(server, {}, long)));
    expect([413, 'EPIPE', 'ECONNRESET']).toContain(
      await outcome(post(server, { headers: { 'transfer-encoding': 'chunked' } }, long)),
    );
    expect(await post(server, {}, Buffer.alloc(4 * 1024 * 1024, ' '))).toMatchObject({ status: 200 });
  });

  it('who sends slowly on many connections is given up for who sends a review', async () => {
    const server = await running({ bodiesAtOnce: 1024 * 1024 });
    const ended = new Set<number>();
    const slow = await Promise.all(
      Array.from({ length: 12 }, async (_, at) => {
        const outgoing = httpsRequest({
          host: '127.0.0.1',
          port: server.port,
          ca: server.ca,
          path: '/inject',
          method: 'POST',
          agent: false,
          headers: { 'content-type': 'application/json', 'content-length': 4 * 1024 * 1024 },
        });
        outgoing.on('error', () => ended.add(at));
        await new Promise<void>((resolve) => outgoing.write(Buffer.alloc(200 * 1024, ' '), () => resolve()));
        return outgoing;
      }),
    );
    // Twelve times 200 KiB do not fit: seven at least are gone.
    await expect.poll(() => ended.size).toBeGreaterThanOrEqual(7);
    expect(await post(server, {}, Buffer.alloc(300 * 1024, ' '))).toMatchObject({ status: 200 });
    for (const outgoing of slow) outgoing.destroy();
    await expect.poll(async () => (await post(server, {}, Buffer.alloc(1024 * 1024, ' '))).status).toBe(200);
  });

  it('who holds connections, silent or used once, leaves some for who asks', async () => {
    const server = await running({ connections: { all: 6, silent: 3 } });
    const silent = Array.from({ length: 20 }, () => connectTcp(server.port, '127.0.0.1').on('error', () => {}));
    const agents = Array.from({ length: 6 }, () => new Agent({ keepAlive: true }));
    const status = (agent: Agent | false): Promise<number | string> =>
      post(server, { agent })
        .then((answer) => answer.status)
        .catch((error: NodeJS.ErrnoException) => error.code ?? 'error');
    try {
      for (const agent of agents) await expect.poll(() => status(agent), { timeout: 8_000 }).toBe(200);
      await expect.poll(() => status(false), { timeout: 8_000 }).toBe(200);
    } finally {
      for (const agent of agents) agent.destroy();
      for (const socket of silent) socket.destroy();
    }
  });

  it('what is being reviewed counts, and who comes then is told to come again', async () => {
    let answer: () => void = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    let asked: () => void = () => {};
    const begun = new Promise<void>((resolve) => (asked = resolve));
    const server = await running({
      bodiesAtOnce: 1000,
      review: async () => {
        asked();
        await held;
        return {};
      },
    });
    const first = post(server, {}, Buffer.alloc(900, ' '));
    await begun;
    expect(await post(server, {}, Buffer.alloc(200, ' '))).toMatchObject({ status: 503 });
    answer();
    expect(await first).toMatchObject({ status: 200 });
    expect(await post(server, {}, Buffer.alloc(200, ' '))).toMatchObject({ status: 200 });
  });

  it('answers 500 when a review fails, without its words', async () => {
    const server = await running({ review: () => Promise.reject(new Error('SECRET')) });
    expect(await post(server)).toMatchObject({ status: 500, text: 'the review failed' });
  });

  it('counts requests by status, those that nobody waited for too', async () => {
    let answer: () => void = () => {};
    const reviewed = new Promise<void>((resolve) => (answer = resolve));
    let asked: () => void = () => {};
    const begun = new Promise<void>((resolve) => (asked = resolve));
    const server = await running({
      review: async (body) => {
        if (body.length > 2) {
          asked();
          await reviewed;
        }
        return {};
      },
    });
    await post(server);
    await post(server, { path: '/' });
    const controller = new AbortController();
    const abandoned = post(server, { signal: controller.signal }, '{"a":1}').catch(() => {});
    await begun;
    controller.abort();
    await abandoned;
    const metrics = async (): Promise<string> => server.registry.metrics();
    while (!(await metrics()).includes('{code="499"} 1')) await new Promise((resolve) => setTimeout(resolve, 10));
    answer();
    expect(await metrics()).toMatch(/webhook_requests_total\{code="200"\} 1[\s\S]*\{code="404"\} 1/);
    expect(await metrics()).toContain('sluice_operator_webhook_requests_in_flight 0');
  });

  it('has no handshake before there is a certificate', async () => {
    const server = await running({}, false);
    await expect(post(server)).rejects.toThrow();
    await server.renew();
    expect(await post(server)).toMatchObject({ status: 200 });
  });

  it('exchanges its certificate while a connection is open and used', async () => {
    const server = await running();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const serial = (): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca }, () => {
          resolve(socket.getPeerX509Certificate()!.serialNumber);
          socket.destroy();
        });
      });
    try {
      const before = await serial();
      expect(await post(server, { agent })).toMatchObject({ status: 200, connection: 'keep-alive' });
      const [socket] = Object.values(agent.freeSockets).flat();
      await server.renew();
      expect(await serial()).not.toBe(before);
      expect(await post(server, { agent })).toMatchObject({ status: 200 });
      expect(Object.values(agent.freeSockets).flat()[0]).toBe(socket);
    } finally {
      agent.destroy();
    }
  });

  it('on its way out answers what is under way, and new requests for a while, and sends clients elsewhere', async () => {
    let answer: () => void = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    const server = await running({ drainDelay: 300, review: async (body) => (body.length > 2 ? held.then(() => ({})) : {}) });
    const agent = new Agent({ keepAlive: true });
    await post(server, { agent });
    const underWay = post(server, {}, '{"a":1}');
    const closed = server.server.close();
    expect(await post(server, { agent })).toMatchObject({ status: 200, connection: 'close' });
    answer();
    expect(await underWay).toMatchObject({ status: 200 });
    await closed;
    await expect(post(server)).rejects.toThrow('ECONNREFUSED');
    agent.destroy();
  });

  it('does not wait for ever for answers', async () => {
    const server = await running({ drainDelay: 0, drainLimit: 50, review: () => new Promise(() => {}) });
    const underWay = post(server).catch(() => 'cut');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.server.close();
    expect(await underWay).toBe('cut');
  });
});
