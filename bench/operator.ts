/**
 * What one operator replica costs and how fast it is, with many sidecars: real API server, real webhook, real tokens, real connections. Prints
 * Markdown. `node bench/operator.ts [--pods 500] [--policies 200] [--databases 20] [--changes 50]`; needs `npm run kubernetes`.
 */
import { parseArgs } from 'node:util';
import { putSecret, startDatabase } from '../test/kube/databases.ts';
import { startControlPlane } from '../test/kube/control-plane.ts';
import { install, type RunningOperator, metric } from '../test/kube/installation.ts';
import { AGENTS, changeSharedPolicy, connectAll, costOf, createFleet, PLATFORM } from '../test/kube/scale.ts';

const { values } = parseArgs({
  options: {
    pods: { type: 'string', default: '500' },
    policies: { type: 'string', default: '200' },
    databases: { type: 'string', default: '20' },
    changes: { type: 'string', default: '50' },
  },
});
const [pods, policies, databases, changes] = [values.pods, values.policies, values.databases, values.changes].map(Number) as [
  number,
  number,
  number,
  number,
];
/** Seconds in which nothing happens. */
const IDLE = 60;

const rows: [what: string, value: string][] = [];
const note = (what: string, value: string): void => {
  rows.push([what, value]);
  process.stderr.write(`bench: ${what}: ${value}\n`);
};
const fixed = (value: number, digits = 0): string => value.toFixed(digits);
const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const [kube, database] = await Promise.all([startControlPlane(), startDatabase()]);
let operator: RunningOperator | undefined;
try {
  await database.run('CREATE TABLE customers (id int PRIMARY KEY, email text)');
  const installation = await install(kube, { policyNamespaces: [PLATFORM] });
  kube.kubectl(['create', 'namespace', AGENTS]);
  await putSecret(kube, PLATFORM, 'login', { username: 'app', password: 'app-password' });
  await putSecret(kube, PLATFORM, 'ca', { 'ca.crt': database.ca });
  operator = await installation.startOperator('operator-0');
  note('memory when it has started', await memory(operator));
  const fleet = await createFleet(kube, { policies, pods, databases, postgres: database });
  note(`${pods} pods injected`, `${fixed(fleet.injectionSeconds, 1)} s, ${fixed(pods / fleet.injectionSeconds)} a second`);
  await pause(IDLE);
  note('memory before any sidecar', await memory(operator));
  const connections = await connectAll(kube, fleet, operator.ports.stream);
  await connections.told(100);
  await pause(IDLE);
  const before = costOf(operator);
  note(`memory with ${pods} sidecars`, await memory(operator));
  await pause(IDLE);
  note(
    `CPU, idle with ${pods} sidecars`,
    `${fixed(((costOf(operator).cpuSeconds - before.cpuSeconds) / IDLE) * 1000)} millicores`,
  );
  const last: number[] = [];
  const all: number[] = [];
  for (let change = 0; change < changes; change++) {
    const at = await changeSharedPolicy(kube, 1000 + change);
    const times = (await connections.told(1000 + change)).map((time) => time - at);
    all.push(...times);
    last.push(Math.max(...times));
  }
  all.sort((a, b) => a - b);
  last.sort((a, b) => a - b);
  const at = (sorted: readonly number[], share: number): string => fixed(sorted[Math.floor((sorted.length - 1) * share)]!);
  note(
    `a policy's change told to a sidecar (of ${pods}), after the API server had it`,
    `p50 ${at(all, 0.5)} ms, p99 ${at(all, 0.99)} ms`,
  );
  note('the same, to the last of them', `p50 ${at(last, 0.5)} ms, most ${at(last, 1)} ms`);
  await operator.stop('SIGKILL');
  const killed = performance.now();
  operator = await installation.startOperator('operator-1', { ports: operator.ports });
  const ready = performance.now();
  while ((await metric(operator, 'sluice_operator_sidecars')) < pods) await pause(0.1);
  note('killed, and another one ready', `${fixed((ready - killed) / 1000, 1)} s`);
  note(`until all ${pods} sidecars were back`, `${fixed((performance.now() - ready) / 1000, 1)} s more`);
  note('memory after the storm', await memory(operator));
  connections.close();
  process.stdout.write(`| one replica, ${policies} policies, ${databases} Databases | |\n|---|---|\n`);
  for (const [what, value] of rows) process.stdout.write(`| ${what} | ${value} |\n`);
} finally {
  await operator?.stop('SIGKILL');
  await Promise.all([kube.stop(), database.stop()]);
}

async function memory(of: RunningOperator): Promise<string> {
  const heap = (await metric(of, 'nodejs_heap_size_used_bytes')) / 1024 / 1024;
  return `${fixed(costOf(of).residentMiB)} MiB resident, ${fixed(heap)} MiB of heap in use`;
}
