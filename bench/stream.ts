/**
 * The stream between operator and sidecars at size: what one connected sidecar costs the operator in memory, how a storm of reconnects goes, and how
 * long a change takes until every sidecar has acknowledged it. The sidecars' side runs in a process of its own (real connections, without
 * compiling); the cluster is in memory. `node bench/stream.ts [--sidecars 500] [--changes 200]`
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../sidecar/bundle/clock.ts';
import { OperatorConnection } from '../sidecar/bundle/operator-connection.ts';
import { databaseYaml, policyYaml } from '../test/stream/documents.ts';
import { memoryCluster, SERVER_NAME, startOperator, type TestCluster, type TestOperator } from '../test/stream/operator.ts';

/** Pods share service accounts, as replicas of a Deployment do. */
const PODS_OF_ONE = 25;
/** Columns with a finding: 500 tables of ten columns. */
const FINDINGS = 5_000;
const MIB = 1024 * 1024;

interface ClientOrder {
  readonly port: number;
  readonly ca: string;
  readonly sidecars: number;
}

/** Real connections that acknowledge what they are told at once: what a sidecar does with it costs that sidecar's processor, not the operator's. */
async function sidecars({ port, ca, sidecars: count }: ClientOrder): Promise<void> {
  const connect = (index: number): void => {
    const connection = new OperatorConnection({
      address: `127.0.0.1:${port}`,
      serverName: SERVER_NAME,
      authorities: [ca],
      token: async () => `token-${index}`,
      clock: systemClock,
      timeout: 10_000,
      heartbeat: 10_000,
      onOpen: () => connection.send({ type: 'hello', protocol: 1, version: '0.0.0-bench', databases: ['data/shop'] }),
      onFrame: ({ type, database, revision }) => {
        if (type === 'state')
          connection.send({ type: 'acknowledged', database: String(database), revision: String(revision), state: 'programmed' });
        if (type === 'goodbye') connection.close();
      },
      onEnd: () => setTimeout(() => connect(index), Math.random() * 1_000),
    });
  };
  for (let index = 0; index < count; index += 1) connect(index);
  process.on('disconnect', () => process.exit(0));
}

function findings(): string {
  const lines = Array.from({ length: FINDINGS }, (_, index) => {
    const finding = {
      sampled: '0123456789abcdef',
      class: 'pii.email',
      confidence: 0.9,
      evidence: [{ rule: 'name.email' }, { rule: 'values.email', ratio: 0.98 }],
    };
    return JSON.stringify(['public', `table_${Math.floor(index / 10)}`, `column_${index % 10}`, finding]);
  });
  return `{"formatVersion":1,"columns":[\n${lines.join(',\n')}\n]}\n`;
}

function prepare(cluster: TestCluster, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const serviceAccount = `agent-${Math.floor(index / PODS_OF_ONE)}`;
    cluster.identity.admit(`token-${index}`, { serviceAccount, pod: `pod-${index}`, podUid: `uid-${index}` });
  }
  cluster.view.apply(databaseYaml('shop') + policyYaml('read', 'shop', { subject: '"*"' }));
  cluster.materials.set('data/shop', {
    logins: { '': { username: 'app', password: 'hush' } },
    addresses: ['10.0.0.1'],
    findings: findings(),
  });
}

/** Looked at when something was acknowledged, and now and then. */
async function until(operator: TestOperator, what: () => boolean): Promise<void> {
  while (!what()) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 100);
      const unsubscribe = operator.acknowledgements.onChange(() => {
        unsubscribe();
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** Everybody judges by this generation. */
function programmed(operator: TestOperator, generation: number, count: number): boolean {
  return operator.acknowledgements
    .of('data/shop')
    .policies.some((policy) => policy.generation === generation && policy.programmed === count);
}

function memory(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

async function measure(count: number, changes: number): Promise<void> {
  const cluster = await memoryCluster();
  prepare(cluster, count);
  let operator = await startOperator(cluster);
  const { port } = operator;
  const before = memory();
  const child = fork(
    fileURLToPath(import.meta.url),
    ['--clients', JSON.stringify({ port, ca: cluster.authority.certificate, sidecars: count })],
    { execArgv: [] },
  );
  const began = performance.now();
  await until(operator, () => programmed(operator, 1, count));
  const connected = performance.now() - began;
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const after = memory();
  const times: number[] = [];
  for (let change = 0; change < changes; change += 1) {
    const start = performance.now();
    cluster.view.apply(policyYaml('read', 'shop', { subject: '"*"', extra: `  limits: {maxRows: ${change + 1}}` }));
    await until(operator, () => programmed(operator, change + 2, count));
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  times.sort((a, b) => a - b);
  const drained = performance.now();
  // As a replica that is replaced: another takes its place at the same address.
  const leaving = operator.drain(1_000, 5_000);
  await until(operator, () => operator.connected === 0);
  await leaving;
  operator = await startOperator(cluster, { port, replica: 'operator-2' });
  await until(operator, () => programmed(operator, changes + 1, count));
  const moved = performance.now() - drained;
  process.stdout.write(
    `${JSON.stringify(
      {
        sidecars: count,
        serviceAccounts: Math.ceil(count / PODS_OF_ONE),
        findingsKiB: Math.round(findings().length / 1024),
        allConnectedMs: Math.round(connected),
        memoryPerSidecarKiB: Math.round((after - before) / count / 1024),
        rssMiB: Math.round(after / MIB),
        propagationMs: { p50: at(times, 0.5), p99: at(times, 0.99), max: at(times, 1) },
        movedToAnotherReplicaMs: Math.round(moved),
      },
      null,
      2,
    )}\n`,
  );
  child.disconnect();
  await operator.close();
  process.exit(0);
}

function at(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

const { values } = parseArgs({
  options: {
    sidecars: { type: 'string', default: '500' },
    changes: { type: 'string', default: '200' },
    clients: { type: 'string' },
  },
});
if (values.clients !== undefined) await sidecars(JSON.parse(values.clients) as ClientOrder);
else await measure(Number(values.sidecars), Number(values.changes));
