/**
 * Where generated cases run. Two servers that differ in every secret, each behind a tap of its own (the bare relay) and behind
 * Sluice with a tap before it; and on the first a database that physically holds only what the policy shows, for honest twins.
 */
import { CanaryOracle } from '../../oracle/canary-oracle.ts';
import { must, restrictedIdentity, restrictivePolicy, rows, type Shop } from '../../support/shop.ts';
import { startSluice, type RunningSluice } from '../../support/sluice.ts';
import { startTap, type Tap } from '../../support/tap.ts';
import { WireClient } from '../../support/wire-client.ts';
import { startSide, talkativeSession } from '../laboratory.ts';
import { buildReference } from '../reference.ts';

export interface Road {
  readonly oracle: CanaryOracle;
  connect(): Promise<WireClient>;
}

export interface Twinned {
  readonly shop: Shop;
  readonly relay: Road;
  readonly sluice: Road;
  readonly proxy: RunningSluice;
}

export interface Field {
  readonly a: Twinned;
  readonly b: Twinned;
  /** Logs in to the reference database of `a`, as superuser. */
  reference(): Promise<WireClient>;
  /** The highest OID of a relation of the fixture: newer ones depend on nothing hidden. */
  readonly newestOid: number;
  stop(): Promise<void>;
}

export async function startField(major: 15 | 18, policy: string = restrictivePolicy): Promise<Field> {
  const started = await Promise.all((['a', 'b'] as const).map((variant) => startTwinned(major, variant, policy)));
  const [a, b] = started.map(({ twinned }) => twinned);
  if (a === undefined || b === undefined) throw new Error('unreachable: two variants');
  const through = await a.proxy.connect('shop');
  await buildReference(a.shop, 'reference', through);
  await through.close();
  const admin = await a.shop.connect('shop', 'superuser');
  const newestOid = Number((await rows(admin, 'SELECT max(oid::bigint) FROM pg_class'))[0]?.[0]);
  await admin.close();
  return {
    a,
    b,
    newestOid,
    reference: () => a.shop.connect('reference', 'superuser'),
    stop: async () => {
      for (const { stop } of started) await stop();
    },
  };
}

async function startTwinned(
  major: 15 | 18,
  variant: 'a' | 'b',
  policy: string,
): Promise<{ readonly twinned: Twinned; stop(): Promise<void> }> {
  const shop = await startSide(major, variant);
  await shop.copy('shop', 'reference');
  const canaries = await shop.canaries(variant);
  const [relay, sluice] = [new CanaryOracle(canaries), new CanaryOracle(canaries)];
  const talkative = await talkativeSession(shop);
  const admin = await shop.connect('postgres', 'superuser');
  // Cases that wait for a lock or count for ever shall not hold the run up.
  await must(admin, "ALTER DATABASE shop SET statement_timeout = '4s'");
  await admin.close();
  const proxy = await startSluice({
    policy: [policy],
    as: restrictedIdentity,
    upstream: shop.url('shop', 'superuser'),
  });
  const taps: readonly [Tap, Tap] = [
    await startTap({ port: shop.server.port, onServerData: relay.listen }),
    await startTap({ port: proxy.port, onServerData: sluice.listen }),
  ];
  const twinned: Twinned = {
    shop,
    proxy,
    relay: {
      oracle: relay,
      connect: () =>
        WireClient.connect({ port: taps[0].port, user: 'postgres', password: shop.server.password, database: 'shop' }),
    },
    sluice: { oracle: sluice, connect: () => WireClient.connect({ port: taps[1].port, user: 'agent', database: 'shop' }) },
  };
  return {
    twinned,
    stop: async () => {
      talkative.destroy();
      for (const tap of taps) await tap.stop();
      await proxy.stop();
      await shop.stop();
    },
  };
}
