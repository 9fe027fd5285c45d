/**
 * The log of the cluster and the operator's own chains, written by replicas that come, go, die between two steps and believe both to lead; judged by
 * the verifier: one log, everything countersigned, nothing accused.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kindOfChain } from '../../core/audit/chain-names.ts';
import { Chain } from '../../core/audit/chain.ts';
import { checkpointEntry } from '../../core/audit/checkpoint.ts';
import { type SigningKey, signingKey } from '../../core/audit/keys.ts';
import type { AuditEntry } from '../../core/audit/record.ts';
import { type ChainBatch, type ChainOwner, StoreUnavailableError } from '../../core/audit/store.ts';
import type { PublishedHead } from '../../core/audit/trail.ts';
import { type TrailReport, verifyTrail } from '../../core/audit/verify-trail.ts';
import { storeSource } from '../../cli/audit/sources/source.ts';
import { sourceTrail } from '../../cli/audit/verify-sources.ts';
import { ChainedAdminLog } from '../../operator/audit/admin-log.ts';
import { ClusterLog } from '../../operator/audit/cluster-log.ts';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { manualClock } from '../support/manual-clock.ts';
import { ModelStore } from './model-store.ts';
import { anchors, certify, statement, tick } from './recorded-trail.ts';

/** Loses a write on its way there, or the answer on its way back. */
class LossyStore extends ModelStore {
  lose: 'request' | 'answer' | undefined;

  override async append(batch: ChainBatch): Promise<void> {
    const lost = this.lose;
    this.lose = undefined;
    if (lost === 'request') throw new StoreUnavailableError('lost');
    await super.append(batch);
    if (lost === 'answer') throw new StoreUnavailableError('lost');
  }
}

class World {
  readonly store = new LossyStore(() => Date.UTC(2026, 10, 29));
  readonly clock = manualClock();
  readonly alive = new Set<string>();
  readonly #pods = new Map<string, { chain: Chain; name: string; key: SigningKey; owner: ChainOwner }>();
  head: PublishedHead | undefined;
  logged: string[] = [];

  replica(pod: string): ClusterLog {
    return new ClusterLog({
      store: this.store,
      cluster: () => anchors.cluster,
      certify: (chain, publicKey, { identity, database }) =>
        certify(chain, { publicKey } as SigningKey, { identity, ...(database === undefined ? {} : { database }) }),
      published: async () => this.head,
      identity: { namespace: 'sluice', serviceAccount: 'sluice', pod },
      product: 'sluice test',
      isGone: (uid) => !this.alive.has(uid),
      time: tick,
      clock: this.clock,
      log: (_level, event) => void this.logged.push(event),
    });
  }

  /** A pod says something; with its first word it opens its chain. */
  async write(pod: number, entries: readonly AuditEntry[], checkpoint: boolean): Promise<void> {
    const uid = `u${pod}`;
    let writer = this.#pods.get(uid);
    const lines: string[] = [];
    if (writer === undefined) {
      const owner: ChainOwner = {
        kind: 'sidecar',
        database: 'd/o',
        identity: { namespace: 'a', serviceAccount: 's', podUid: uid },
      };
      writer = { chain: new Chain(), name: `chain-${pod}`, key: signingKey(), owner };
      this.#pods.set(uid, writer);
      this.alive.add(uid);
      const { chain, name, key } = writer;
      const database = { namespace: 'd', name: 'o' };
      lines.push(
        chain.seal({ type: 'chain-start', chain: name, product: 'p', identity: owner.identity, database }, tick()),
        chain.seal({ type: 'chain-key', certificate: certify(name, key, owner) }, tick()),
      );
    }
    const { chain, name, key, owner } = writer;
    for (const entry of entries) lines.push(chain.seal(entry, tick()));
    if (checkpoint) lines.push(chain.seal(checkpointEntry({ chain: name, key }), tick()));
    await this.store.append({
      chain: name,
      owner,
      first: chain.head.seq - lines.length,
      lines: lines.map((line) => line.trimEnd()),
    });
  }

  async verified(): Promise<TrailReport> {
    const trail = await sourceTrail(storeSource(this.store), 'the store', true);
    return await verifyTrail(trail, {
      trusted: { anchors, ...(this.head === undefined ? {} : { head: this.head }) },
      whole: true,
    });
  }

