/** Replicas that copy from each other, over real TLS with certificates of an authority: what one has acknowledged is soon in all. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Chain } from '../../core/audit/chain.ts';
import { issueAuthority, issueLeaf, type KeyPair } from '../../core/certificates/x509.ts';
import { peerMetrics } from '../../operator/audit/peers/metrics.ts';
import { createPeers, type Peers } from '../../operator/audit/peers/peers.ts';
import { PEER_CHAINS_PATH } from '../../operator/audit/peers/peer-server.ts';
import { EmbeddedStore } from '../../operator/audit/store/embedded-store.ts';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { eventually } from '../support/until.ts';
import { collect } from './store-suite.ts';
import { OWNERS } from './store-worlds.ts';

const NAME = 'sluice-operator.sluice-system.svc';
const root = mkdtempSync(join(tmpdir(), 'sluice-peers-'));
const now = Date.now();
const validity = { from: now - 3_600_000, until: now + 3_600_000 };
let authority: KeyPair;
let made = 0;
const owner = OWNERS['chain-1'];

beforeAll(async () => {
  authority = await issueAuthority('stream', validity);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Replica {
  readonly name: string;
  readonly store: EmbeddedStore;
  readonly peers: Peers;
  readonly events: (readonly [string, string, unknown])[];
  readonly metrics: Registry;
  start(): Promise<number>;
  stop(): Promise<void>;
}

/** All that are started find each other. */
class Cluster {
  readonly ports = new Map<string, number>();

  async replica(directory = join(root, String((made += 1)))): Promise<Replica> {
    const name = `replica-${(made += 1)}`;
    const events: (readonly [string, string, unknown])[] = [];
    const store = new EmbeddedStore({ directory, size: 1e9, whenFull: 'Refuse', clock: Date, log: () => {} });
    const leaf = await issueLeaf(authority, [NAME], validity);
    const metrics = new Registry();
    const peers = createPeers({
      ...{ store, host: '127.0.0.1', port: 0, replica: name, serverName: NAME, clock: systemClock },
      authority: { leaf, trusted: [authority.certificate], onLeaf: () => () => {}, ready: Promise.resolve() },
      addresses: async () => [...this.ports.values()].map((port) => ({ host: '127.0.0.1', port })),
      log: (level, event, detail) => events.push([level, event, detail]),
      metrics: peerMetrics(metrics),
    });
    return {
      ...{ name, store, peers, events, metrics },
      start: async () => {
        const port = await peers.start();
        this.ports.set(name, port);
        return port;
      },
      stop: async () => {
        this.ports.delete(name);
        await peers.stop();
        await store.close();
      },
    };
  }
}

function linesOf(count: number, salt = ''): string[] {
  const chain = new Chain();
  return Array.from({ length: count }, (_, seq) =>
    chain.seal({ type: 'event', event: 'x', detail: { seq, salt } }, '2026-11-21T10:00:00.000000Z').slice(0, -1),
  );
}

