/**
 * Pods deleted by force while they work: what went to the database is compared with what the operator has collected. SLUICE_E2E_COLLECTION_ROUNDS (5)
 * pods for each durability; the row is there if and only if its statement was forwarded.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/until.ts';
import { POLICY_NAMESPACE } from './objects.ts';
import { openWorld } from './world.ts';

const world = await openWorld();
const ROUNDS = Number(process.env['SLUICE_E2E_COLLECTION_ROUNDS'] ?? 5);
const AGENT = 'worker';
const RANGE = 1_000_000;
/** Inserts one number after the other, each by a statement that names it; a connection that ends is made again. */
const WORKER = `
import os, time, psycopg
number = int(os.environ["BASE"])
while True:
    try:
        with psycopg.connect(autocommit=True) as connection:
            while True:
                number += 1
                connection.execute(f"INSERT INTO {os.environ['TARGET']} VALUES ({number}) /*traceparent='00-{number:032x}-0000000000000001-01'*/")
    except psycopg.Error:
        time.sleep(0.1)
`;

describe.each(['Replicated', 'Local'] as const)('%s', (durability) => {
  const name = `collected-${randomBytes(2).toString('hex')}`;
  const table = name.replace('-', '_');
  let namespace: string;

  beforeAll(async () => {
    namespace = await world.namespace('collection');
    await world.sql(
      `CREATE ROLE "${name}" LOGIN PASSWORD 'secret'; CREATE TABLE ${table} (id bigint PRIMARY KEY); GRANT SELECT, INSERT ON ${table} TO "${name}"`,
    );
    const shop = await world.get(POLICY_NAMESPACE, 'database', 'shop');
    await world.apply(
      POLICY_NAMESPACE,
      { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { username: name, password: 'secret' } },
      {
        apiVersion: 'sluice.dev/v1alpha1',
        kind: 'Database',
        metadata: { name, annotations: { 'sluice.dev/allow-deletion': 'true' } },
        spec: {
          endpoint: shop.spec?.['endpoint'],
          tls: shop.spec?.['tls'],
          credentialsSecretRef: { name },
          audit: { durability },
        },
      },
    );
    await world.kubectl(['wait', `database/${name}`, '-n', POLICY_NAMESPACE, '--for=condition=Ready', '--timeout=90s']);
    const grants = [{ tables: [`public.${table}`], actions: ['Select', 'Insert'] }];
    await world.agent({ namespace, serviceAccount: AGENT, database: name, grants });
  });
  afterAll(async () => {
    await world.kubectl(['delete', 'database', name, '-n', POLICY_NAMESPACE, '--wait=false', '--ignore-not-found']);
    await world.kubectl(['delete', 'secret', name, '-n', POLICY_NAMESPACE, '--ignore-not-found']);
  });

  const rows = async (base = 0, end = Number.MAX_SAFE_INTEGER): Promise<readonly number[]> =>
    (await world.sql(`SELECT id FROM ${table} WHERE id BETWEEN ${base} AND ${end} ORDER BY id`))
      .split('\n')
      .filter((line) => line !== '')
      .map(Number);

  /** How often each number's statement is recorded. */
  async function recorded(): Promise<ReadonlyMap<number, number>> {
    const { stdout } = await world.sluice(
      ['audit', 'query', 'statements', '--as', `${namespace}/${AGENT}`, '--last', '6h', '-o', 'json'],
      {
        timeout: 120,
      },
    );
    const counts = new Map<number, number>();
    for (const line of stdout.split('\n').filter((text) => text !== '')) {
      const { trace } = JSON.parse(line) as { readonly trace?: string };
      if (typeof trace !== 'string') continue;
      const number = Number.parseInt(trace.length > 32 ? trace.slice(3, 35) : trace, 16);
      counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    return counts;
  }

  async function work(round: number): Promise<string> {
    const pod = `worker-${round}`;
    const env = [
      { name: 'BASE', value: String(round * RANGE) },
      { name: 'TARGET', value: table },
    ];
    await world.pod({ namespace, name: pod, serviceAccount: AGENT, inject: name, command: ['python3', '-c', WORKER], env });
    await world.ready(namespace, pod);
    await eventually(async () => expect((await rows(round * RANGE, (round + 1) * RANGE)).length).toBeGreaterThan(20), 60_000);
    return pod;
  }

  test(`${ROUNDS} pods deleted by force lose ${durability === 'Replicated' ? 'nothing' : 'the end of what they did at most'}`, async () => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const pod = await work(round);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 500));
      await world.kubectl(['delete', 'pod', pod, '-n', namespace, '--force', '--grace-period=0']);
    }
    await eventually(async () => {
      const open = await world.sql(`SELECT count(*) FROM pg_stat_activity WHERE usename = '${name}' AND state = 'active'`);
      expect(Number(open)).toBe(0);
    }, 60_000);
    let before = -1;
    await eventually(async () => {
      const now = (await rows()).length;
      const last = before;
      before = now;
      expect(now).toBe(last);
    }, 60_000);
    const forwarded = await rows();
    let counts: ReadonlyMap<number, number> = new Map();
    await eventually(async () => {
      counts = await recorded();
      expect(counts.size).toBeGreaterThan(ROUNDS * 20);
    }, 60_000);
    const lost = forwarded.filter((number) => !counts.has(number));
    process.stdout.write(`${durability}: ${forwarded.length} rows of ${ROUNDS} pods, ${lost.length} without a record\n`);
    expect([...counts].filter(([, count]) => count !== 1)).toEqual([]);
    if (durability === 'Replicated') expect(lost).toEqual([]);
    // One client, one number after the other: what is lost is the end of what its pod did.
    for (const number of lost) {
      const later = forwarded.filter((other) => other > number && Math.floor(other / RANGE) === Math.floor(number / RANGE));
      expect(later.filter((other) => counts.has(other))).toEqual([]);
    }
  }, 900_000);

  test('a pod that is asked to end loses nothing, and its chain has an end', async () => {
    const round = ROUNDS + 1;
    const pod = await work(round);
    await world.kubectl(['delete', 'pod', pod, '-n', namespace]);
    const forwarded = await rows(round * RANGE, (round + 1) * RANGE);
    await eventually(async () => {
      const counts = await recorded();
      expect(forwarded.filter((number) => counts.get(number) !== 1)).toEqual([]);
    }, 60_000);
  }, 300_000);
});
