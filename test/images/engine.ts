/** The program that builds images: docker, buildah or podman, whichever is there, with what they have in common. */
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const ENGINES = ['docker', 'buildah', 'podman'] as const;
export type EngineName = (typeof ENGINES)[number];

export interface BuildRequest {
  /** Its directory, with what the Dockerfile copies. */
  readonly context: string;
  readonly dockerfile: string;
  readonly tag: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Image {
  /** The digest of its configuration: the same in every engine's store and in an archive. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Engine {
  readonly name: EngineName;
  /** Base images are never pulled in passing: they are there, or this fails. */
  build(request: BuildRequest): Promise<void>;
  /** Undefined: there is none in this engine's store. */
  inspect(reference: string): Promise<Image | undefined>;
  pull(reference: string): Promise<boolean>;
  /** A docker-archive, readable by `docker load`, `ctr images import` and `kind load image-archive`. */
  save(reference: string, path: string): Promise<void>;
}

/** The one asked for, or the first that works here. */
export async function findEngine(wanted?: string): Promise<Engine> {
  if (wanted !== undefined && !ENGINES.includes(wanted as EngineName)) throw new Error(`--engine: one of ${ENGINES.join(', ')}`);
  const probes: Readonly<Record<EngineName, readonly string[]>> = {
    // The client alone builds nothing.
    docker: ['version', '--format', '{{.Server.Version}}'],
    buildah: ['version'],
    podman: ['version'],
  };
  const tried: string[] = [];
  for (const name of wanted === undefined ? ENGINES : [wanted as EngineName]) {
    const problem = await run(name, probes[name]).then(
      () => undefined,
      (error: Error & { stderr?: string }) => (error.stderr || error.message).trim().split('\n').at(-1),
    );
    if (problem === undefined) return name === 'docker' ? await docker() : libpod(name);
    tried.push(`${name}: ${problem}`);
  }
  throw new Error(`no program that builds images (${tried.join('; ')}); install docker, buildah or podman`);
}

async function docker(): Promise<Engine> {
  // Without its buildx plugin the client builds only in the old way, and only when told so.
  const env = (await succeeds('docker', ['buildx', 'version'])) ? process.env : { ...process.env, DOCKER_BUILDKIT: '0' };
  return {
    name: 'docker',
    build: ({ context, dockerfile, ...rest }) =>
      runVisibly('docker', ['build', '--file', dockerfile, ...buildOptions(rest), context], { env }),
    inspect: (reference) =>
      image('docker', ['image', 'inspect', reference], ([{ Id, Config }]) => ({ id: Id, labels: Config.Labels })),
    pull: (reference) => succeeds('docker', ['pull', '--quiet', reference]),
    save: (reference, path) => runVisibly('docker', ['save', '--output', path, reference]),
  };
}

function libpod(name: 'buildah' | 'podman'): Engine {
  // chroot works for a root that lacks capabilities, and inside containers; it needs no OCI runtime.
  const isolation = process.env['BUILDAH_ISOLATION'] ?? 'chroot';
  return {
    name,
    build: ({ context, dockerfile, ...rest }) =>
      runVisibly(name, [
        ...['build', '--isolation', isolation, '--layers', '--pull-never', '--format', 'docker'],
        ...['--file', dockerfile, ...buildOptions(rest), context],
      ]),
    inspect: (reference) =>
      name === 'buildah'
        ? image(name, ['inspect', '--type', 'image', reference], ({ FromImageID, Docker }) => ({
            id: FromImageID,
            labels: Docker.config.Labels,
          }))
        : image(name, ['image', 'inspect', reference], ([{ Id, Labels }]) => ({ id: Id, labels: Labels })),
    pull: (reference) => succeeds(name, ['pull', '--quiet', reference]),
    save: (reference, path) =>
      name === 'buildah'
        ? runVisibly(name, ['push', '--quiet', reference, `docker-archive:${path}:${reference}`])
        : runVisibly(name, ['save', '--quiet', '--format', 'docker-archive', '--output', path, reference]),
  };
}

function buildOptions({ tag, args = {}, labels = {} }: Omit<BuildRequest, 'context' | 'dockerfile'>): readonly string[] {
  return [
    ...['--tag', tag],
    ...Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
  ];
}

/** `read` takes from what the program prints, which only this program's author knows, what there is to know. */
async function image(
  program: string,
  args: readonly string[],
  // biome-ignore lint/suspicious/noExplicitAny: three programs, three shapes
  read: (printed: any) => { readonly id: string; readonly labels: Record<string, string> | null | undefined },
): Promise<Image | undefined> {
  const found = await run(program, [...args], { maxBuffer: 16 * 1024 * 1024 }).catch(() => undefined);
  if (found === undefined) return undefined;
  const { id, labels } = read(JSON.parse(found.stdout));
  return { id: id.replace(/^sha256:/, ''), labels: labels ?? {} };
}

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  return run(program, [...args], { timeout: 120_000 }).then(
    () => true,
    () => false,
  );
}

/** Rejects with its last words. */
export async function runVisibly(
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`${program} ${args.slice(0, 2).join(' ')} … failed (exit ${code}):\n${output.slice(-4_000)}`);
}
