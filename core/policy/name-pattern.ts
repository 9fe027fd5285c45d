/**
 * Names as policies write them: `public.customers`, `"Weird Schema"."Customer Data"`, `schema.*`, `*.*`. Unquoted parts fold
 * to lower case as the server folds them (scansup.c: ASCII letters only, for multibyte encodings).
 */
export interface NamePattern {
  /** `'*'` is a wildcard only when `any` says so: a quoted "*" is a name. */
  readonly schema: string;
  readonly name: string;
  /** `exact`: one name; `schema`: everything in a schema; `all`: everything. */
  readonly any: 'exact' | 'schema' | 'all';
}

const PART = /^(?:"((?:[^"]|"")+)"|([^".*][^".]*)|(\*))$/;

/** Null when it is not a pattern. A lone `*` means everything. */
export function parseNamePattern(text: string): NamePattern | null {
  if (text === '*') return { schema: '*', name: '*', any: 'all' };
  const parts = splitParts(text);
  if (parts === null) return null;
  const [schema, name] = parts.map((part) => PART.exec(part));
  if (!schema || !name) return null;
  if (schema[3] !== undefined) return name[3] === undefined ? null : { schema: '*', name: '*', any: 'all' };
  if (name[3] !== undefined) return { schema: part(schema), name: '*', any: 'schema' };
  return { schema: part(schema), name: part(name), any: 'exact' };
}

/** At the one dot that stands outside quotes. */
function splitParts(text: string): readonly [string, string] | null {
  let quoted = false;
  let dot = -1;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '"') quoted = !quoted;
    if (text[index] === '.' && !quoted) {
      if (dot !== -1) return null;
      dot = index;
    }
  }
  return quoted || dot === -1 ? null : [text.slice(0, dot), text.slice(dot + 1)];
}

function part(match: RegExpExecArray): string {
  if (match[1] !== undefined) return match[1].replaceAll('""', '"');
  return (match[2] ?? '').replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

export function matchesPattern(pattern: NamePattern, schema: string, name: string): boolean {
  if (pattern.any === 'all') return true;
  return pattern.schema === schema && (pattern.any === 'schema' || pattern.name === name);
}

/** Quoted only where SQL needs it, for messages. */
export function displayName(schema: string, name: string): string {
  const plain = (word: string): string => (/^[a-z_][a-z0-9_$]*$/.test(word) ? word : `"${word.replaceAll('"', '""')}"`);
  return `${plain(schema)}.${plain(name)}`;
}
