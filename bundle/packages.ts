/** Which npm packages a bundle contains: from the bundler's own account, with version, licence and checksum from the lock file. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Of the package's tarball, as the lock file has it: `sha512-…`. */
  readonly integrity?: string;
  /** Texts of its licence files. A package may have none. */
  readonly licenseTexts: readonly string[];
  /** Its authors, as it names them. */
  readonly author?: string;
}

interface Lock {
  readonly packages: Readonly<Record<string, { version: string; license?: string; integrity?: string }>>;
}

/** Sorted by name and version. A package that the lock file does not know, or without a licence, is an error: nobody could say what it is. */
export function bundledPackages(root: string, { outputs }: Pick<Metafile, 'outputs'>): readonly BundledPackage[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const paths = new Set(
    Object.values(outputs)
      .flatMap(({ inputs }) => Object.keys(inputs))
      .map(packagePath)
      .filter((path) => path !== undefined),
  );
  const packages = [...paths].map((path): BundledPackage => {
    const { version, license, integrity } = lock.packages[path] ?? {};
    if (version === undefined || license === undefined) throw new Error(`${path} has no version or licence in package-lock.json`);
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const author = authorOf(join(root, path));
    return {
      ...{ name, version, license, licenseTexts: licenseTexts(join(root, path)) },
      ...(integrity !== undefined && { integrity }),
      ...(author !== undefined && { author }),
    };
  });
  return packages.sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

/** `node_modules/a/node_modules/@b/c/dist/x.js` → `node_modules/a/node_modules/@b/c`; our own modules have none. */
export function packagePath(module: string): string | undefined {
  return /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module)?.[1];
}

function licenseTexts(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => /^(licen[cs]e|copying|notice)\b/i.test(name))
    .sort()
    .map((name) => readFileSync(join(directory, name), 'utf8').trim());
}

function authorOf(directory: string): string | undefined {
  const { author } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { author?: string | { name: string } };
  return typeof author === 'object' ? author.name : author;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