describe('replicas with embedded stores', () => {
  it('have all that any of them has, whatever stretches each was given, and with the time at which it first came', async () => {
    const lines = linesOf(60);
    const received = '2026-11-20T12:00:00.000000Z';
    const parts = fc.array(fc.tuple(fc.nat(2), fc.nat(59), fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(parts, async (given) => {
        const cluster = new Cluster();
        const replicas = [await cluster.replica(), await cluster.replica(), await cluster.replica()];
        const all = new Set<number>();
        for (const [at, first, length] of given) {
          const some = lines.slice(first, first + length);
          for (const index of some.keys()) all.add(first + index);
          await replicas[at]!.store.append({ chain: 'c', owner, first, lines: some, received });
        }
        for (const each of replicas) await each.start();
        const wanted = [...all].sort((a, b) => a - b).map((seq) => ({ chain: 'c', seq, line: lines[seq], received }));
        await eventually(async () => {
          for (const { store } of replicas) expect(await collect(store.lines('c'))).toEqual(wanted);
        }, 20_000);
        for (const { store, events } of replicas) {
          expect((await collect(store.chains()))[0]?.owner).toEqual(owner);
          expect(events.filter(([level]) => level === 'error')).toEqual([]);
        }
        await Promise.all(replicas.map((each) => each.stop()));
      }),
      { numRuns: 5 },
    );
  }, 120_000);

  it('lose nothing in a rolling update: each new one has copied before it is ready, each old one stays until it has been copied', async () => {
    const cluster = new Cluster();
    let [one, two] = [await cluster.replica(), await cluster.replica()];
    await Promise.all([one.start(), two.start()]);
    const lines = linesOf(3_000);
    let first = 0;
    for (let round = 0; round < 3; round += 1) {
      await eventually(() => expect(one.peers.ready && two.peers.ready).toBe(true));
      // Acknowledged by one alone, right before it leaves.
      await one.store.append({ chain: 'c', owner, first, lines: lines.slice(first, first + 1000) });
      first += 1000;
      const fresh = await cluster.replica();
      await fresh.start();
      await eventually(() => expect(fresh.peers.ready).toBe(true));
      await one.peers.handOver();
      await one.stop();
      [one, two] = [two, fresh];
    }
    for (const { store } of [one, two])
      await eventually(async () => expect((await collect(store.lines('c'))).map(({ line }) => line)).toEqual(lines));
    await Promise.all([one.stop(), two.stop()]);
  }, 60_000);

  it('tell a fork, once, and keep each what it had', async () => {
    const cluster = new Cluster();
    const [one, two] = [await cluster.replica(), await cluster.replica()];
    const [here, there] = [linesOf(20), linesOf(30, 'other')];
    await one.store.append({ chain: 'c', owner, first: 0, lines: here });
    await two.store.append({ chain: 'c', owner, first: 0, lines: there });
    await one.store.append({ chain: 'same length', owner, first: 0, lines: here });
    await two.store.append({ chain: 'same length', owner, first: 0, lines: there.slice(0, 20) });
    await one.store.append({ chain: 'good', owner, first: 0, lines: here });
    await Promise.all([one.start(), two.start()]);
    await eventually(async () => {
      expect((await two.store.ending('good'))?.next).toBe(20);
      expect(
        one.events
          .filter(([, event]) => event === 'audit-peer-fork')
          .map(([, , detail]) => (detail as { chain: string }).chain)
          .sort(),
      ).toEqual(['c', 'same length']);
    });
    // Looked at again, and not told again.
    const text = await one.metrics.metrics();
    expect(text).toContain('sluice_operator_audit_peer_forks_total 2');
    expect((await collect(one.store.lines('c'))).map(({ line }) => line)).toEqual(here);
    expect((await collect(two.store.lines('c'))).map(({ line }) => line)).toEqual(there);
    await Promise.all([one.stop(), two.stop()]);
  }, 60_000);

  it('do not take again what retention has removed', async () => {
    const cluster = new Cluster();
    const [one, two] = [await cluster.replica(), await cluster.replica()];
    const lines = linesOf(20);
    for (const { store } of [one, two]) {
      await store.append({ chain: 'c', owner, first: 0, lines: lines.slice(0, 10), received: '2026-01-01T00:00:00Z' });
      await store.append({ chain: 'c', owner, first: 10, lines: lines.slice(10) });
    }
    await one.store.prune('2026-02-01T00:00:00Z');
    await two.store.append({ chain: 'd', owner, first: 0, lines });
    await Promise.all([one.start(), two.start()]);
    await eventually(async () => expect((await one.store.ending('d'))?.next).toBe(20));
    expect(await collect(one.store.chains())).toMatchObject([{ stretches: [[10, 20]], removed: 10 }, { chain: 'd' }]);
    await Promise.all([one.stop(), two.stop()]);
  }, 60_000);

  it('are ready alone, and show nothing to anybody else', async () => {
    const cluster = new Cluster();
    const one = await cluster.replica();
    await one.store.append({ chain: 'c', owner, first: 0, lines: linesOf(3) });
    const port = await one.start();
    await eventually(() => expect(one.peers.ready).toBe(true));
    const other = await issueAuthority('other', validity);
    const leafs: (KeyPair | undefined)[] = [
      undefined,
      await issueLeaf(other, [NAME], validity),
      await issueLeaf(authority, ['another.name.svc'], validity),
      await issueLeaf(authority, [NAME], { from: now - 3_600_000, until: now - 1_000 }),
      authority,
    ];
    for (const leaf of leafs) {
      const status = await ask(port, leaf);
      expect(status).toBe(403);
    }
    expect(await ask(port, await issueLeaf(authority, [NAME], validity))).toBe(200);
    await one.stop();
  }, 60_000);
});

function ask(port: number, leaf: KeyPair | undefined): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const identity = leaf === undefined ? {} : { cert: leaf.certificate, key: leaf.key };
    const call = request(
      { host: '127.0.0.1', port, path: PEER_CHAINS_PATH, servername: NAME, ca: authority.certificate, agent: false, ...identity },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    call.on('error', reject);
    call.end();
  });
}
