/**
 * A policy's grants, spelled out: one `Contribution` per (relation, action) that a grant reaches. Names become OIDs and
 * attnums here. What a grant says about something that does not exist is reported, and wherever leaving it out would show
 * more than was meant (a mistyped column under `masks`, a row filter that does not fit), the grant does not reach that table.
 */
import type { DatabaseAccessPolicy, Grant, MaskSpec } from '../../crds/database-access-policy.ts';
import { ACTIONS } from '../../crds/meta.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { RelationData } from '../catalog/model.ts';
import type { Identity } from '../identity/identity.ts';
import { objectName, policyName } from './bind.ts';
import type { Action } from './bundle.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import type { Diagnostic } from './diagnostic.ts';
import { type NamePattern, displayName, matchesPattern, parseNamePattern } from './name-pattern.ts';
import { didYouMean } from './nearest.ts';
import { type CompiledFilter, type ParsedFilter, compileRowFilter, parseRowFilter } from './row-filter.ts';
import { isGrantable, isSystemSchema, userRelations } from './user-relations.ts';

export interface Contribution {
  /** `namespace/name`. */
  readonly policy: string;
  /** `spec.grants[0]`. */
  readonly path: string;
  readonly relation: RelationData;
  readonly action: Action;
  /** Ordered. */
  readonly columns: readonly number[];
  /** The grant lists no columns: those that will be added are granted, too. */
  readonly allColumns: boolean;
  readonly masks: ReadonlyMap<number, MaskSpec>;
  readonly reveal: ReadonlySet<number>;
  readonly filter?: CompiledFilter;
  /** The table was named, not matched by a wildcard. */
  readonly named: boolean;
}

export interface ExpandedPolicy {
  readonly contributions: readonly Contribution[];
  readonly createIn: readonly string[];
  /** `*.*` with every action, no column list, mask or filter. */
  readonly everything: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

export function expandPolicy(policy: DatabaseAccessPolicy, catalog: Catalog, identity: Identity): ExpandedPolicy {
  const relations = userRelations(catalog);
  const expansion = new Expansion(policy, catalog, identity, relations);
  for (const [index, grant] of policy.spec.grants.entries()) expansion.grant(grant, `spec.grants[${index}]`);
  return expansion.result();
}

const DESTRUCTIVE: readonly Action[] = ['Truncate', 'Alter', 'Drop'];

const EFFECTIVE_WITH = {
  columns: ['Select', 'Insert', 'Update'],
  reveal: ['Select'],
  masks: ['Select'],
  rowFilter: ['Select', 'Insert', 'Update', 'Delete'],
} as const satisfies Partial<Record<keyof Grant, readonly Action[]>>;

class Expansion {
  readonly #policy: DatabaseAccessPolicy;
  readonly #catalog: Catalog;
  readonly #identity: Identity;
  readonly #relations: readonly RelationData[];
  readonly #contributions: Contribution[] = [];
  readonly #createIn = new Set<string>();
  readonly #diagnostics: Diagnostic[] = [];
  #everything = false;

  constructor(policy: DatabaseAccessPolicy, catalog: Catalog, identity: Identity, relations: readonly RelationData[]) {
    this.#policy = policy;
    this.#catalog = catalog;
    this.#identity = identity;
    this.#relations = relations;
  }

