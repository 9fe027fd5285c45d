/**
 * The relation a statement writes to: resolved, checked for the action, qualified in the text, and opened as a source whose
 * references are masked in place (in-place.ts). Temporary tables belong to the session; nothing about them is governed.
 */
import type { Node, RangeVar } from '@pgsql/types';
import { namesOf } from '../ast/node.ts';
import { qualifiedName } from '../../catalog/catalog.ts';
import type { RelationData } from '../../catalog/model.ts';
import { denial, deny } from '../../errors/denial.ts';
import type { Bundle, GovernedRelation, WriteRule } from '../../policy/bundle.ts';
import type { ScopeSource, StatementContext } from '../context.ts';
import { memoise } from '../names/name-context.ts';
import { grantedActions, resolveRelation } from '../names/relations.ts';
import { checkProtection } from './guardrails.ts';
import { type InPlaceOptions, inPlaceSource, ReferenceLog } from './in-place.ts';
import { shown, shownColumn } from './display.ts';

export type WriteAction = 'Insert' | 'Update' | 'Delete';

/** A governed target. */
export interface Target {
  readonly relation: RelationData;
  /** What the policies grant: permissions are judged and recorded by it. */
  readonly grant: GovernedRelation;
  /** The masks and filters to apply: those of the grant, except while the policies only observe. */
  readonly applied: GovernedRelation;
  /** Alias or relation name: how the statement refers to it. */
  readonly name: string;
  readonly log: ReferenceLog;
  readonly source: ScopeSource;
  readonly options: InPlaceOptions;
}

export type OpenedTarget =
  | { readonly kind: 'governed'; readonly target: Target }
  | { readonly kind: 'temporary'; readonly source: ScopeSource };

/** Resolves and opens the target. `statement` is the whole statement's body, looked through for names that shadow the target's. */
export function openTarget(context: StatementContext, relation: RangeVar, statement: object, action: WriteAction): OpenedTarget {
  const resolved = resolveRelation(context, relation, action);
  if (resolved.kind === 'governed') context.targets.set(relation, resolved.relation);
  else if (resolved.kind === 'temporary' && resolved.unknown !== true) context.targets.set(relation, null);
  const name = relation.alias?.aliasname ?? relation.relname ?? '';
  if (resolved.kind === 'temporary') {
    return {
      kind: 'temporary',
      source: {
        name,
        kind: 'relation',
        columns: resolved.columns?.map((column) => ({ name: column })) ?? null,
        systemColumns: true,
      },
    };
  }
  if (resolved.kind === 'system') {
    return deny('SLUICE-206', 'System catalogs cannot be written to.', {
      location: relation.location ?? 0,
      rule: 'floor',
      hint: 'Use the SQL command for what you want to change, where it is granted.',
    });
  }
  const applied = appliedGrant(context, resolved.relation, resolved.grant);
  qualify(context, relation, resolved.relation, isOpen(applied));
  if (!context.bundle.transparent) checkWritableKind(resolved.relation, relation.location ?? 0);
  const options: InPlaceOptions = {
    context,
    relation: resolved.relation,
    grant: resolved.grant,
    applied,
    name,
    ...(relation.alias === undefined ? { schema: resolved.relation.schema } : {}),
    values: 'row',
    log: new ReferenceLog(),
    shadows: innerNames(statement),
  };
  const source = inPlaceSource(options);
  return {
    kind: 'governed',
    target: { relation: resolved.relation, grant: resolved.grant, applied, name, log: options.log, source, options },
  };
}

const effectiveOf = memoise((bundle: Bundle) => new Map((bundle.effective ?? []).map((relation) => [relation.oid, relation])));

/** In Observe everything is permitted; what is applied are the floors, and masks and filters where `masking: Enforce` says so. */
function appliedGrant({ bundle }: StatementContext, relation: RelationData, grant: GovernedRelation): GovernedRelation {
  if (bundle.effective === undefined) return grant;
  const effective = effectiveOf(bundle).get(relation.oid);
  return effective ?? deny('SLUICE-201', `Relation ${shown(relation)} does not exist or is not granted.`, { rule: 'floor' });
}

/** Nothing about the relation is or can become hidden, masked or filtered: the client's own text can go upstream. */
function isOpen({ select, insert, update, delete: remove }: GovernedRelation): boolean {
  return select?.open === true && [insert, update, remove].every((rule) => rule?.filter === undefined);
}

