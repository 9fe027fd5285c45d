/**
 * What the images run: `dist/sidecar` and `dist/operator`, each one file of JavaScript (ADR 22) with what it must find beside it, and the
 * papers of whatever is in it. Runs on the packages of `npm ci --omit=dev`, nothing else.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  operator: { main: 'operator/main.ts', 'kubernetes-client': '@kubernetes/client-node' },
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

export async function bundle(program: Program, directory = join(ROOT, 'dist', program)): Promise<Bundle> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: Object.entries(ENTRIES[program]).map(([out, from]) => ({ out, in: from })),
    outdir: directory,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    banner: { js: COMMONJS },
    // Names and lines of a stack trace are those of the source, and one can look them up in the image: no source maps to keep.
    keepNames: false,
    minifySyntax: true,
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
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((each) => !PROGRAMS.includes(each as Program));
  if (unknown !== undefined) {
    process.stderr.write(`usage: npm run bundle -- [${PROGRAMS.join('|')}]...\n`);
    process.exit(2);
  }
  for (const program of PROGRAMS.filter((each) => wanted.length === 0 || wanted.includes(each))) {
    const { metafile } = await bundle(program);
    for (const [path, { bytes }] of Object.entries(metafile.outputs))
      process.stdout.write(`${path} ${(bytes / 1024).toFixed(0)} KiB\n`);
  }
}
