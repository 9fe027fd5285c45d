/** Statements to start from: everything the other suites send. */
import { CORPUS as ATTACKS } from '../attacks/corpus/index.ts';
import { CORPUS } from '../ordinary/corpus/index.ts';
import { readStatements } from '../rewriting/statements.ts';

/** Larger ones make slow seeds and teach nothing more. */
const LARGEST = 4_000;

export async function sqlSeeds(): Promise<readonly string[]> {
  const files = await Promise.all(
    ['../rewriting/selects.sql', '../introspection/psql.sql', '../introspection/orms.sql', '../introspection/attempts.sql'].map(
      (path) => readStatements(new URL(path, import.meta.url)),
    ),
  );
  const attacks = ATTACKS.flatMap(({ steps, twin }) =>
    [steps, twin.steps].flatMap((list) => (typeof list === 'function' ? [] : list)),
  );
  const all = [...CORPUS.flatMap(({ steps }) => steps), ...attacks, ...files.flat()];
  return [...new Set(all.map((sql) => sql.replace(/@\w+@/g, '16400')))].filter(({ length }) => length <= LARGEST);
}
