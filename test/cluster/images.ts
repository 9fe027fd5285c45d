/**
 * From a builder's store, or an archive, onto the nodes of a kind cluster. What a node has of an image it is told as a label of it, so that
 * an image that has not changed is not carried there again. (Comparing image ids does not do: an OCI image gets another one in an archive.)
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../support/cache.ts';
import { attempt, environment, onPath, run } from './process.ts';
import { canonical } from './references.ts';

const LABEL = 'sluice.dev/loaded';

export interface KindNodes {
  readonly kindName: string;
  /** With which `kind` and `docker` reach the nodes. */
  readonly env: Readonly<Record<string, string>>;
  readonly nodes: readonly string[];
}

interface Image {
  readonly id: string;
  readonly names: readonly string[];
  /** The path of an archive that has it; may write it into a directory first. */
  archive(directory: string): Promise<string>;
}

export async function loadImages(target: KindNodes, wanted: readonly string[]): Promise<void> {
  const images = await Promise.all(wanted.map((each) => (existsSync(each) ? ofArchive(each) : ofStores(each, target.env))));
  const absent = await missingOn(target, images);
  if (absent.length === 0) return;
  mkdirSync(cacheDirectory(), { recursive: true });
  const directory = mkdtempSync(join(cacheDirectory(), 'load-'));
  try {
    const archives: string[] = [];
    for (const image of absent) archives.push(await image.archive(directory));
    await run('kind', ['load', 'image-archive', '--name', target.kindName, ...archives], { env: target.env });
    for (const node of target.nodes)
      for (const { id, names } of absent) for (const name of names) await onNode(target, node, 'label', name, `${LABEL}=${id}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function missingOn(target: KindNodes, images: readonly Image[]): Promise<readonly Image[]> {
  const listings = await Promise.all(target.nodes.map((node) => onNode(target, node, 'ls')));
  return images.filter(
    ({ id, names }) => names.length === 0 || !listings.every((listing) => names.every((name) => has(listing, name, id))),
  );
}

/** In the table of `ctr images ls`: the name comes first, labels last. */
function has(listing: string, name: string, id: string): boolean {
  return listing.split('\n').some((line) => line.startsWith(`${name} `) && line.includes(`${LABEL}=${id}`));
}

function onNode(target: KindNodes, node: string, ...command: readonly string[]): Promise<string> {
  return run('docker', ['exec', node, 'ctr', '--namespace', 'k8s.io', 'images', ...command], { env: target.env });
}

async function ofArchive(path: string): Promise<Image> {
  const manifest = await attempt('tar', ['--extract', '--to-stdout', '--file', path, 'manifest.json']);
  if (manifest.code !== 0)
    throw new Error(`${path} is not an archive of images (docker save, or buildah push … docker-archive:${path})`);
  const entries = JSON.parse(manifest.stdout) as readonly { readonly RepoTags?: readonly string[] | null }[];
  return {
    id: createHash('sha256').update(manifest.stdout).digest('hex'),
    names: entries.flatMap((entry) => entry.RepoTags ?? []).map(canonical),
    archive: async () => path,
  };
}

/** The user's Docker, what buildah and podman share, the engine of the cluster: the first that has it. */
async function ofStores(reference: string, clusterEnv: Readonly<Record<string, string>>): Promise<Image> {
  const own = environment({});
  const engines = own['DOCKER_HOST'] === clusterEnv['DOCKER_HOST'] ? [own] : [own, clusterEnv];
  const stores = [...engines.map((env) => () => ofDocker(reference, env)), () => ofContainersStorage(reference)];
  for (const store of stores) {
    const image = await store();
    if (image) return image;
  }
  throw new Error(`no image ${reference} in the stores of docker, buildah or podman (npm run images builds those of Sluice)`);
}

async function ofDocker(reference: string, env: Readonly<Record<string, string>>): Promise<Image | undefined> {
  if (!onPath('docker', env['PATH'] ?? '')) return undefined;
  const found = await attempt('docker', ['image', 'inspect', '--format', '{{.Id}}', reference], { env });
  if (found.code !== 0) return undefined;
  return {
    id: found.stdout.trim(),
    names: [canonical(reference)],
    archive: async (directory) => {
      const path = join(directory, fileName(reference));
      await run('docker', ['save', '--output', path, reference], { env });
      return path;
    },
  };
}

async function ofContainersStorage(reference: string): Promise<Image | undefined> {
  const path = process.env['PATH'] ?? '';
  const inspect: Readonly<Record<string, readonly string[]>> = {
    buildah: ['inspect', '--type', 'image', '--format', '{{.FromImageID}}', reference],
    podman: ['image', 'inspect', '--format', '{{.Id}}', reference],
  };
  for (const [program, args] of Object.entries(inspect)) {
    if (!onPath(program, path)) continue;
    const found = await attempt(program, args);
    if (found.code !== 0) continue;
    return {
      id: found.stdout.trim(),
      names: [canonical(reference)],
      archive: async (directory) => {
        const file = join(directory, fileName(reference));
        await run(program, ['push', '--quiet', reference, `docker-archive:${file}:${canonical(reference)}`]);
        return file;
      },
    };
  }
  return undefined;
}

function fileName(reference: string): string {
  return `${reference.replaceAll(/[^a-zA-Z0-9.-]/g, '_')}.tar`;
}
