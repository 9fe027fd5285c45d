/**
 * Built-in ReadRules of the system relations: introspection shows what is granted and nothing else. Default deny: a relation without
 * a treatment (treatments.ts, filters.ts), or one that no longer has a column a treatment speaks of, is not readable.
 *
 * Where everything is granted, or the policy only observes, nothing is hidden but our own settings and, as long as some column must
 * never be revealed, what carries samples of the data.
 */
import type { Catalog } from '../../catalog/catalog.ts';
import type { RelationData } from '../../catalog/model.ts';
import type { Bundle, Mask, ReadRule, ReadableColumn, RowFilter } from '../../policy/bundle.ts';
import { memoisePair } from '../names/name-context.ts';
import { templateOf } from './conditions.ts';
import { FILTERS, type SystemFilter } from './filters.ts';
import { ACL_COLUMN, DATA_BEARING, EMPTY, OPEN } from './treatments.ts';
import { visibleTo } from './visible.ts';

const RULE = 'introspection';

/** Rules are built when first asked for, once per bundle and catalog. */
const known: (bundle: Bundle, catalog: Catalog) => Map<number, ReadRule | undefined> = memoisePair(() => new Map());

/**
 * @param relation of pg_catalog or information_schema.
 * @returns undefined when it must not be read at all.
 */
export function systemRule(bundle: Bundle, catalog: Catalog, relation: RelationData): ReadRule | undefined {
  const rules = known(bundle, catalog);
  if (!rules.has(relation.oid)) rules.set(relation.oid, build(bundle, catalog, relation));
  return rules.get(relation.oid);
}

/** Every relation that can be read, for the tests and for messages. */
export function isTreated(name: string): boolean {
  return OPEN.has(name) || EMPTY.has(name) || Object.hasOwn(FILTERS, name);
}

function build(bundle: Bundle, catalog: Catalog, relation: RelationData): ReadRule | undefined {
  const name = `${relation.schema}.${relation.name}`;
  const visible = visibleTo(bundle, catalog);
  if (visible.all) {
    const secret = !bundle.allowAll && bundle.protectedColumns.length > 0 && DATA_BEARING.has(name);
    if (secret) return EMPTY.has(name) ? rule(relation, { where: 'false' }) : undefined;
    if (name === 'pg_catalog.pg_settings' && bundle.usesMaskKey)
      return rule(relation, FILTERS[name]?.(visible, catalog) ?? { where: 'false' });
    return {
      columns: relation.columns.map((column) => ({ attnum: column.attnum })),
      unrestricted: true,
      open: true,
      rules: [RULE],
    };
  }
  if (OPEN.has(name)) return rule(relation, { where: 'true' });
  if (EMPTY.has(name)) return rule(relation, { where: 'false' });
  const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
  return filter === undefined ? undefined : rule(relation, filter(visible, catalog));
}

/** Undefined when a column that the filter or a mask needs is missing. */
function rule(relation: RelationData, filter: SystemFilter): ReadRule | undefined {
  try {
    return ruleFor(relation, filter);
  } catch {
    return undefined;
  }
}

function ruleFor(relation: RelationData, filter: SystemFilter): ReadRule {
  const masks = { ...filter.masks };
  const columns: ReadableColumn[] = [];
  for (const column of relation.columns) {
    // anyarray has no spelling for a NULL of its own: the column does not exist for a client.
    if (column.name === 'attmissingval') continue;
    let expression = Object.hasOwn(masks, column.name) ? masks[column.name] : undefined;
    if (ACL_COLUMN.test(column.name)) expression = null;
    if (expression === undefined) columns.push({ attnum: column.attnum });
    else columns.push({ attnum: column.attnum, mask: mask(relation, column.type, expression) });
  }
  const everything = filter.where === 'true';
  const unrestricted =
    everything && columns.length === relation.columns.length && columns.every((column) => column.mask === undefined);
  return {
    columns,
    ...(everything ? {} : { filter: rowFilter(relation, filter) }),
    unrestricted,
    open: unrestricted,
    rules: [RULE],
  };
}

function mask(relation: RelationData, type: string, expression: string | null): Mask {
  const text = expression?.startsWith('=') ? `(${expression.slice(1)})` : `(${expression ?? 'NULL'})::${type}`;
  const template = templateOf(relation, text);
  return { kind: expression === null ? 'nullify' : 'redact', template, rule: RULE };
}

function rowFilter(relation: RelationData, filter: SystemFilter): RowFilter {
  const template = templateOf(relation, `(${filter.where})`);
  return {
    template,
    columns: [...new Set(template.filter((part): part is number => typeof part === 'number'))],
    hasSublink: filter.sublink === true,
    // Comparisons of OIDs only: nothing that can fail or tell.
    leakproof: !/pg_catalog\.(?:concat|lower|length)\(|EXISTS|::pg_catalog\.text|CASE/.test(filter.where),
    rules: [RULE],
  };
}
