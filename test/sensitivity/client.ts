/** The connection that detection uses, to a server of the tests. */
import { openQueryClient, type QueryClient } from '../../sidecar/catalog/query-client.ts';
import { connectUpstream } from '../../sidecar/upstream/connect.ts';
import { parseUpstreamUrl } from '../../sidecar/upstream/upstream-url.ts';

export type TestClient = QueryClient;

export async function openClient(url: string): Promise<TestClient> {
  const { host, port, user, password, database, tlsMode } = parseUpstreamUrl(url);
  const connection = await connectUpstream({
    target: { host, port, tls: { mode: tlsMode } },
    user,
    ...(password === undefined ? {} : { password }),
    database,
    requireChannelBinding: false,
    settings: [],
  });
  return openQueryClient(connection);
}