/** The bare name could mean another relation, now or by the time the statement runs. */
function isAmbiguous({ catalog, bundle, session }: StatementContext, { schema, name }: RelationData): boolean {
  if (bundle.session.temporaryTables || session.temporary.size > 0) return true;
  return catalog.data.schemas.some((other) => other !== schema && catalog.relationNamed(other, name) !== undefined);
}

/** Spells the target's name out, so that the server cannot find another relation under it. */
function qualify(context: StatementContext, rangeVar: RangeVar, relation: RelationData, isOpen: boolean): void {
  if (rangeVar.schemaname !== undefined && rangeVar.catalogname === undefined) return;
  if (rangeVar.catalogname === undefined && isOpen && !isAmbiguous(context, relation)) return;
  const { start, end } = context.source.nameAt(rangeVar.location ?? 0);
  context.edit({ start, end, replacement: qualifiedName(relation) });
  delete rangeVar.catalogname;
  rangeVar.schemaname = relation.schema;
  rangeVar.relname = relation.name;
}

function checkWritableKind(relation: RelationData, location: number): void {
  if (relation.kind === 'table' || relation.kind === 'partitioned' || relation.kind === 'view' || relation.kind === 'foreign')
    return;
  deny('SLUICE-206', `${shown(relation)} is a ${relation.kind}: its rows cannot be written.`, {
    location,
    rule: 'floor',
  });
}

/**
 * The write rule for the action. Not granted: SLUICE-203, and where Observe only records that, a rule that allows everything.
 * `columns` are those the statement assigns.
 */
export function writeRule(context: StatementContext, target: Target, action: WriteAction, location: number): WriteRule {
  checkProtection(context, action);
  const { grant, relation } = target;
  const rule = ruleFor(grant, action);
  if (rule === undefined) {
    context.refuse(
      denial('SLUICE-203', `${action} on ${shown(relation)} is not granted.`, {
        location,
        hint: `Granted on it: ${grantedActions(grant).join(', ') || 'nothing'}.`,
      }),
    );
    return { columns: relation.columns.map((column) => column.attnum), rules: [] };
  }
  for (const name of rule.rules) context.facts.rule(name);
  return rule;
}

export function ruleFor(grant: GovernedRelation, action: WriteAction): WriteRule | undefined {
  return action === 'Insert' ? grant.insert : action === 'Update' ? grant.update : grant.delete;
}

/** Checks that the column may be assigned, records it, and gives its attnum (undefined when Observe let an unknown one pass). */
export function assignColumn(
  context: StatementContext,
  target: Target,
  rule: WriteRule,
  action: WriteAction,
  name: string,
  location: number,
): number | undefined {
  const { relation, grant } = target;
  const column = relation.columns.find((candidate) => candidate.name === name);
  if (column !== undefined && rule.columns.includes(column.attnum)) {
    context.facts.write(relation, name, action);
    return column.attnum;
  }
  const readable =
    column !== undefined && (grant.select?.columns.some((candidate) => candidate.attnum === column.attnum) ?? false);
  const writable = relation.columns
    .filter((candidate) => rule.columns.includes(candidate.attnum))
    .map((candidate) => shownColumn(candidate.name));
  context.refuse(
    denial(
      readable ? 'SLUICE-203' : 'SLUICE-202',
      readable
        ? `${action} of column ${shownColumn(name)} of ${shown(relation)} is not granted.`
        : `Column ${shownColumn(name)} of ${shown(relation)} does not exist or is not granted.`,
      {
        location,
        ...(rule.rules[0] === undefined ? {} : { rule: rule.rules[0] }),
        hint: `${action} is granted for: ${writable.join(', ') || 'no column'}.`,
      },
    ),
  );
  if (column !== undefined) context.facts.write(relation, name, action);
  return column?.attnum;
}

/** Parts of a statement in which the target is not visible. */
const APART: ReadonlySet<string> = new Set(['selectStmt', 'fromClause', 'usingClause', 'withClause', 'sourceRelation']);

/** Every name that something in a FROM list or a CTE goes by, in the subqueries from which the target can be referred to. */
function innerNames(statement: object): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (value: unknown, below: boolean): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (below && (key === 'aliasname' || key === 'relname' || key === 'ctename') && typeof inner === 'string') names.add(inner);
      // A function in FROM goes by its own name.
      if (below && key === 'funcname') for (const name of namesOf(inner as Node[]) ?? []) names.add(name);
      visit(inner, below || key === 'SelectStmt');
    }
  };
  for (const [key, part] of Object.entries(statement)) if (!APART.has(key)) visit(part, false);
  return names;
}
