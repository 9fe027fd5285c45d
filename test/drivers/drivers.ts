/** What all driver tests share: Sluice before a shop, under the restrictive policy, with the canary oracle listening in between. */
import { afterAll, beforeAll, expect } from 'vitest';
import { CanaryOracle, describeFindings } from '../oracle/canary-oracle.ts';
import {
  allowAllIdentity,
  allowAllPolicy,
  restrictedIdentity,
  restrictivePolicy,
  startShop,
  type Shop,
} from '../support/shop.ts';
import { startSluice, type RunningSluice } from '../support/sluice.ts';
import { startTap, type Tap } from '../support/tap.ts';

export interface Stage {
  readonly shop: Shop;
  /** Port of the tap before Sluice under the restrictive policy. */
  readonly port: number;
  /** Port of a Sluice that grants everything. */
  readonly openPort: number;
}

/** Call at the top of a describe block; the stage is there once its tests run. No canary may have passed when they are done. */
export function useStage(major: 15 | 18): () => Stage {
  let shop: Shop | undefined;
  let stage: Stage | undefined;
  const proxies: RunningSluice[] = [];
  let tap: Tap | undefined;
  let oracle: CanaryOracle | undefined;
  beforeAll(async () => {
    shop = await startShop(major, ['a'], { name: () => 'shop' });
    oracle = new CanaryOracle(await shop.canaries('a'));
    const restricted = await startSluice({ policy: [restrictivePolicy], as: restrictedIdentity, upstream: shop.url('shop') });
    proxies.push(restricted);
    const open = await startSluice({ policy: [allowAllPolicy], as: allowAllIdentity, upstream: shop.url('shop') });
    proxies.push(open);
    tap = await startTap({ port: restricted.port, onServerData: oracle.listen });
    stage = { shop, port: tap.port, openPort: open.port };
  });
  afterAll(async () => {
    await tap?.stop();
    for (const proxy of proxies) await proxy.stop();
    await shop?.stop();
    if (oracle !== undefined) expect(describeFindings(oracle.findings)).toBe('0 canaries: ');
  });
  return () => {
    if (stage === undefined) throw new Error('the stage is not set up');
    return stage;
  };
}
