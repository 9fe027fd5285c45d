/** Which floor names what a client sent: statements are parsed with the newest grammar, as Sluice does. */
import { loadModule, parseSync } from 'libpg-query';
import { floorOf, type Refused } from '../floors.ts';

await loadModule();

/** Trees of the statements; none where the grammar does not know the text. */
export function treesOf(sql: string): readonly unknown[] {
  try {
    return ((parseSync(sql) as { stmts?: readonly { stmt?: unknown }[] }).stmts ?? []).map(({ stmt }) => stmt);
  } catch {
    return [];
  }
}

/** The floor that names one of the texts, given what Sluice said to them (nothing yet: undefined). */
export function floorOfTexts(texts: readonly string[], refusal?: Refused['refusal'], message?: string): string | null {
  const trees = texts.flatMap(treesOf);
  return floorOf({
    trees,
    ...(refusal === undefined ? {} : { refusal }),
    ...(message === undefined ? {} : { message }),
  });
}
