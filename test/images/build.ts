/** `npm run images`. What it builds, and on what, is in README.md beside this file. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROGRAMS } from '../../bundle/bundle.ts';
import { basesFor } from './bases.ts';
import { ensureTestImages } from './e2e.ts';
import { findEngine } from './engine.ts';
import { releasedSources, type Sources, thisCheckout } from './sources.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const USAGE = `usage: npm run images -- [options]

Builds sluice-operator:VERSION and sluice-sidecar:VERSION, of this checkout.

  --engine NAME   docker, buildah or podman; default: the first that works
  --tag TAG       instead of VERSION
  --e2e           also sluice-e2e-agents:1 and sluice-e2e-postgres:1
  --previous      also both images of the release before this one, from its commit
  --offline       on base images made here; by itself where those of the Dockerfiles are neither there nor can be pulled
  --help          prints this
`;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      engine: { type: 'string' },
      tag: { type: 'string' },
      e2e: { type: 'boolean', default: false },
      previous: { type: 'boolean', default: false },
      offline: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(USAGE);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const engine = await findEngine(values.engine);
  const bases = await basesFor(engine, ROOT, { offline: values.offline, say });
  if (values.e2e) await ensureTestImages(engine, ROOT, say);
  const sources: readonly Sources[] = [thisCheckout(ROOT), ...(values.previous ? [await releasedSources(ROOT)] : [])];
  for (const { directory, version, revision, created } of sources)
    for (const program of PROGRAMS) {
      const tag = `sluice-${program}:${directory === ROOT ? (values.tag ?? version) : version}`;
      say(tag);
      await engine.build({
        context: directory,
        dockerfile: join(directory, `Dockerfile.${program}`),
        tag,
        args: { ...bases, VERSION: version, REVISION: revision, CREATED: created },
      });
    }
}

if (import.meta.main) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
