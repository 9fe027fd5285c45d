/** Every generator of values by name; `test/sensitivity/labels` names them. */
import type { Generator } from './context.ts';
import { DOCUMENTS } from './documents.ts';
import { MONEY } from './money.ts';
import { NATIONAL_IDS } from './national-ids.ts';
import { PEOPLE } from './people.ts';
import { PROSE } from './prose.ts';
import { SERVICES } from './services.ts';
import { TECHNICAL } from './technical.ts';
import { TOKENS } from './tokens.ts';

const ALL: ReadonlyMap<string, Generator> = new Map([
  ...Object.entries(TECHNICAL),
  ...Object.entries(TOKENS),
  ...Object.entries(PEOPLE),
  ...Object.entries(MONEY),
  ...Object.entries(PROSE),
  ...Object.entries(DOCUMENTS),
  ...Object.entries(SERVICES),
  ...Object.entries(NATIONAL_IDS).map(([name, draw]): [string, Generator] => [`national-id.${name}`, (c) => draw(c.random)]),
]);

/** `one-of(a|b)` draws among words that stand in the label itself. */
export function generator(name: string): Generator {
  const words = /^one-of\((.*)\)$/.exec(name)?.[1]?.split('|');
  if (words !== undefined) return (c) => c.random.pick(words);
  const found = ALL.get(name);
  if (found === undefined) throw new Error(`no such generator: ${name}`);
  return found;
}

/** What a label's third field says: a name, and which percentage of the values is NULL. */
export function parseGenerator(text: string): { readonly name: string; readonly nulls: number } {
  const [name = '', nulls = '0'] = text.split('?');
  return { name, nulls: Number(nulls) / 100 };
}
