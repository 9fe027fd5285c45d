/**
 * Grants against what was used of them. Only what was allowed counts as use, and a use counts for every grant that covers it, since grants of all
 * policies unite. Names are compared as policies write them: what a wildcard covers and nobody touched has no name here.
 */
import type { DatabaseAccessPolicy } from '../../../crds/database-access-policy.ts';
import { ACTIONS } from '../../../crds/meta.ts';
import { matchesPattern, type NamePattern, parseNamePattern } from '../../policy/name-pattern.ts';
import { type Answer, type Column, type Question, sorted, subjectOf } from './question.ts';
import { parseRelationName } from './relation-name.ts';
import { type Selection, selects, storeFilter } from './selection.ts';
import type { Statement } from './statements.ts';
import { type Use, usesOf } from './uses.ts';

const COLUMNS: readonly Column[] = [
  { key: 'policy', title: 'POLICY' },
  { key: 'grant', title: 'GRANT' },
  { key: 'tables', title: 'TABLES' },
  { key: 'action', title: 'ACTION' },
  { key: 'used', title: 'USED' },
  { key: 'unusedColumns', title: 'UNUSED COLUMNS' },
  { key: 'usedColumns', title: 'USED COLUMNS', wide: true },
  { key: 'usedTables', title: 'USED TABLES', wide: true },
  { key: 'unusedBy', title: 'UNUSED BY' },
  { key: 'statements', title: 'STATEMENTS', right: true },
  { key: 'last', title: 'LAST' },
];

/** Further names are counted, not kept. */
const MOST_NAMES = 2_000;
const OF_COLUMNS: ReadonlySet<string> = new Set(['Select', 'Insert', 'Update']);

interface Granted {
  readonly policy: string;
  readonly database: string;
  /** `grants[0]`, or `functions`. */
  readonly grant: string;
  readonly tables: string;
  readonly action: string;
  readonly pattern: NamePattern | undefined;
  /** Absent: all. */
  readonly columns: readonly string[] | undefined;
  /** `namespace/name`, `namespace/*`. */
  readonly subjects: readonly string[];
  readonly usedColumns: Set<string>;
  readonly usedTables: Set<string>;
  readonly usedBy: Set<string>;
  statements: number;
  last: string;
}

export interface GrantOptions {
  /** Also what is used in full. */
  readonly all?: boolean;
}

export function unusedGrants(
  selection: Selection,
  policies: readonly DatabaseAccessPolicy[],
  options: GrantOptions = {},
): Question {
  const granted = policies.flatMap(spellOut);
  const byDatabase = Map.groupBy(granted, ({ database }) => database);
  return {
    columns: COLUMNS,
    filter: { ...storeFilter(selection), decision: 'allow' },
    statement: (statement) => {
      if (statement.intent.decision === 'allow' && selects(selection, statement))
        count(byDatabase.get(statement.owner.database ?? '') ?? [], statement);
      return [];
    },
    end: () => {
      const answers = granted.map(answer).filter(({ used }) => options.all === true || used !== 'yes');
      return sorted(answers, 'policy', 'grant', 'tables', 'action');
    },
  };
}

function spellOut(policy: DatabaseAccessPolicy): readonly Granted[] {
  const { metadata, spec } = policy;
  const subjects = spec.subjects.map(({ serviceAccount: { namespace, name } }) => `${namespace}/${name}`);
  const begin = (grant: string, tables: string, action: string, columns: readonly string[] | undefined): Granted => ({
    policy: `${metadata.namespace}/${metadata.name}`,
    database: `${metadata.namespace}/${spec.databaseRef.name}`,
    grant,
    tables,
    action,
    pattern: parseNamePattern(tables) ?? undefined,
    columns: OF_COLUMNS.has(action) ? columns : undefined,
    subjects,
    usedColumns: new Set(),
    usedTables: new Set(),
    usedBy: new Set(),
    statements: 0,
    last: '',
  });
  return [
    ...spec.grants.flatMap((grant, index) =>
      grant.tables.flatMap((tables) =>
        (grant.actions.includes('*') ? ACTIONS : grant.actions).map((action) =>
          begin(`grants[${index}]`, tables, action, grant.columns),
        ),
      ),
    ),
    ...(spec.functions ?? []).map((name) => begin('functions', name, 'Call', undefined)),
  ];
}

function count(granted: readonly Granted[], statement: Statement): void {
  if (granted.length === 0) return;
  const subject = subjectOf(statement);
  const mine = granted.filter(({ subjects }) => subjects.some((each) => covers(each, subject)));
  if (mine.length === 0) return;
  const hit = new Set<Granted>();
  for (const use of granularUses(statement)) {
    const name = parseRelationName(use.relation);
    if (name === undefined) continue;
    for (const each of mine) {
      if (each.action !== use.action || each.pattern === undefined) continue;
      if (!matchesPattern(each.pattern, name.schema ?? '', name.name) || !reaches(each, use)) continue;
      note(each.usedTables, use.relation);
      for (const column of use.columns) if (each.columns?.includes(column) !== false) note(each.usedColumns, column);
      hit.add(each);
    }
  }
  for (const each of hit) {
    each.statements += 1;
    note(each.usedBy, subject);
    if (statement.intent.time > each.last) each.last = statement.intent.time;
  }
}

/** EXPLAIN needs its own action beside those of what it explains; functions are an action of theirs. */
function* granularUses(statement: Statement): Iterable<Use> {
  const uses = usesOf(statement);
  yield* uses;
  if (statement.intent.kind === 'explain') for (const use of uses) yield { ...use, action: 'Explain' };
  for (const name of statement.intent.functions ?? []) yield { relation: name, action: 'Call', columns: [] };
}

function reaches({ columns }: Granted, use: Use): boolean {
  return columns === undefined || use.columns.length === 0 || use.columns.some((column) => columns.includes(column));
}

function covers(granted: string, subject: string): boolean {
  return granted === subject || (granted.endsWith('/*') && subject.startsWith(granted.slice(0, -1)));
}

function note(set: Set<string>, name: string): void {
  if (set.size < MOST_NAMES) set.add(name);
}

function answer(granted: Granted): Answer & { readonly used: string } {
  const { policy, database, grant, tables, action, columns, usedColumns, usedTables, usedBy, subjects, statements, last } =
    granted;
  const unusedColumns = statements === 0 ? [] : (columns ?? []).filter((column) => !usedColumns.has(column));
  const unusedBy = subjects.filter((subject) => ![...usedBy].some((each) => covers(subject, each)));
  const partly = unusedColumns.length > 0 || unusedBy.length > 0;
  return {
    policy,
    database,
    grant,
    tables,
    action,
    used: statements === 0 ? 'never' : partly ? 'partly' : 'yes',
    unusedColumns: unusedColumns.toSorted(),
    usedColumns: [...usedColumns].sort(),
    usedTables: [...usedTables].sort(),
    unusedBy: statements === 0 ? [] : unusedBy.toSorted(),
    statements,
    last,
  };
}
