/** Asks another replica what it holds. What it answers is bounded, and an answer without its end is an error. */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { ReadItem } from '../../../core/audit/reading.ts';
import type { StoredChain, StoredLine } from '../../../core/audit/store.ts';
import type { Authority } from '../../certs/authority.ts';
import { leafOf, PEER_CHAINS_PATH, PEER_LINES_PATH, REPLICA_HEADER } from './peer-server.ts';

export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

export interface PeerClient {
  /** undefined: that is this replica itself. */
  chains(signal: AbortSignal): Promise<AsyncIterable<StoredChain> | undefined>;
  lines(chain: string, from: number, signal: AbortSignal): Promise<AsyncIterable<StoredLine>>;
}

export interface PeerClientOptions {
  readonly address: PeerAddress;
  readonly replica: string;
  readonly serverName: string;
  readonly authority: Pick<Authority, 'leaf' | 'trusted'>;
}

/** Milliseconds in which a peer says something. */
const SILENCE = 15_000;

export function createPeerClient({ address, replica, serverName, authority }: PeerClientOptions): PeerClient {
  async function ask<T extends StoredChain | StoredLine>(
    path: string,
    signal: AbortSignal,
  ): Promise<AsyncIterable<T> | undefined> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const call = request(
        {
          ...address,
          ...leafOf(authority),
          path,
          signal,
          servername: serverName,
          ca: [...authority.trusted],
          headers: { [REPLICA_HEADER]: replica },
          // A connection of its own, without a remembered session: each is proven anew.
          agent: false,
          minVersion: 'TLSv1.3',
          timeout: SILENCE,
        },
        resolve,
      );
      call.on('timeout', () => call.destroy(new Error('the replica says nothing')));
      call.on('error', reject);
      call.end();
    });
    if (response.headers[REPLICA_HEADER] === replica) {
      response.destroy();
      return undefined;
    }
    if (response.statusCode !== 200) {
      response.destroy();
      throw new Error(`the replica answers with ${response.statusCode}`);
    }
    return items<T>(response);
  }
  return {
    chains: (signal) => ask<StoredChain>(PEER_CHAINS_PATH, signal),
    async lines(chain, from, signal) {
      const lines = await ask<StoredLine>(`${PEER_LINES_PATH}?${new URLSearchParams({ chain, from: String(from) })}`, signal);
      if (lines === undefined) throw new Error('the replica is this one');
      return lines;
    },
  };
}

async function* items<T extends StoredChain | StoredLine>(response: IncomingMessage): AsyncGenerator<T, undefined> {
  let rest = '';
  try {
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const item = JSON.parse(line) as ReadItem<T>;
        if ('end' in item) return;
        if ('error' in item) throw new Error(item.error);
        yield item.item as T;
      }
    }
  } finally {
    response.destroy();
  }
  throw new Error('the answer of the replica was cut off');
}
