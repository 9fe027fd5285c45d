/** What goes over the line, byte by byte: from a server on loopback that answers as told. Whether an API server agrees is for test/kube. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type ClosableKubeApi, createKubeApi, type KubeApiConfig } from './create-kube-api.ts';
import type { Credentials } from './credentials.ts';
import { ApiError, ApiUnreachableError, CONFIG_MAPS, PODS } from './kube-api.ts';

const TOKEN = 'eyJ-secret-token';
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server | undefined;
let api: ClosableKubeApi | undefined;
afterEach(async () => {
  await api?.close();
  server?.closeAllConnections();
  server?.close();
});

async function apiOf(handler: Handler, config: Partial<KubeApiConfig> = {}): Promise<ClosableKubeApi> {
  server = createServer(handler);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const credentials: Credentials = {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}/clusters/one`,
    tls: async () => ({}),
    headers: async () => ({ authorization: `Bearer ${TOKEN}` }),
    refused: () => {},
  };
  api = createKubeApi({ credentials, ...config });
  return api;
}

const failure = async (promise: Promise<unknown>): Promise<Error> => {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason as Error,
  );
  for (let each: unknown = error; each instanceof Error; each = each.cause) expect(each.message).not.toContain(TOKEN);
  return error;
};

describe('requests', () => {
  it('send JSON with a token, behind the path of the server', async () => {
    const seen: {
      method?: string | undefined;
      url?: string | undefined;
      type?: string | undefined;
      token?: string | undefined;
    }[] = [];
    const kube = await apiOf((request, response) => {
      const { method, url, headers } = request;
      seen.push({ method, url, type: headers['content-type'], token: headers.authorization });
      response.end('{"metadata":{"name":"a"}}');
    });
    const ref = { namespace: 'n', name: 'a' };
    await kube.get(PODS, ref);
    await kube.patch(PODS, ref, {}, { type: 'apply', fieldManager: 'sluice', force: true, subresource: 'status' });
    await kube.patch(PODS, ref, {}, { type: 'merge' });
    await kube.patch(PODS, ref, [], { type: 'json' });
    await kube.create(PODS, { metadata: ref });
    await kube.delete(PODS, ref);
    const pod = '/clusters/one/api/v1/namespaces/n/pods/a';
    const token = `Bearer ${TOKEN}`;
    expect(seen).toEqual([
      { method: 'GET', url: pod, type: undefined, token },
      { method: 'PATCH', url: `${pod}/status?fieldManager=sluice&force=true`, type: 'application/apply-patch+yaml', token },
      { method: 'PATCH', url: pod, type: 'application/merge-patch+json', token },
      { method: 'PATCH', url: pod, type: 'application/json-patch+json', token },
      { method: 'POST', url: '/clusters/one/api/v1/namespaces/n/pods', type: 'application/json', token },
      { method: 'DELETE', url: pod, type: undefined, token },
    ]);
  });

  it('give items of a list the kind and version that a watch would', async () => {
    const kube = await apiOf((_, response) =>
      response.end('{"metadata":{"resourceVersion":"7","continue":"next"},"items":[{"metadata":{"name":"a"}}]}'),
    );
    expect(await kube.list(PODS, { limit: 1 })).toEqual({
      resourceVersion: '7',
      continue: 'next',
      items: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }],
    });
  });

  it.each([
    [
      429,
      '{"kind":"Status","reason":"TooManyRequests","message":"slow down","details":{"retryAfterSeconds":3}}',
      'TooManyRequests',
      3000,
    ],
    [409, '{"kind":"Status","reason":"AlreadyExists","message":"there is one"}', 'AlreadyExists', undefined],
    [502, '<html>bad gateway</html>', 'Http502', undefined],
    [503, '', 'ServiceUnavailable', undefined],
    [302, '', 'Http302', undefined],
  ])('%i is an ApiError', async (status, body, reason, retryAfterMs) => {
    const kube = await apiOf((_, response) => response.writeHead(status, { location: '/elsewhere' }).end(body));
    const error = await failure(kube.get(PODS, { namespace: 'n', name: 'a' }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status, reason });
    expect((error as ApiError).retryAfterMs).toBe(retryAfterMs);
  });

  it('Retry-After of the header wins', async () => {
    const kube = await apiOf((_, response) =>
      response.writeHead(429, { 'retry-after': '7' }).end('{"details":{"retryAfterSeconds":3}}'),
    );
    expect(await failure(kube.get(PODS, { namespace: 'n', name: 'a' }))).toMatchObject({ retryAfterMs: 7000 });
  });

  it('that hang, that are endless, that are no JSON: unreachable', async () => {
    const kube = await apiOf(
      (request, response) => {
        if (request.url?.endsWith('hang')) return;
        if (request.url?.endsWith('dribble')) return void response.write('{');
        if (request.url?.endsWith('endless')) return void response.end(`"${'x'.repeat(5000)}"`);
        response.end('garbage');
      },
      { requestTimeout: 200, maxResponse: 4096 },
    );
    const kind = async (name: string): Promise<unknown> => {
      const error = await failure(kube.get(PODS, { namespace: 'n', name }));
      expect(error).toBeInstanceOf(ApiUnreachableError);
      return (error as ApiUnreachableError).kind;
    };
    expect(await kind('hang')).toBe('timeout');
    expect(await kind('dribble')).toBe('timeout');
    expect(await kind('endless')).toBe('malformed');
    expect(await kind('garbage')).toBe('malformed');
  });

  it('GET is tried once more when its connection was just closed; nothing else is', async () => {
    const counts: Record<string, number> = {};
    const kube = await apiOf((request, response) => {
      const method = request.method ?? '';
      counts[method] = (counts[method] ?? 0) + 1;
      if (counts[method] === 1) request.socket.destroy();
      else response.end('{"metadata":{"name":"a"}}');
    });
    await kube.get(CONFIG_MAPS, { namespace: 'n', name: 'a' });
    expect(await failure(kube.create(CONFIG_MAPS, { metadata: { namespace: 'n', name: 'a' } }))).toMatchObject({ kind: 'reset' });
    expect(counts).toEqual({ GET: 2, POST: 1 });
  });

  it('end with the reason of who aborts them', async () => {
    const kube = await apiOf(() => {});
    const controller = new AbortController();
    const reason = new Error('enough');
    const asked = failure(kube.get(PODS, { namespace: 'n', name: 'a' }, controller.signal));
    controller.abort(reason);
    expect(await asked).toBe(reason);
    expect(await failure(kube.get(PODS, { namespace: 'n', name: 'a' }, AbortSignal.abort(reason)))).toBe(reason);
  });

  it('refused: nobody listens', async () => {
    const kube = await apiOf(() => {});
    server?.close();
    expect(await failure(kube.get(PODS, { namespace: 'n', name: 'a' }))).toMatchObject({ kind: 'refused' });
  });

  it('a token goes over https, or nowhere', () => {
    const credentials = { server: 'http://10.0.0.1', tls: async () => ({}), headers: async () => ({}), refused: () => {} };
    expect(() => createKubeApi({ credentials })).toThrow('https');
  });
});

describe('watches', () => {
  const event = (type: string, name: string): string =>
    `${JSON.stringify({ type, object: { metadata: { name, resourceVersion: '1' } } })}\n`;
  const options = (signal = new AbortController().signal) => ({ resourceVersion: '1', timeoutSeconds: 300, signal });

  async function follow(kube: ClosableKubeApi, signal?: AbortSignal): Promise<{ types: string[]; error: unknown }> {
    const types: string[] = [];
    try {
      for await (const each of kube.watch(PODS, options(signal))) types.push(each.type);
      return { types, error: undefined };
    } catch (error) {
      return { types, error };
    }
  }

  it('ask for bookmarks, and end when the server ends them', async () => {
    let url: string | undefined;
    const kube = await apiOf((request, response) => {
      url = request.url;
      response.write(event('ADDED', 'ä'));
      response.end(event('BOOKMARK', ''));
    });
    expect(await follow(kube)).toEqual({ types: ['ADDED', 'BOOKMARK'], error: undefined });
    expect(url).toBe('/clusters/one/api/v1/pods?resourceVersion=1&timeoutSeconds=300&watch=true&allowWatchBookmarks=true');
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ['cut off between events', (response) => response.socket?.destroy(), 'reset'],
    ['cut off within an event', (response) => response.end('{"type":"ADD'), 'reset'],
    ['garbage', (response) => response.end('garbage\n'), 'malformed'],
    ['no event', (response) => response.end('{"type":"ADDED"}\n'), 'malformed'],
    ['silence', () => {}, 'timeout'],
  ])('%s: unreachable, after what came before', async (_, ending, kind) => {
    const kube = await apiOf(
      (_request, response) => response.write(event('ADDED', 'a'), () => setImmediate(() => ending(response))),
      { watchIdle: 1500 },
    );
    const { types, error } = await follow(kube);
    expect(types).toEqual(['ADDED']);
    expect(error).toBeInstanceOf(ApiUnreachableError);
    expect(error).toMatchObject({ kind });
  });

  it('that are refused say so', async () => {
    const kube = await apiOf((_, response) => response.writeHead(410).end('{"reason":"Expired","message":"too old"}'));
    expect((await follow(kube)).error).toMatchObject({ status: 410, reason: 'Expired' });
  });

  it('close their connection when nobody reads on, or when they are aborted', async () => {
    let closed = 0;
    const kube = await apiOf((request, response) => {
      request.socket.on('close', () => (closed += 1));
      response.write(event('ADDED', 'a'));
    });
    for await (const _ of kube.watch(PODS, options())) break;
    await expect.poll(() => closed).toBe(1);
    const controller = new AbortController();
    const reason = new Error('enough');
    const following = follow(kube, controller.signal);
    setTimeout(() => controller.abort(reason), 50);
    expect((await following).error).toBe(reason);
    await expect.poll(() => closed).toBe(2);
  });
});
