/** Relations as people type them and records spell them: `customers`, `public.customers`, `"Weird Schema"."Customer Data"`. */
import { quoteIdentifier } from '../../catalog/catalog.ts';

export interface RelationName {
  /** Absent: whichever schema. */
  readonly schema?: string;
  readonly name: string;
}

const PART = /^(?:"((?:[^"]|"")+)"|([^".\s][^".]*))/;

/** Undefined: it is no name, or has more than two parts. Unquoted parts fold to lower case, as on the server. */
export function parseRelationName(text: string): RelationName | undefined {
  const parts: string[] = [];
  let rest = text.trim();
  while (parts.length < 2) {
    const match = PART.exec(rest);
    if (match === null) return undefined;
    parts.push(match[1]?.replaceAll('""', '"') ?? match[2]!.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()));
    rest = rest.slice(match[0].length);
    if (rest === '') break;
    if (!rest.startsWith('.')) return undefined;
    rest = rest.slice(1);
    if (parts.length === 2) return undefined;
  }
  const [first, second] = parts;
  if (first === undefined) return undefined;
  return second === undefined ? { name: first } : { schema: first, name: second };
}

/** As records spell it. */
export function spelled({ schema, name }: RelationName): string {
  return schema === undefined ? identifier(name) : `${identifier(schema)}.${identifier(name)}`;
}

/** `relation` of a record is this one. */
export function isRelation(wanted: RelationName, relation: string): boolean {
  if (wanted.schema !== undefined) return relation === spelled(wanted);
  const name = identifier(wanted.name);
  return relation === name || relation.endsWith(`.${name}`);
}

/** `schema.table.column` of masks and clear, parted. */
export function splitColumn(text: string): { readonly relation: string; readonly column: string } {
  const match = /^(.*)\.("(?:[^"]|"")*"|[^".]*)$/s.exec(text);
  if (match === null) return { relation: '', column: text };
  const column = match[2]!;
  return {
    relation: match[1]!,
    column: column.startsWith('"') ? column.slice(1, -1).replaceAll('""', '"') : column,
  };
}

/** Quoted where records quote it. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name);
}
