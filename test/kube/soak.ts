/**
 * Does the operator's controller core miss anything? Writers change ConfigMaps and Databases on a real API server; informers and candidates
 * for a Lease follow it through a proxy that resets, silences, delays and cuts, through answers of 429, 500 and 410, restarts and compactions.
 * At the end every copy, and what its events add up to, must be what a fresh list says.
 *
 *   node test/kube/soak.ts --minutes 15 --seed 1
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { type ClosableKubeApi, createKubeApi } from '../../operator/api/create-kube-api.ts';
import type { Credentials } from '../../operator/api/credentials.ts';
import {
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  DATABASES,
  type KubeApi,
  type KubeObject,
  NAMESPACES,
  type Resource,
} from '../../operator/api/kube-api.ts';
import { createLeadership } from '../../operator/leader/create-leadership.ts';
import { generator } from '../faults/random.ts';
import { kubernetesMissing } from './binaries.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { httpFaults } from './http-faults.ts';
import { type History, recordHistory } from './soak-history.ts';
import { startSaboteur } from './soak-faults.ts';
import { startWitness, type Witness } from './soak-witness.ts';
import { startWriters } from './soak-writers.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface SoakSummary {
  readonly seed: number;
  readonly minutes: number;
  readonly written: number;
  readonly writesFailed: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly httpFaults: Readonly<Record<string, number>>;
  readonly informers: Readonly<Record<string, { readonly events: number; readonly counts: Readonly<Record<string, number>> }>>;
  /** Copies that were compared with the collection at the version they claimed to be at; and those that could not be. */
  readonly copiesRight: number;
  readonly copiesUnknown: number;
  /** Those that were another: a change had been missed, whether it was mended later or not. */
  readonly copiesWrong: readonly string[];
  /** Objects that the informers' own comparisons found to have been missed. */
  readonly drift: number;
  /** What differs at the end. */
  readonly differences: readonly string[];
  readonly contradictions: readonly string[];
  /** Seconds from the last fault until all copies were right. */
  readonly settledAfter: number;
  readonly leaders: { readonly changes: number; readonly mostAtATime: number; readonly atTheEnd: number };
  readonly rssMiB: number;
}

const NAMES = ['soak-a', 'soak-b'];
/** A watch that was silenced last is noticed after WATCH_IDLE, then there is a backoff of up to a minute. Milliseconds. */
const SETTLES_WITHIN = 120_000;
const WATCH_IDLE = 8_000;
/** Lists that are compared with the copy find what was missed, and count it; they mend it as well. */
const COMPARED = { comparePeriod: 20_000, compareGrace: 10_000 };
/** Here nothing mends what the watch misses. */
const ALONE = { comparePeriod: 1e9 };
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export async function runSoak({ minutes, seed, say }: SoakOptions): Promise<SoakSummary> {
  const random = generator(seed);
  const kube = await startControlPlane({
    controllerManager: false,
    // ConfigMaps are watched in etcd itself, so that compaction makes their versions expire; Databases through the watch cache.
    apiServerArguments: ['--etcd-compaction-interval=10s', '--watch-cache-sizes=configmaps#0'],
  });
  const proxy = await startFaultProxy(Number(new URL(kube.url).port));
  const http = httpFaults();
  const closing: ClosableKubeApi[] = [];
  const histories = new Map<Resource, History>();
  try {
    const direct = apiOf(kube, kube.url);
    closing.push(direct);
    await prepare(direct);
    const faulty = (): ClosableKubeApi => {
      const api = createKubeApi({
        credentials: credentials(kube, `https://127.0.0.1:${proxy.port}`),
        requestTimeout: 5_000,
        watchIdle: WATCH_IDLE,
        interceptors: [http.interceptor],
      });
      closing.push(api);
      return api;
    };
    for (const resource of [CONFIG_MAPS, DATABASES]) histories.set(resource, await recordHistory(direct, resource));
    const witnesses = startWitnesses(faulty());
    const election = startElection(faulty);
    const writers = startWriters({ api: direct, namespaces: NAMES, random: generator(seed + 1), names: 40, perSecond: 40 });
    const saboteur = startSaboteur({ kube, proxy, http, random }, (fault) => say(`${elapsed()} ${fault}`));
    const began = performance.now();
    const elapsed = (): string => `${Math.round((performance.now() - began) / 1_000)} s`;
    for (const until = began + minutes * 60_000; performance.now() < until; ) {
      await sleep(Math.min(10_000, Math.max(0, until - performance.now())));
      say(`${elapsed()}: ${writers.written} written, ${witnesses.map((each) => `${each.name} ${each.events}`).join(', ')}`);
    }
    await writers.stop();
    await saboteur.stop();
    const healed = performance.now();
    const differences = await settle(witnesses, direct, () => performance.now() - healed < SETTLES_WITHIN);
    const settledAfter = Math.round((performance.now() - healed) / 1_000);
    const leaders = await election.stop();
    await Promise.all(witnesses.map((each) => each.stop()));
    const judgements = witnesses.map(({ name, resource, claims, matches }) => {
      const { right, unknown, wrong } = histories.get(resource)!.judge(claims, matches);
      return { right, unknown, wrong: wrong.map((what) => `${name} ${what}`) };
    });
    return {
      seed,
      minutes,
      written: writers.written,
      writesFailed: writers.failed,
      faults: Object.fromEntries(saboteur.counts),
      httpFaults: Object.fromEntries(http.counts),
      informers: Object.fromEntries(
        witnesses.map(({ name, events, counts }) => [name, { events, counts: Object.fromEntries([...counts].sort()) }]),
      ),
      copiesRight: judgements.reduce((sum, { right }) => sum + right, 0),
      copiesUnknown: judgements.reduce((sum, { unknown }) => sum + unknown, 0),
      copiesWrong: judgements.flatMap(({ wrong }) => wrong),
      drift: witnesses.reduce((sum, each) => sum + each.drift, 0),
      differences,
      contradictions: witnesses.flatMap((each) => each.contradictions),
      settledAfter,
      leaders,
      rssMiB: Math.round(process.memoryUsage.rss() / (1 << 20)),
    };
  } finally {
    await Promise.all([...histories.values()].map((each) => each.stop()));
    await Promise.all(closing.map((each) => each.close()));
    await proxy.stop();
    await kube.stop();
  }
}

