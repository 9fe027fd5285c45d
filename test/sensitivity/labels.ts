/** Reads the labels. */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CLASSES, type SensitivityClass } from '../../crds/meta.ts';

export type SetName = 'tune' | 'untouched';
export const SETS: readonly SetName[] = ['tune', 'untouched'];

export interface Label {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly class: SensitivityClass | 'none';
  /** Name of the generator of its values, `?N` where N percent of them are NULL. */
  readonly generator: string;
}

export interface LabelledSchema {
  readonly set: SetName;
  readonly name: string;
  /** Where it comes from: source, version, licence. */
  readonly source: string;
  /** Where the people in it live. */
  readonly locale: string;
  /** Table → rows, where not the default. */
  readonly rows: ReadonlyMap<string, number>;
  readonly labels: readonly Label[];
}

const directory = (set: SetName): string => fileURLToPath(new URL(`labels/${set}/`, import.meta.url));

export function labelledSchemas(set: SetName): readonly LabelledSchema[] {
  return readdirSync(directory(set))
    .filter((file) => file.endsWith('.tsv'))
    .sort()
    .map((file) => parse(set, file.slice(0, -4), readFileSync(directory(set) + file, 'utf8')));
}

export function parse(set: SetName, name: string, text: string): LabelledSchema {
  const remarks = new Map<string, string>();
  const rows = new Map<string, number>();
  const labels: Label[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const remark = /^# (\w+): (.*)$/.exec(line);
    if (remark?.[1] === 'rows') {
      const [table = '', count] = remark[2]!.split(' ');
      rows.set(table, Number(count));
    } else if (remark) {
      remarks.set(remark[1]!, remark[2]!);
    } else if (!line.startsWith('#')) {
      labels.push(label(name, line));
    }
  }
  return {
    set,
    name,
    source: remarks.get('Source') ?? 'Written for Sluice.',
    locale: remarks.get('locale') ?? 'en_US',
    rows,
    labels,
  };
}

function label(name: string, line: string): Label {
  const [path = '', kind = '', generator = ''] = line.split('\t');
  const [schema = '', table = '', ...rest] = path.split('.');
  const known = kind === 'none' || (CLASSES as readonly string[]).includes(kind);
  if (!known || rest.length === 0 || generator === '') throw new Error(`labels of ${name}: cannot read "${line}"`);
  // "Passport No." has a dot of its own.
  return { schema, table, column: rest.join('.'), class: kind as Label['class'], generator };
}
