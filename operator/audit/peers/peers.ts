/**
 * Replicas with embedded stores copy from each other, so that what one of them has acknowledged is soon in all, and a rolling update of the
 * operator loses nothing: a new replica has copied before it is ready, an old one stays until the others have copied from it.
 */
import type { AuditStore } from '../../../core/audit/store.ts';
import type { EventLog } from '../../../core/event-log.ts';
import { atMost, type Clock } from '../../../sidecar/bundle/clock.ts';
import type { Authority } from '../../certs/authority.ts';
import { copyFrom } from './copying.ts';
import { createPeerClient, type PeerAddress } from './peer-client.ts';
import { createPeerServer } from './peer-server.ts';
import type { PeerMetrics } from './metrics.ts';

export interface PeersOptions {
  readonly store: AuditStore;
  readonly host: string;
  readonly port: number;
  readonly replica: string;
  readonly serverName: string;
  readonly authority: Pick<Authority, 'leaf' | 'trusted' | 'onLeaf' | 'ready'>;
  /** Of all replicas, this one among them or not. */
  readonly addresses: () => Promise<readonly PeerAddress[]>;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly metrics: PeerMetrics;
}

export interface Peers {
  /** False before the first look at all others has ended, or half a minute has passed. */
  readonly ready: boolean;
  /** Once the authority is ready. Resolves with the port. */
  start(): Promise<number>;
  /** Nothing is appended any more: resolves when the others have all, or soon. */
  handOver(): Promise<void>;
  stop(): Promise<void>;
}

/** Milliseconds between two looks. */
const EVERY = 2_000;
const READY_WITHIN = 30_000;
const HAND_OVER_WITHIN = 8_000;
/** A replica that has not asked for so long has gone. */
const GONE_AFTER = 15_000;

export function createPeers(options: PeersOptions): Peers {
  const { store, host, port, replica, serverName, authority, addresses, clock, log, metrics } = options;
  const asked = new Map<string, { at: number; times: number }>();
  const waiting = new Set<() => void>();
  const forked = new Set<string>();
  const failing = new Set<string>();
  const abort = new AbortController();
  let ready = false;
  let cancel: () => void = () => {};
  let work: Promise<void> = Promise.resolve();
  const server = createPeerServer({
    ...{ host, port, replica, serverName, authority, store },
    onAsked(other) {
      if (asked.size < 256 || asked.has(other))
        asked.set(other, { at: clock.monotonic(), times: (asked.get(other)?.times ?? 0) + 1 });
      for (const each of waiting) each();
    },
  });

  async function look(): Promise<void> {
    let found: readonly PeerAddress[] = [];
    try {
      found = await addresses();
    } catch (error) {
      log('debug', 'audit-peers-not-found', { reason: (error as Error).message });
    }
    for (const address of found) await copy(address);
    ready = true;
  }

  async function copy(address: PeerAddress): Promise<void> {
    const name = `${address.host}:${address.port}`;
    try {
      await copyFrom({
        store,
        peer: createPeerClient({ address, replica, serverName, authority }),
        signal: abort.signal,
        onCopied: metrics.copied,
        onFork(chain, seq) {
          if (forked.has(chain)) return;
          forked.add(chain);
          metrics.forked();
          log('error', 'audit-peer-fork', { chain, seq, peer: name });
        },
      });
      failing.delete(name);
    } catch (error) {
      if (abort.signal.aborted) return;
      metrics.failed();
      // A replica that comes or goes is away for a moment.
      log(failing.has(name) ? 'debug' : 'warn', 'audit-peer-not-copied', { peer: name, reason: (error as Error).message });
      failing.add(name);
    }
  }

  function next(): void {
    work = look().finally(() => {
      if (!abort.signal.aborted) cancel = clock.after(EVERY, next);
    });
  }

  return {
    get ready() {
      return ready;
    },
    async start() {
      await authority.ready;
      const listening = await server.listen();
      clock.after(READY_WITHIN, () => {
        ready = true;
      });
      next();
      return listening;
    },
    async handOver() {
      const begun = clock.monotonic();
      const others = new Map(
        [...asked].filter(([, { at }]) => begun - at < GONE_AFTER).map(([name, { times }]) => [name, times]),
      );
      // The second time it asks from now on, all that it was told the first time has been copied.
      const done = (): boolean => [...others].every(([name, times]) => (asked.get(name)?.times ?? 0) >= times + 2);
      if (done()) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const check = (): void => {
        if (done()) resolve();
      };
      waiting.add(check);
      await atMost(clock, HAND_OVER_WITHIN, promise);
      waiting.delete(check);
      if (!done()) log('warn', 'audit-not-handed-over', { peers: others.size });
    },
    async stop() {
      abort.abort();
      cancel();
      await work.catch(() => {});
      await server.close();
    },
  };
}
