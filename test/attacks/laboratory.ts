/**
 * Where the corpus runs. Three servers are loaded by the same steps, so that their OIDs agree: `a` and `b` differ in every
 * secret, `c` is like `a` and serves the twins. In front of `a` and `b` stands a tap, first straight before the server (the bare
 * relay), then before Sluice.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startShop, must, restrictedIdentity, restrictivePolicy, rows, type Shop, type Variant } from '../support/shop.ts';
import { startSluice, type RunningSluice } from '../support/sluice.ts';
import { startTap, type Tap } from '../support/tap.ts';
import { WireClient, type ConnectOptions } from '../support/wire-client.ts';
import { CanaryOracle } from '../oracle/canary-oracle.ts';

/** The server under attack: 18, or 15 with PG_MAJOR=15 in the environment. */
export const MAJOR: 15 | 18 = process.env['PG_MAJOR'] === '15' ? 15 : 18;

/** Evidence of rows changes what goes upstream and what comes back: the whole corpus once more under it, with Writes, Keys or Proof in the environment. */
const ROWS = process.env['SLUICE_ATTACKS_ROWS'];

export interface Side {
  readonly shop: Shop;
  readonly oracle: CanaryOracle;
  /** Through the tap. */
  connect(parameters?: ConnectOptions['parameters']): Promise<WireClient>;
  /** As superuser, past everything. */
  readonly admin: () => Promise<WireClient>;
  /** The pristine database again, under the same name and OIDs. */
  restore(): Promise<void>;
}

export interface Laboratory {
  readonly a: Side;
  readonly b: Side;
  stop(): Promise<void>;
}

export async function startSide(major: 15 | 18, variant: Variant): Promise<Shop> {
  const shop = await startShop(major, [variant], { name: () => 'shop', settings: { autovacuum: 'off', jit: 'off' } });
  await shop.copy('shop', 'pristine');
  return shop;
}

async function restore(shop: Shop): Promise<void> {
  await shop.copy('pristine', 'shop');
  const admin = await shop.connect('postgres', 'superuser');
  await must(admin, 'DROP ROLE IF EXISTS mallory');
  await must(admin, 'ALTER ROLE shop_app RESET ALL');
  await admin.close();
}

/** Leaves a session whose last statement holds a protected value: what pg_stat_activity would show to others. */
export async function talkativeSession(shop: Shop): Promise<WireClient> {
  const client = await shop.connect('postgres', 'superuser');
  const inside = await shop.connect('shop', 'superuser');
  const [[value] = []] = await rows(inside, 'SELECT max(ssn) FROM customers');
  await inside.close();
  await must(client, `SELECT 1 /* other-session looked up ${value} */`);
  return client;
}

/** Taps straight before the servers, logging in as the superuser: nothing stands between an attack and the data. */
export async function startRelayLaboratory(major: 15 | 18): Promise<Laboratory> {
  const sides = await Promise.all(
    (['a', 'b'] as const).map(async (variant) => {
      const shop = await startSide(major, variant);
      const oracle = new CanaryOracle(await shop.canaries(variant));
      const tap = await startTap({ port: shop.server.port, onServerData: oracle.listen });
      const talkative = await talkativeSession(shop);
      return { side: relaySide(shop, tap, oracle), tap, talkative };
    }),
  );
  const [a, b] = sides;
  if (a === undefined || b === undefined) throw new Error('unreachable: two variants');
  return {
    a: a.side,
    b: b.side,
    stop: async () => {
      for (const { side, tap, talkative } of sides) {
        talkative.destroy();
        await tap.stop();
        await side.shop.stop();
      }
    },
  };
}

function relaySide(shop: Shop, tap: Tap, oracle: CanaryOracle): Side {
  return {
    shop,
    oracle,
    connect: (parameters = []) =>
      WireClient.connect({ port: tap.port, user: 'postgres', password: shop.server.password, database: 'shop', parameters }),
    admin: () => shop.connect('shop', 'superuser'),
    restore: () => restore(shop),
  };
}

/** The same with Sluice between the taps and the servers, under the restrictive policy, logged in upstream as the superuser. */
export async function startSluiceLaboratory(
  major: 15 | 18,
  policy: string = restrictivePolicy,
): Promise<Laboratory & { readonly proxies: readonly RunningSluice[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-attacks-'));
  const file = join(directory, 'policy.yaml');
  await writeFile(file, withEvidence(await readFile(policy, 'utf8')));
  const sides = await Promise.all(
    (['a', 'b'] as const).map(async (variant) => {
      const shop = await startSide(major, variant);
      const oracle = new CanaryOracle(await shop.canaries(variant));
      const talkative = await talkativeSession(shop);
      const proxy = await startSluice({
        policy: [file],
        as: restrictedIdentity,
        upstream: shop.url('shop', 'superuser'),
      });
      const tap = await startTap({ port: proxy.port, onServerData: oracle.listen });
      const side: Side = {
        shop,
        oracle,
        connect: (parameters = []) => WireClient.connect({ port: tap.port, user: 'agent', database: 'shop', parameters }),
        admin: () => shop.connect('shop', 'superuser'),
        restore: () => restore(shop),
      };
      return { side, tap, talkative, proxy };
    }),
  );
  const [a, b] = sides;
  if (a === undefined || b === undefined) throw new Error('unreachable: two variants');
  return {
    a: a.side,
    b: b.side,
    proxies: sides.map(({ proxy }) => proxy),
    stop: async () => {
      for (const { side, tap, talkative, proxy } of sides) {
        talkative.destroy();
        await tap.stop();
        await proxy.stop();
        await side.shop.stop();
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function withEvidence(policy: string): string {
  if (ROWS === undefined) return policy;
  const changed = policy.replace(/^ {2}environment: test$/m, `$&\n  audit: {rows: ${ROWS}}`);
  if (changed === policy) throw new Error('the policy has no place for audit');
  return changed;
}