  result(): ExpandedPolicy {
    return {
      contributions: this.#contributions,
      createIn: [...this.#createIn].sort(),
      everything: this.#everything,
      diagnostics: this.#diagnostics,
    };
  }

  grant(grant: Grant, path: string): void {
    const actions = this.#actions(grant, path);
    this.#ineffective(grant, path, actions);
    const reached = new Map<RelationData, boolean>();
    grant.tables.forEach((text, index) => {
      const pattern = parseNamePattern(text);
      if (pattern === null) {
        this.#report('Invalid', `${path}.tables[${index}]`, `"${text}" is not a table name; write schema.table, schema.* or *.*`);
        return;
      }
      this.#create(pattern, grant, `${path}.tables[${index}]`);
      for (const relation of this.#match(pattern, text, `${path}.tables[${index}]`, actions)) {
        reached.set(relation, reached.get(relation) === true || pattern.any === 'exact');
      }
      if (pattern.any === 'all' && grant.actions.includes('*') && !isRestricted(grant)) this.#everything = true;
    });
    if (!this.#columnsExist(grant, path, [...reached.keys()])) return;
    const filter = grant.rowFilter === undefined ? undefined : parseRowFilter(grant.rowFilter);
    for (const [relation, named] of reached) this.#reach(grant, path, relation, named, actions, filter);
  }

  /** Create is about schemas; the rest about relations. A filtered grant never gives what ignores filters. */
  #actions(grant: Grant, path: string): readonly Action[] {
    const all = grant.actions.includes('*');
    const actions = ACTIONS.filter((action) => action !== 'Create' && (all || grant.actions.includes(action)));
    if (grant.rowFilter === undefined) return actions;
    const lost = actions.filter((action) => DESTRUCTIVE.includes(action));
    if (lost.length > 0 && !all) {
      this.#report(
        'NotGrantable',
        `${path}.actions`,
        `${lost.join(', ')} would reach rows outside the rowFilter and is not granted by this grant`,
      );
    }
    return actions.filter((action) => !DESTRUCTIVE.includes(action));
  }

  /** Written in the wrong grant they would be missed in the right one. */
  #ineffective(grant: Grant, path: string, actions: readonly Action[]): void {
    for (const [field, needed] of Object.entries(EFFECTIVE_WITH) as [keyof typeof EFFECTIVE_WITH, readonly Action[]][]) {
      if (grant[field] === undefined || needed.some((action) => actions.includes(action))) continue;
      const message = `${field} has no effect in a grant without ${needed.join(' or ')}`;
      this.#report('Ignored', `${path}.${field}`, message, 'warning');
    }
  }