function credentials(kube: ControlPlane, server: string): Credentials {
  const tls = { ca: kube.ca };
  return {
    server,
    tls: async () => tls,
    headers: async () => ({ authorization: `Bearer ${kube.adminToken}` }),
    refused: () => {},
  };
}

const apiOf = (kube: ControlPlane, server: string): ClosableKubeApi =>
  createKubeApi({ credentials: credentials(kube, server), requestTimeout: 10_000 });

/** CRDs are served a moment after they are created. */
async function prepare(api: KubeApi): Promise<void> {
  for (const name of NAMES) await api.create(NAMESPACES, { metadata: { name } });
  const folder = join(import.meta.dirname, '..', '..', 'crds');
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
    await api.create(CUSTOM_RESOURCE_DEFINITIONS, parse(readFileSync(join(folder, file), 'utf8')) as KubeObject);
  }
  while ((await api.list(DATABASES).catch(() => undefined)) === undefined) await sleep(100);
}

type Judged = Witness & { readonly resource: Resource; readonly matches: (object: KubeObject) => boolean };

function startWitnesses(api: KubeApi): Judged[] {
  const [first, second] = NAMES as [string, string];
  const start = (
    name: string,
    timing: typeof ALONE | typeof COMPARED,
    selection: {
      readonly resource: Resource;
      readonly namespace?: string;
      readonly labelSelector?: string;
      readonly fieldSelector?: string;
    },
    matches: (object: KubeObject) => boolean,
  ): Judged => {
    const witness = startWitness(name, { api, log: silent, pageSize: 17, ...timing, ...selection });
    return Object.assign(witness, { resource: selection.resource, matches });
  };
  const shard = (object: KubeObject): string | undefined => object.metadata.labels?.['shard'];
  return [
    start(
      'ConfigMaps of a namespace',
      ALONE,
      { resource: CONFIG_MAPS, namespace: first },
      ({ metadata }) => metadata.namespace === first,
    ),
    start(
      'ConfigMaps with a label',
      COMPARED,
      { resource: CONFIG_MAPS, labelSelector: 'shard=1' },
      (object) => shard(object) === '1',
    ),
    start(
      'one ConfigMap',
      ALONE,
      { resource: CONFIG_MAPS, namespace: second, fieldSelector: 'metadata.name=soak-7' },
      ({ metadata }) => metadata.namespace === second && metadata.name === 'soak-7',
    ),
    start('Databases', ALONE, { resource: DATABASES }, () => true),
    start(
      'Databases with a label',
      COMPARED,
      { resource: DATABASES, namespace: second, labelSelector: 'shard in (0,2)' },
      (object) => object.metadata.namespace === second && ['0', '2'].includes(shard(object) ?? ''),
    ),
  ];
}

/** Three candidates, watched all the time. */
function startElection(api: () => KubeApi): { stop(): Promise<SoakSummary['leaders']> } {
  let changes = 0;
  let mostAtATime = 0;
  const candidates = ['a', 'b', 'c'].map((identity) => {
    const leadership = createLeadership({ api: api(), namespace: NAMES[0]!, name: 'soak', identity, log: silent });
    leadership.onChange(() => (changes += 1));
    leadership.start();
    return leadership;
  });
  const leading = (): number => candidates.filter(({ isLeader }) => isLeader).length;
  const timer = setInterval(() => (mostAtATime = Math.max(mostAtATime, leading())), 20);
  return {
    async stop() {
      clearInterval(timer);
      const atTheEnd = leading();
      await Promise.all(candidates.map((each) => each.stop()));
      return { changes, mostAtATime, atTheEnd };
    },
  };
}

/** Until nothing differs any more, or it has taken too long. */
async function settle(witnesses: readonly Witness[], direct: KubeApi, time: () => boolean): Promise<readonly string[]> {
  for (;;) {
    const all = await Promise.all(
      witnesses.map(async (each) => (await each.differences(direct)).map((difference) => `${each.name}: ${difference}`)),
    );
    const differences = all.flat();
    if (differences.length === 0 || !time()) return differences;
    await sleep(1_000);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '15' }, seed: { type: 'string', default: '1' } },
  });
  if (kubernetesMissing !== undefined) throw new Error(kubernetesMissing);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const summary = await runSoak({ minutes: Number(values.minutes), seed: Number(values.seed), say });
  say(JSON.stringify(summary, undefined, 2));
  const wrong = [...summary.copiesWrong, ...summary.differences, ...summary.contradictions].length + summary.drift;
  say(wrong === 0 ? 'nothing was missed' : 'SOMETHING WAS MISSED');
  if (wrong > 0 || summary.leaders.mostAtATime > 1) process.exitCode = 1;
}
