/**
 * What the images run: `dist/sidecar` and `dist/operator`, each one file of JavaScript (ADR 22) with what it must find beside it, and the
 * papers of whatever is in it. Runs on the packages of `npm ci --omit=dev`, nothing else.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { bundledPackages } from './packages.ts';
import { notices } from './notices.ts';
import { sbom } from './sbom.ts';
import { assertWalls } from './walls.ts';

const ROOT = dirname(import.meta.dirname);
export const PROGRAMS = ['sidecar', 'operator'] as const;
export type Program = (typeof PROGRAMS)[number];

/** Entry points by the name of the file they become. */
const ENTRIES: Readonly<Record<Program, Readonly<Record<string, string>>>> = {
  sidecar: { main: 'sidecar/main.ts', 'parser-worker': 'sidecar/parser/worker.ts' },
  operator: {
    main: 'operator/main.ts',
    'audit-store-thread': 'operator/audit/store/embedded-thread.ts',
    'kubernetes-client': '@kubernetes/client-node',
  },
};

/** CommonJS packages within expect these, libpg-query among them: it looks for its WebAssembly in `__dirname`. */
const COMMONJS = `import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;`;

/** Only where a kubeconfig is asked for, which in a pod is never: thirteen megabytes that the operator's own file should not carry. */
const kubernetesClientApart: Plugin = {
  name: 'kubernetes-client-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^@kubernetes\/client-node$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './kubernetes-client.js', external: true } : undefined,
    );
  },
};

export interface Bundle {
  readonly directory: string;
  readonly metafile: Metafile;
}

/** `sourceMaps`: beside the files, which do not refer to them; `node --enable-source-maps` is for whoever analyses a crash. */
export async function bundle(
  program: Program,
  { directory = join(ROOT, 'dist', program), sourceMaps = false } = {},
): Promise<Bundle> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: Object.entries(ENTRIES[program])
      // An earlier release's sources, bundled as this one is (test/images), do not have all of them.
      .filter(([, from]) => !from.endsWith('.ts') || existsSync(join(ROOT, from)))
      .map(([out, from]) => ({ out, in: from })),
    outdir: directory,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    banner: { js: COMMONJS },
    // Two megabytes of memory less. Names stay as they are: a stack trace can be read without a source map.
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: sourceMaps ? 'external' : false,
    legalComments: 'none',
    metafile: true,
    plugins: [kubernetesClientApart],
    logLevel: 'warning',
  });
  assertWalls(program, metafile);
  if (usesParser(metafile))
    copyFileSync(join(ROOT, 'node_modules/libpg-query/wasm/libpg-query.wasm'), join(directory, 'libpg-query.wasm'));
  const packages = bundledPackages(ROOT, metafile);
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  writeFileSync(
    join(directory, 'package.json'),
    `${JSON.stringify({ name: `sluice-${program}`, version, private: true, type: 'module' })}\n`,
  );
  writeFileSync(join(directory, 'sbom.cdx.json'), `${JSON.stringify(sbom(program, version, packages), null, 2)}\n`);
  writeFileSync(join(directory, 'THIRD-PARTY.txt'), notices(packages));
  copyFileSync(join(ROOT, 'LICENSE'), join(directory, 'LICENSE'));
  return { directory, metafile };
}

function usesParser(metafile: Metafile): boolean {
  return Object.keys(metafile.inputs).some((path) => path.includes('node_modules/libpg-query/'));
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  const sourceMaps = args.includes('--source-maps');
  const wanted = args.filter((each) => each !== '--source-maps');
  if (!wanted.every((each) => (PROGRAMS as readonly string[]).includes(each))) {
    process.stderr.write(`usage: npm run bundle -- [--source-maps] [${PROGRAMS.join('|')}]...\n`);
    process.exit(2);
  }
  for (const program of PROGRAMS.filter((each) => wanted.length === 0 || wanted.includes(each))) {
    const { metafile } = await bundle(program, { sourceMaps });
    for (const [path, { bytes }] of Object.entries(metafile.outputs))
      process.stdout.write(`${path} ${(bytes / 1024).toFixed(0)} KiB\n`);
  }
}
