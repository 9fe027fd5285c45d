import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundle, PROGRAMS, type Program } from './bundle.ts';
import { packagePath } from './packages.ts';
import { assertWalls, WallError } from './walls.ts';

const ROOT = dirname(import.meta.dirname);
const directory = mkdtempSync(join(tmpdir(), 'sluice-bundle-'));
const bundles = {} as Record<Program, Bundle>;
beforeAll(async () => {
  for (const program of PROGRAMS) bundles[program] = await bundle(program, { directory: join(directory, program) });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const read = (program: Program, file: string): string => readFileSync(join(directory, program, file), 'utf8');
const modules = (program: Program): readonly string[] => Object.keys(bundles[program].metafile.inputs);

describe('the sidecar', () => {
  it('contains no client of the Kubernetes API, and nothing of the operator', () => {
    expect(modules('sidecar')).toContain('sidecar/main.ts');
    expect(modules('sidecar').filter((path) => /kubernetes|^operator\//.test(path))).toEqual([]);
    expect(read('sidecar', 'main.js')).not.toContain('KubeConfig');
  });

  it('has its parser beside it, and the thread for large statements', () => {
    const own = readFileSync(join(ROOT, 'node_modules/libpg-query/wasm/libpg-query.wasm'));
    expect(readFileSync(join(directory, 'sidecar/libpg-query.wasm')).equals(own)).toBe(true);
    // What large-analyser.ts starts.
    expect(read('sidecar', 'main.js')).toContain('./parser-worker.js');
    expect(read('sidecar', 'parser-worker.js')).toContain('parentPort');
  });
});

describe('the operator', () => {
  it('has what reads a kubeconfig in a file of its own, and no path of statements', () => {
    expect(read('operator', 'main.js')).toContain('import("./kubernetes-client.js")');
    expect(read('operator', 'kubernetes-client.js')).toContain('KubeConfig');
    const main = Object.entries(bundles.operator.metafile.outputs).find(([path]) => path.endsWith('/main.js'));
    expect(Object.keys(main![1].inputs).filter((path) => path.includes('@kubernetes/'))).toEqual([]);
    expect(modules('operator').filter((path) => path.startsWith('sidecar/session/'))).toEqual([]);
  });
});

it('the operator has the thread of its audit store beside it, which opens a store', async () => {
  expect(read('operator', 'main.js')).toContain('./audit-store-thread.js');
  const workerData = { file: join(directory, 'audit.db'), role: 'writer', size: 1e9, whenFull: 'Refuse' };
  const worker = new Worker(join(directory, 'operator/audit-store-thread.js'), { workerData });
  const [message] = (await once(worker, 'message')) as [unknown];
  await worker.terminate();
  expect(message).toEqual({ kind: 'ready' });
});

describe.each(PROGRAMS)('the bill of materials of the %s', (program) => {
  interface Component {
    readonly 'bom-ref': string;
    readonly group?: string;
    readonly name: string;
    readonly version: string;
    readonly licenses: readonly unknown[];
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  }
  const components = (): readonly Component[] =>
    (JSON.parse(read(program, 'sbom.cdx.json')) as { components: Component[] }).components;
  const nameOf = ({ group, name }: Component): string => (group === undefined ? name : `${group}/${name}`);

  it('lists the packages of the bundle, each with version, licence and checksum, and no others', () => {
    const bundled = Object.values(bundles[program].metafile.outputs)
      .flatMap(({ inputs }) => Object.keys(inputs))
      .map(packagePath)
      .filter((path) => path !== undefined);
    const wanted = new Set(bundled.map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)));
    expect(new Set(components().map(nameOf))).toEqual(wanted);
    for (const each of components()) {
      expect(each.licenses).toHaveLength(1);
      expect(each.hashes?.[0]).toMatchObject({ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) });
    }
  });

  it('does not list what only builds or tests', () => {
    const names = components().map(nameOf);
    expect(names).toContain('pino');
    for (const absent of ['esbuild', 'typescript', 'vitest', 'commander']) expect(names).not.toContain(absent);
  });

  it.runIf(program === 'sidecar')('says what the WebAssembly is compiled from', () => {
    const parser = components().find(({ name }) => name === 'libpg-query');
    expect(parser).toMatchObject({ components: expect.arrayContaining([expect.objectContaining({ name: 'PostgreSQL' })]) });
    expect(read(program, 'THIRD-PARTY.txt')).toContain('The Regents of the University of California');
  });

  it('comes with the licence text of every package', () => {
    const text = read(program, 'THIRD-PARTY.txt');
    for (const each of components()) expect(text).toContain(`${nameOf(each)} ${each.version} (`);
    const without = text.split(/^-{78}$/m).filter((entry) => entry.trim().split('\n').length < 3);
    expect(without.slice(1)).toEqual([]);
  });
});

describe('the walls', () => {
  const metafile = (...paths: string[]) => ({
    inputs: Object.fromEntries(
      paths.map((path, index) => [
        path,
        { bytes: 1, imports: paths.slice(index + 1, index + 2).map((to) => ({ path: to, kind: 'import-statement' as const })) },
      ]),
    ),
  });

  it('stop a bundle, and say who imports what', () => {
    const wrong = metafile('sidecar/main.ts', 'node_modules/@kubernetes/client-node/dist/index.js');
    expect(() => assertWalls('sidecar', wrong)).toThrow(WallError);
    expect(() => assertWalls('sidecar', wrong)).toThrow(/client-node\/dist\/index\.js by sidecar\/main\.ts/);
    expect(() => assertWalls('sidecar', metafile('sidecar/main.ts', 'operator/run.ts'))).toThrow(/operator\/run\.ts/);
    expect(() => assertWalls('operator', metafile('operator/main.ts', 'sidecar/session/stepwise.ts'))).toThrow(/stepwise/);
  });

  it('let through what belongs', () => {
    expect(() =>
      assertWalls('operator', metafile('operator/main.ts', 'node_modules/@kubernetes/client-node/dist/index.js')),
    ).not.toThrow();
  });
});

describe('packagePath', () => {
  it.each([
    ['node_modules/pino/pino.js', 'node_modules/pino'],
    ['node_modules/@a/b/dist/x.js', 'node_modules/@a/b'],
    ['node_modules/a/node_modules/@b/c/dist/x.js', 'node_modules/a/node_modules/@b/c'],
    ['core/version.ts', undefined],
  ])('%s', (module, path) => expect(packagePath(module)).toBe(path));
});