  async countersigned(): Promise<number> {
    let count = 0;
    for await (const { line } of this.store.records({})) if (line.includes('"type":"countersignature"')) count += 1;
    return count;
  }
}

const always = (): boolean => true;

describe('the log of the cluster', () => {
  it('countersigns each checkpoint once, and says how chains ended', async () => {
    const world = new World();
    const log = world.replica('r0');
    await world.write(1, statement(), true);
    await world.write(2, statement(), true);
    expect(await log.round(always)).toBe(2);
    expect(await log.round(always)).toBe(0);
    await world.write(1, [...statement(), { type: 'chain-end', reason: 'stopped' }], true);
    await world.write(2, statement(), false);
    expect(await log.round(always)).toBe(1);
    world.alive.delete('u2');
    world.alive.delete('u1');
    expect(await log.round(always)).toBe(0);
    await world.clock.advance(120_000);
    expect(await log.round(always)).toBe(1);
    expect(await log.round(always)).toBe(0);
    world.head = log.head;
    const report = await world.verified();
    expect([report.valid, report.absent]).toEqual([true, []]);
    expect(report.chains.map(({ chain, state, fate }) => [chain, state, fate])).toEqual([
      ['cluster-k', 'proven', 'open'],
      ['chain-1', 'proven', 'ended'],
      ['chain-2', 'proven', 'vanished'],
    ]);
  });

  it('goes on where it stood, whoever leads', async () => {
    const world = new World();
    const [one, other] = [world.replica('r0'), world.replica('r1')];
    for (let term = 0; term < 6; term += 1) {
      await world.write(term % 2, statement(), true);
      expect(await (term % 2 === 0 ? one : other).round(always)).toBe(1);
      world.head = (term % 2 === 0 ? one : other).head;
      (term % 2 === 0 ? one : other).endTerm();
    }
    const report = await world.verified();
    expect([report.valid, report.chains.filter(({ kind }) => kind === 'cluster').length]).toEqual([true, 1]);
    expect(await world.countersigned()).toBe(6);
  });

  it('a store that has lost the log is waited for, then the log is replaced and says so', async () => {
    const world = new World();
    await world.write(1, statement(), true);
    world.head = { chain: 'cluster-k', seq: 40, hash: 'a'.repeat(64) };
    const log = world.replica('r0');
    expect(await log.round(always)).toBe(0);
    await world.clock.advance(60_000);
    expect(await log.round(always)).toBe(1);
    expect([log.head?.chain, world.logged]).toEqual(['cluster-k.1', ['audit-log-replaced']]);
    // Whoever has the head as it was published then sees that the log is gone.
    expect((await world.verified()).absent).toEqual([{ chain: 'cluster-k', last: '', fault: true }]);
    const next = world.replica('r1');
    world.head = log.head;
    await world.write(1, statement(), true);
    expect([await next.round(always), next.head?.chain]).toEqual([1, 'cluster-k.1']);
  });

  it('another record where it was published is not built upon', async () => {
    const world = new World();
    await world.write(1, statement(), true);
    const log = world.replica('r0');
    await log.round(always);
    world.head = { ...log.head!, hash: 'b'.repeat(64) };
    await world.write(1, statement(), true);
    const next = world.replica('r1');
    await next.round(always);
    expect([next.head?.chain, world.logged]).toEqual(['cluster-k.1', ['audit-log-replaced']]);
  });

  it('whatever dies and is lost: one log, every checkpoint in it, nobody accused', async () => {
    const act = fc.oneof(
      fc.record({ do: fc.constant('write' as const), pod: fc.integer({ min: 0, max: 3 }), checkpoint: fc.boolean() }),
      fc.record({ do: fc.constant('gone' as const), pod: fc.integer({ min: 0, max: 3 }) }),
      fc.record({
        do: fc.constant('round' as const),
        replica: fc.integer({ min: 0, max: 1 }),
        lose: fc.constantFrom(undefined, undefined, 'request' as const, 'answer' as const),
      }),
      fc.record({ do: fc.constant('kill' as const), replica: fc.integer({ min: 0, max: 1 }) }),
      fc.record({ do: fc.constant('depose' as const), replica: fc.integer({ min: 0, max: 1 }) }),
      fc.record({ do: fc.constant('publish' as const), replica: fc.integer({ min: 0, max: 1 }) }),
      fc.record({ do: fc.constant('both' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
        const world = new World();
        const replicas = [world.replica('r0'), world.replica('r1')];
        const round = async (index: number): Promise<void> => {
          await replicas[index]!.round(always).catch((error: Error) =>
            expect(['StoreUnavailableError', 'StoreConflictError']).toContain(error.name),
          );
        };
        for (const each of acts) {
          if (each.do === 'write') await world.write(each.pod, statement(), each.checkpoint);
          else if (each.do === 'gone') world.alive.delete(`u${each.pod}`);
          else if (each.do === 'kill') replicas[each.replica] = world.replica(`r${each.replica}`);
          else if (each.do === 'depose') replicas[each.replica]!.endTerm();
          else if (each.do === 'publish') world.head = replicas[each.replica]!.head ?? world.head;
          else if (each.do === 'both') await Promise.all([round(0), round(1)]);
          else {
            world.store.lose = each.lose;
            await round(each.replica);
            world.store.lose = undefined;
          }
          await world.clock.advance(30_000);
        }
        await world.write(9, statement(), true);
        const last = world.replica('r2');
        await last.round(always);
        world.head = last.head;
        const report = await world.verified();
        expect(report.chains.filter(({ fault }) => fault !== undefined).map(({ chain, fault }) => [chain, fault])).toEqual([]);
        expect(report.valid).toBe(true);
        const logs = report.chains.filter(({ kind }) => kind === 'cluster');
        expect(logs.map(({ chain, state }) => [chain, state])).toEqual([['cluster-k', 'proven']]);
        for (const { chain, kind, signed, vouched } of report.chains)
          if (kind === 'sidecar' && signed !== undefined) expect([chain, (vouched ?? -1) >= signed.seq]).toEqual([chain, true]);
      }),
      { numRuns: 150 },
    );
  });
});

describe('admin records', () => {
  const adminLog = (store: ModelStore, clock = systemClock): ChainedAdminLog =>
    new ChainedAdminLog({
      store,
      certify: (chain, publicKey, { identity }) => certify(chain, { publicKey } as SigningKey, { identity }),
      identity: { namespace: 'sluice', serviceAccount: 'sluice', pod: 'r0' },
      product: 'sluice test',
      id: 'x',
      time: tick,
      clock,
      log: () => {},
    });
  const actions = async (store: ModelStore): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const { line } of store.lines('operator-x')) {
      const { type, action, detail } = JSON.parse(line) as { type: string; action?: string; detail?: unknown };
      if (type === 'admin') found.push(action === 'admin-records-lost' ? [action, detail] : action);
    }
    return found;
  };

  it('stand in a chain of the process, signed, in their order, and end with it', async () => {
    const world = new World();
    const log = adminLog(world.store);
    for (const action of ['operator-started', 'policy-changed']) log.note({ action, object: 'x', detail: { a: 1 } });
    await log.stop('SIGTERM');
    log.note({ action: 'too-late', detail: {} });
    expect(await actions(world.store)).toEqual(['operator-started', 'policy-changed', 'operator-stopped']);
    await world.replica('r0').round(always);
    const report = await world.verified();
    expect(report.chains.map(({ chain, kind, state, fate }) => [chain, kind, state, fate])).toEqual([
      ['cluster-k', 'cluster', 'proven', 'open'],
      ['operator-x', 'operator', 'proven', 'ended'],
    ]);
    expect(kindOfChain(log.chain)).toBe('operator');
  });

  it('wait while the store is away, are stored once, and what was too much is counted', async () => {
    const world = new World();
    const log = adminLog(world.store, world.clock);
    world.store.lose = 'answer';
    log.note({ action: 'first', detail: {} });
    await world.clock.advance(1);
    for (let index = 0; index < 10_010; index += 1) log.note({ action: 'more', detail: { index } });
    await world.clock.advance(2_000);
    await log.stop('SIGTERM');
    const found = await actions(world.store);
    expect(found).toHaveLength(1 + 10_000 + 1 + 1);
    expect(found.filter((each) => Array.isArray(each))).toEqual([['admin-records-lost', { records: 10 }]]);
    expect((await world.verified()).valid).toBe(true);
  });
});
