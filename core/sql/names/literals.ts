/** Reading literals out of argument nodes. Whoever lets a literal's value decide something must pin it (StatementContext.pinLiteral). */
import type { Node } from '@pgsql/types';

export interface StringLiteral {
  readonly value: string;
  /** Byte offset; undefined where the parser gives none. */
  readonly location: number | undefined;
}

/** A string constant, also under `::text`, `::varchar`, `::name` or `::unknown`. */
export function stringLiteral(node: Node | undefined): StringLiteral | undefined {
  if (node === undefined) return undefined;
  if ('A_Const' in node) {
    const { sval, location } = node.A_Const;
    return sval === undefined ? undefined : { value: sval.sval ?? '', location: location ?? 0 };
  }
  if ('TypeCast' in node) {
    const name = typeNameParts(node.TypeCast.typeName?.names);
    return name !== undefined && /^(?:text|varchar|name|unknown)$/.test(name.at(-1) ?? '')
      ? stringLiteral(node.TypeCast.arg)
      : undefined;
  }
  return undefined;
}

/** The strings of a list of String nodes; undefined when something else is among them. */
export function typeNameParts(names: readonly Node[] | undefined): readonly string[] | undefined {
  if (names === undefined) return undefined;
  const parts: string[] = [];
  for (const name of names) {
    if (!('String' in name)) return undefined;
    parts.push(name.String.sval ?? '');
  }
  return parts;
}

/**
 * A qualified name inside a string, as `'a."B"'::regclass` reads it: unquoted parts are folded, quoted ones kept.
 * Undefined when it is not a name. https://www.postgresql.org/docs/current/datatype-oid.html
 */
export function parseQualifiedName(text: string): readonly string[] | undefined {
  const parts: string[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")+)"|([^\s."]+))\s*(\.|$)/y;
  for (;;) {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    parts.push(match[1] !== undefined ? match[1].replaceAll('""', '"') : foldAscii(match[2] ?? ''));
    if (match[3] === '') return parts;
  }
}

/** Only ASCII letters fold in a UTF-8 database. */
function foldAscii(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
