/** Software within npm packages that the lock file does not know of: the C sources that libpg-query's WebAssembly is compiled from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Vendored {
  readonly name: string;
  readonly license: string;
  readonly text: string;
}

const WITHIN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'libpg-query': {
    libpg_query: 'BSD-3-Clause',
    PostgreSQL: 'PostgreSQL',
    'protobuf-c': 'BSD-2-Clause',
    xxHash: 'BSD-2-Clause',
  },
};

export function vendoredIn(packageName: string): readonly Vendored[] {
  return Object.entries(WITHIN[packageName] ?? {}).map(([name, license]) => {
    const text = readFileSync(join(import.meta.dirname, 'licenses', `${name}.txt`), 'utf8').trim();
    return { name, license, text };
  });
}
