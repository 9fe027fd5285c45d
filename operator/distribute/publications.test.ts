import { describe, expect, it } from 'vitest';
import { MemoryMaterials, MemoryView } from '../../test/stream/cluster.ts';
import { MemoryDigestKeys } from '../../test/stream/cluster.ts';
import { databaseYaml, policyYaml } from '../../test/stream/documents.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import { Publications, type PublicationsOptions } from './publications.ts';

const BOT = { namespace: 'agents', serviceAccount: 'bot' };

function publications(options: Partial<PublicationsOptions> = {}) {
  const [view, materials, clock] = [new MemoryView(), new MemoryMaterials(), manualClock()];
  const digestKeys = new MemoryDigestKeys();
  const logs: string[] = [];
  view.apply(databaseYaml('shop') + policyYaml('read', 'shop', { subject: '"*"' }));
  const set = (password: string, findings = 'x'.repeat(100)): void =>
    materials.set('data/shop', { logins: { '': { username: 'app', password } }, addresses: ['10.0.0.1'], findings });
  set('hush');
  return {
    view,
    digestKeys,
    set,
    clock,
    logs,
    all: new Publications({
      view,
      materials,
      digestKeys,
      clock,
      log: (_level, event) => void logs.push(event),
      ...options,
    }),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('publications', () => {
  it('are computed once for all who share a service account, and share findings beyond', () => {
    const { all } = publications();
    const [one, two] = [all.subscribe('data/shop', BOT, () => {}), all.subscribe('data/shop', BOT, () => {})];
    const other = all.subscribe('data/shop', { ...BOT, serviceAccount: 'other' }, () => {});
    expect(one.current).toBe(two.current);
    expect(other.current?.parts[1]).toBe(one.current?.parts[1]);
    expect(one.current?.parts.map(({ type }) => type)).toEqual(['credential', 'findings', 'state']);
  });

  it('tell once a turn, and nothing where nothing came of it', async () => {
    const { all, view, set } = publications();
    let told = 0;
    const subscription = all.subscribe('data/shop', BOT, () => void (told += 1));
    const before = subscription.current;
    view.changed('data/shop');
    view.changed('data/shop');
    await turn();
    expect([told, subscription.current]).toEqual([0, before]);
    set('new');
    set('newer');
    await turn();
    expect(told).toBe(1);
    expect(subscription.current?.parts[0]?.bytes.toString()).toContain('newer');
    expect(subscription.current?.parts.slice(1)).toEqual(before?.parts.slice(1));
    subscription.close();
    set('newest');
    await turn();
    expect(told).toBe(1);
  });

  it('end with a policy at its time, and when a clock that was set shows that it has passed', async () => {
    const { all, view, clock } = publications();
    view.apply(policyYaml('read', 'shop', { extra: '  validUntil: "2026-06-01T00:00:10Z"' }));
    const subscription = all.subscribe('data/shop', BOT, () => {});
    await clock.advance(9_999);
    expect(subscription.current?.revision).toBeDefined();
    await clock.advance(1);
    expect(subscription.current?.revision).toBeUndefined();
    view.apply(policyYaml('read', 'shop', { extra: '  validUntil: "2026-06-02T00:00:00Z"' }));
    await turn();
    expect(subscription.current?.revision).toBeDefined();
    clock.jump(48 * 3_600_000);
    await clock.advance(15_000);
    expect(subscription.current?.revision).toBeUndefined();
  });

  it('have the key of digests where the audit has digests, and nothing is said before it is known', async () => {
    const { all, view, digestKeys } = publications();
    const subscription = all.subscribe('data/shop', BOT, () => {});
    const types = () => subscription.current?.parts.map(({ type }) => type);
    for (const audit of ['values: Digest', 'rows: Writes', 'rows: Keys']) {
      view.apply(databaseYaml('shop', { extra: `  audit: {${audit}}` }));
      await turn();
      expect(types(), audit).toEqual(['credential', 'digest-key', 'findings', 'state']);
    }
    const [, key] = subscription.current!.parts;
    expect(JSON.parse(key!.bytes.toString())).toEqual({
      type: 'digest-key',
      database: 'data/shop',
      key: Buffer.alloc(32, 1).toString('base64url'),
    });
    digestKeys.set(undefined);
    await turn();
    expect(subscription.current!.parts[1]).toBe(key);
    const stranger = all.subscribe('data/shop', { ...BOT, serviceAccount: 'new' }, () => {});
    expect(stranger.current).toBeUndefined();
    digestKeys.set(Buffer.alloc(32, 2));
    await turn();
    for (const each of [subscription, stranger])
      expect(each.current!.parts[1]!.bytes.toString()).toContain(Buffer.alloc(32, 2).toString('base64url'));
    view.apply(databaseYaml('shop'));
    await turn();
    expect(types()).toEqual(['credential', 'findings', 'state']);
  });

  it('larger than a sidecar takes: findings are left out, a state is withdrawn with the reason', async () => {
    const { all, set, view, logs } = publications({ maxFrame: 1_500 });
    const subscription = all.subscribe('data/shop', BOT, () => {});
    set('hush', 'x'.repeat(2_000));
    await turn();
    expect(subscription.current?.parts.map(({ type }) => type)).toEqual(['credential', 'state']);
    expect(logs).toEqual(['findings-too-large']);
    const columns = Array.from({ length: 200 }, (_, index) => `column_${index}`).join(', ');
    view.apply(policyYaml('read', 'shop', { grants: `[{tables: [public.t], actions: [Select], columns: [${columns}]}]` }));
    await turn();
    expect(subscription.current?.parts.map(({ type }) => type)).toEqual(['withdrawn']);
    expect(subscription.current).toMatchObject({ revision: undefined, policies: [] });
  });
});
