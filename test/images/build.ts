/** `npm run images`. What it builds, and on what, is in README.md beside this file. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROGRAMS } from '../../bundle/bundle.ts';
import { ensureTestImages } from './e2e.ts';
import { findEngine } from './engine.ts';
import { ensureStandIns, STAND_INS } from './stand-ins.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const USAGE = `usage: npm run images -- [options]

Builds sluice-operator:TAG and sluice-sidecar:TAG.

  --engine NAME   docker, buildah or podman; default: the first that works
  --tag TAG       default: the version in package.json
  --e2e           also sluice-e2e-agents:1 and sluice-e2e-postgres:1
  --offline       on base images made here; by itself where those of the Dockerfiles can neither be found nor pulled
  --help          prints this
`;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      engine: { type: 'string' },
      tag: { type: 'string' },
      e2e: { type: 'boolean', default: false },
      offline: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(USAGE);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const engine = await findEngine(values.engine);
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  await ensureStandIns(engine, ROOT, say);
  const git = (...words: string[]): string => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();
  if (values.e2e) await ensureTestImages(engine, ROOT, say);
  for (const program of PROGRAMS) {
    const tag = `sluice-${program}:${values.tag ?? version}`;
    say(tag);
    await engine.build({
      context: ROOT,
      dockerfile: join(ROOT, `Dockerfile.${program}`),
      tag,
      args: {
        ...STAND_INS,
        VERSION: version,
        REVISION: git('rev-parse', 'HEAD'),
        CREATED: git('log', '-1', '--format=%cI'),
      },
    });
  }
}

await main(process.argv.slice(2));