  #create(pattern: NamePattern, grant: Grant, path: string): void {
    if (!grant.actions.includes('Create') && !grant.actions.includes('*')) return;
    if (pattern.any === 'exact') {
      if (grant.actions.includes('Create'))
        this.#report('NotGrantable', path, 'Create is granted on a schema: write schema.* or *.*');
      return;
    }
    for (const schema of this.#catalog.data.schemas) {
      if (!isSystemSchema(schema) && (pattern.any === 'all' || pattern.schema === schema)) this.#createIn.add(schema);
    }
  }

  /** Wildcards do not reach what extensions brought along (pg_stat_statements shows everyone's queries): name those. */
  #match(pattern: NamePattern, text: string, path: string, actions: readonly Action[]): readonly RelationData[] {
    if (pattern.any !== 'all' && isSystemSchema(pattern.schema)) {
      this.#report('NotGrantable', path, `${text} belongs to the system; its visible part follows from what is granted`);
      return [];
    }
    if (pattern.any === 'exact') {
      const relation = this.#catalog.relationNamed(pattern.schema, pattern.name);
      if (relation !== undefined && isGrantable(relation)) return [relation];
      if (actions.length > 0) {
        const names = this.#relations.map((each) => displayName(each.schema, each.name));
        this.#report(
          'UnknownTable',
          path,
          `table ${text} does not exist, nothing is granted on it${didYouMean(displayName(pattern.schema, pattern.name), names)}`,
        );
      }
      return [];
    }
    if (pattern.any === 'schema' && !this.#catalog.hasSchema(pattern.schema)) {
      const names = this.#catalog.data.schemas.filter((schema) => !isSystemSchema(schema));
      this.#report('UnknownTable', path, `schema ${pattern.schema} does not exist${didYouMean(pattern.schema, names)}`);
      return [];
    }
    return this.#relations.filter(
      (relation) => relation.extension === undefined && matchesPattern(pattern, relation.schema, relation.name),
    );
  }

  /**
   * A column that exists in none of the tables is a mistake; one that exists in some is how wildcards are used. False if a
   * mask is affected: the column that was meant would be shown in clear.
   */
  #columnsExist(grant: Grant, path: string, relations: readonly RelationData[]): boolean {
    if (relations.length === 0) return true;
    const known = new Set(relations.flatMap((relation) => relation.columns.map((column) => column.name)));
    const single = relations.length === 1 ? relations[0] : undefined;
    const where =
      single === undefined ? 'none of the tables of this grant has' : `${displayName(single.schema, single.name)} does not have`;
    const check = (name: string, at: string, consequence: string): void => {
      if (!known.has(name))
        this.#report('UnknownColumn', at, `${where} a column "${name}"${consequence}${didYouMean(name, known)}`);
    };
    for (const [index, name] of (grant.columns ?? []).entries()) check(name, `${path}.columns[${index}]`, '');
    for (const [index, name] of (grant.reveal ?? []).entries()) check(name, `${path}.reveal[${index}]`, '');
    for (const [mask, entry] of (grant.masks ?? []).entries()) {
      for (const [index, name] of entry.columns.entries())
        check(name, `${path}.masks[${mask}].columns[${index}]`, ', so the grant is not in force');
    }
    return grant.masks?.every((entry) => entry.columns.every((name) => known.has(name))) ?? true;
  }

  #reach(
    grant: Grant,
    path: string,
    relation: RelationData,
    named: boolean,
    actions: readonly Action[],
    parsed: ParsedFilter | undefined,
  ): void {
    const numbers = (names: readonly string[]): number[] =>
      relation.columns.filter((column) => names.includes(column.name)).map((column) => column.attnum);
    const columns = grant.columns === undefined ? relation.columns.map((column) => column.attnum) : numbers(grant.columns);
    if (relation.kind === 'sequence' && !named && isRestricted(grant)) return;
    if (columns.length === 0 && grant.columns !== undefined) return;
    const masks = this.#masks(grant, path, relation, numbers);
    const filter = this.#filter(parsed, path, relation, named);
    if (masks === null || filter === null) return;
    const shared = {
      policy: policyName(this.#policy),
      path,
      relation,
      columns,
      allColumns: grant.columns === undefined,
      masks,
      reveal: new Set(numbers(grant.reveal ?? [])),
      named,
    };
    for (const action of actions) this.#contributions.push({ ...shared, action, ...(filter === undefined ? {} : { filter }) });
  }

  /** Null: the grant must not reach this table. */
  #masks(
    grant: Grant,
    path: string,
    relation: RelationData,
    numbers: (names: readonly string[]) => number[],
  ): ReadonlyMap<number, MaskSpec> | null {
    const masks = new Map<number, MaskSpec>();
    for (const [index, entry] of (grant.masks ?? []).entries()) {
      for (const attnum of numbers(entry.columns)) {
        const before = masks.get(attnum);
        if (before !== undefined && canonicalJson(before) !== canonicalJson(entry.mask)) {
          const column = this.#catalog.column(relation, attnum)?.name;
          this.#report(
            'Conflict',
            `${path}.masks[${index}]`,
            `column "${column}" has two different masks in this grant, which is not in force`,
          );
          return null;
        }
        masks.set(attnum, entry.mask);
      }
    }
    for (const [index, name] of (grant.reveal ?? []).entries()) {
      const [attnum] = numbers([name]);
      if (attnum === undefined || !masks.has(attnum)) continue;
      this.#report(
        'Conflict',
        `${path}.reveal[${index}]`,
        `column "${name}" is both revealed and masked in this grant, which is not in force`,
      );
      return null;
    }
    return masks;
  }

  #filter(
    parsed: ParsedFilter | undefined,
    path: string,
    relation: RelationData,
    named: boolean,
  ): CompiledFilter | undefined | null {
    if (parsed === undefined) return undefined;
    const compiled = compileRowFilter(parsed, relation, this.#catalog, this.#identity);
    if (compiled.ok) return compiled.filter;
    const table = displayName(relation.schema, relation.name);
    this.#report(
      'RowFilter',
      `${path}.rowFilter`,
      `${compiled.message}, so nothing is granted on ${table}`,
      named ? 'error' : 'warning',
    );
    return null;
  }

  #report(reason: Diagnostic['reason'], path: string, message: string, severity: Diagnostic['severity'] = 'error'): void {
    this.#diagnostics.push({ severity, reason, object: objectName(this.#policy), path, message });
  }
}

function isRestricted(grant: Grant): boolean {
  return grant.columns !== undefined || grant.rowFilter !== undefined || (grant.masks ?? []).length > 0;
}
