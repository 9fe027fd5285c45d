/** Which columns of a result are whole primary keys, by what the server says where they come from. */
import type { Catalog } from '../../core/catalog/catalog.ts';
import { displayName } from '../../core/policy/name-pattern.ts';
import type { ColumnDescription } from '../../core/wire/server-messages.ts';
import type { ResultKey, ResultShape } from '../evidence/returned-rows.ts';

/** Relations of one result whose keys are looked for. */
const MOST_RELATIONS = 8;

/**
 * A column that is masked has no origin, so it is no key. `formats`: codes as a Bind has them; undefined: the columns say it themselves.
 */
export function resultShape(
  columns: readonly ColumnDescription[],
  formats: readonly number[] | undefined,
  catalog: Catalog | undefined,
): ResultShape {
  const format = (index: number): number => {
    if (formats === undefined) return columns[index]!.format;
    return formats.length === 1 ? formats[0]! : (formats[index] ?? 0);
  };
  const tables = new Set(columns.map(({ tableOid }) => tableOid).filter((oid) => oid !== 0));
  const keys = [...tables].slice(0, MOST_RELATIONS).flatMap((oid): ResultKey[] => {
    const relation = catalog?.relation(oid);
    const attnums = relation?.primaryKey ?? [];
    const found = attnums.flatMap((attnum) => {
      const index = columns.findIndex((column) => column.tableOid === oid && column.attnum === attnum);
      return index === -1 ? [] : [{ index, format: format(index), type: columns[index]!.typeOid }];
    });
    if (relation === undefined || attnums.length === 0 || found.length < attnums.length) return [];
    return [{ relation: displayName(relation.schema, relation.name), columns: found }];
  });
  const binary = columns.map(({ typeOid }, index) => (format(index) === 0 ? 0 : typeOid));
  return { keys, ...(binary.some((type) => type !== 0) ? { binary } : {}) };
}
