/**
 * The recorder that suites put in front of a server or of Sluice.
 *
 *     const direct = await startFrontRelay({ port: server.port, onExchange });
 *
 *     const back = await startBackRelay({ port: server.port });
 *     const sluice = await startSluice({ …, upstream: `postgres://postgres@127.0.0.1:${back.port}/db` });
 *     const through = await startFrontRelay({ port: sluice.port, onExchange, behind: back });
 *
 * Clients connect to `direct.port` and `through.port`. Every exchange (a Query, or a series of the extended protocol up to its
 * Sync) is handed to `onExchange` with all messages that came back; bytes pass unchanged.
 *
 * With `behind`, what a floor of conformance-floors.json names and Sluice refuses is run behind Sluice's back on the same
 * upstream session, so that what follows meets the state it needs, and the client sees the server's answer. Outside a
 * transaction block the refusal is asked for on the session itself. Inside one it would abort the block: there a statement that
 * a floor names is offered to Sluice on a session of its own (probe.ts). What a floor names and Sluice serves is an exchange
 * like any other.
 */
import { type AddressInfo, createServer } from 'node:net';
import type { BackRelay } from './back-relay.ts';
import { FrontConnection } from './front-connection.ts';
import { ProbeSession } from './probe.ts';
import type { OnExchange } from './recording.ts';

export interface FrontRelayOptions {
  readonly host?: string;
  readonly port: number;
  readonly onExchange: OnExchange;
  /** The relay between Sluice and the server. */
  readonly behind?: BackRelay;
  /** Which of the refused statements that a floor names may run behind Sluice's back; all unless given. */
  readonly mayRunBehind?: (floor: string, sql: string) => boolean;
  /** Every message that the target itself sends to a client; what ran behind Sluice's back is not among them. */
  readonly onTargetData?: (bytes: Buffer, connection: number) => void;
}

export interface FrontRelay {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startFrontRelay(options: FrontRelayOptions): Promise<FrontRelay> {
  let connections = 0;
  const open = new Set<FrontConnection>();
  const probes = new ProbeSession({ host: options.host ?? '127.0.0.1', port: options.port });
  const server = createServer((client) => {
    const connection = new FrontConnection(client, ++connections, options, probes);
    open.add(connection);
    client.once('close', () => open.delete(connection));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const connection of open) connection.destroy();
      await probes.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
