/**
 * What a sidecar costs that does nothing: from its start to listening and to serving, and its memory a while later, as the image runs it
 * (`npm run bundle` first). `node bench/idle.ts [--program dist/sidecar/main.js] [--seconds 45] [--runs 3] [-- NODE FLAGS]`
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { podVolumes, startSidecar } from '../test/injected/sidecar.ts';
import { databaseYaml, policyYaml } from '../test/stream/documents.ts';
import { memoryCluster, startOperator } from '../test/stream/operator.ts';
import { startLocalPostgres } from '../test/support/postgres.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    program: { type: 'string', default: 'dist/sidecar/main.js' },
    seconds: { type: 'string', default: '45' },
    runs: { type: 'string', default: '3' },
  },
});
const flags = positionals.length > 0 ? positionals : ['--max-semi-space-size=4', '--expose-gc'];
const server = await startLocalPostgres();
const cluster = await memoryCluster();
cluster.identity.admit('token-1');
cluster.view.apply(
  databaseYaml('shop', { port: server.port, database: 'postgres' }) +
    policyYaml('shop-read', 'shop', { grants: '[{tables: ["*.*"], actions: [Select]}]' }),
);
cluster.materials.set('data/shop', {
  logins: { '': { username: 'postgres', password: server.password } },
  addresses: ['127.0.0.1'],
});
const operator = await startOperator(cluster);
try {
  for (let run = 0; run < Number(values.runs); run += 1) {
    const volumes = podVolumes();
    const began = performance.now();
    const sidecar = await startSidecar({
      cluster,
      operator: operator.port,
      volumes,
      program: { command: [...flags, values.program], environment: { MALLOC_ARENA_MAX: '2', NODE_ENV: 'production' } },
    });
    const listening = performance.now() - began;
    while ((await sidecar.health('/startupz')).status !== 200) await sleep(5);
    const serving = performance.now() - began;
    await sleep(Number(values.seconds) * 1000);
    process.stdout.write(`listening ${listening.toFixed(0)} ms, serving ${serving.toFixed(0)} ms; ${memory(sidecar.pid)}\n`);
    await sidecar.stop();
    volumes.remove();
  }
} finally {
  await operator.close();
  await server.stop();
}

/** MiB, as the kernel counts them. Program text of Node is shared by all its processes on a node. */
function memory(pid: number): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mib = (name: string): string => (Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024).toFixed(1);
  return `resident ${mib('VmRSS')} MiB, of it private ${mib('RssAnon')}, of files ${mib('RssFile')}`;
}
