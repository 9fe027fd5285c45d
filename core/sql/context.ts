/**
 * The seams inside the analyser. One `StatementContext` lives for the analysis of one statement; the parts of `core/sql`
 * meet only here:
 *
 *   analyse.ts   entry: parse, dispatch per statement, verify, assemble plans
 *   text/        bytes: tokens, edits (splices), verification by reparse, error positions, fingerprint
 *   names/       relation, function, operator, type and setting names -> allowed or denied
 *   scope/       FROM-clause scopes and column resolution
 *   read/        SELECT in every position: relation replacement, masks, filters, tiers, repairs
 *   write/       INSERT, UPDATE, DELETE, MERGE, COPY FROM: in-place targets, RETURNING, checks
 *   utility/     everything else
 *   introspect/  system catalogs as governed relations, guarded introspection functions
 *
 * Every change of the text is made twice, as an edit of the bytes and as the same change of the tree, so that the reparsed
 * result can be compared with what was intended. A disagreement denies the statement (SLUICE-105).
 */
import type { Node } from '@pgsql/types';
import type { Catalog } from '../catalog/catalog.ts';
import type { RelationData } from '../catalog/model.ts';
import type { Action, Bundle, GovernedRelation, Mask, ReadRule, RowFilter } from '../policy/bundle.ts';
import type { PlannedEvidence } from './evidence/planned.ts';
import type { AnalyseRequest, Edit, SessionEffect, StatementKind, StatementPlan } from './plan.ts';
import type { Denial } from '../errors/denial.ts';
import type { Reach, ReadSite } from './read/site.ts';
import type { FrameStack } from './scope/frames.ts';
import type { Star } from './scope/stars.ts';
import type { SessionView } from './session-state.ts';
import type { RegUse } from './introspect/guards.ts';
import type { FragmentParser } from './parse/fragment.ts';
import type { SqlParser } from './parse/parser.ts';
import type { Source } from './text/source.ts';

export interface StatementContext {
  readonly source: Source;
  /** Byte range of this statement inside `source`. */
  readonly range: readonly [start: number, end: number];
  readonly catalog: Catalog;
  readonly bundle: Bundle;
  readonly session: SessionView;
  readonly request: AnalyseRequest;
  readonly parser: SqlParser;
  /** Trees of the pieces that are spliced in, cached by the engine. */
  readonly fragments: FragmentParser;
  readonly salt: string;
  /** Bytes to replace. Overlapping edits are a bug and deny the statement; identical duplicates collapse. */
  edit(edit: Edit): void;
  readonly facts: FactCollector;
  /** Set by utility/ and write/. */
  kind: StatementKind;
  effect: SessionEffect;
  writesRows: boolean;
  returnsRows: boolean;
  /** A RETURNING list was added that the client did not ask for (write/returning.ts). */
  swallowRows: boolean;
  cacheable: boolean;
  copyIn: boolean;
  uses: { prepared?: string; cursor?: string };
  /** EXECUTE and FETCH: of the statement that they run, whose result has our column whatever the policy says by now. */
  inherited: PlannedEvidence | undefined;
  /** What each DML target (its RangeVar) is; null: a temporary relation; absent: the catalog does not know it. */
  readonly targets: Map<object, RelationData | null>;
  /**
   * The value of a literal decides something (ORDER BY 1, 't'::regclass, nextval('s'), LIMIT under a rule, 1=1): its
   * byte offset is pinned, so that the cache by shape keys on it. Reading a literal's value without pinning it is a bug.
   */
  pinLiteral(location: number): void;
  /** Pins all literals: this statement's plan may be reused for identical text only. */
  pinAll(): void;
  /**
   * A refusal that Observe mode may record instead of throwing: only where the statement can still run as it stands. Throws
   * a DenialError in Enforce mode. Floors and what cannot be analysed must use `deny` instead.
   */
  refuse(denial: Denial): void;
  /** Internal to read/: every replaced occurrence of a relation; the replacements are made at the statement's end. */
  readonly sites: ReadSite[];
  /** Internal to read/: the sites behind every reference to a CTE, in order of use: what stands above it may be moved into it. */
  readonly cteUses: ReadSite[];
  /** Internal to read/: `*` over replaced relations (scope/stars.ts). */
  readonly stars: Star[];
  /** Internal to scope/ and read/: the predicates being walked (scope/frames.ts). */
  readonly frames: FrameStack;
  /**
   * Masked columns that values are made from, as `schema.table.column`: whoever compares lengths knows whether a value is. A
   * query adds what its target list is made from; what only decides which rows there are is taken back (scope/made-from.ts).
   */
  readonly maskedReads: string[];
  readonly analyser: Analyser;
  /** Parse has told the parameters' types (0: the server infers them). False inside PREPARE, which declares its own. */
  readonly parametersKnown: boolean;
  /** Bodies of the nodes that the walk has met (ast/coverage.ts): what is not met denies the statement. */
  readonly met: Set<object>;
  covering: boolean;
  /** Operators that were checked and stay as they are written. */
  readonly plainOperators: Set<string>;
  /** Left of IN or ANY (SELECT …): a whole row there is compared as it is; cast to its type it would count as its columns. */
  comparedRow: Node | undefined;
  /** References to whole rows that are records here and not of their table's type. */
  readonly rowsWithoutType: Set<Node>;
  /** Internal to scope/: how the expression walked next is used, if it is a reg* value (introspect/guards.ts). */
  regUse: RegUse;
  /** The same for what the query being walked puts out: 'oid' inside `x IN (SELECT …)` and the like. */
  outputUse: RegUse;
}

export interface FactCollector {
  /** '*': all the subject has; null: only the relation itself (count(*)). */
  read(relation: RelationData, column: string | '*' | null, action?: Action): void;
  write(relation: RelationData, column: string | null, action: Action): void;
  /** A relation that the catalog does not know, by its name as it was written. */
  unknown(name: string, action: Action): void;
  mask(relation: RelationData, column: string, mask: Mask): void;
  filter(relation: RelationData, filter: RowFilter): void;
  function(qualifiedName: string): void;
  rule(rule: string): void;
  /** Something governed (masked, filtered, column-limited) is involved. */
  governed(): void;
}

/** Nothing about it is governed: a temporary table, or (transparent bundles only) a name that the catalog does not know. */
export interface SessionRelation {
  readonly kind: 'temporary';
  readonly name: string;
  readonly columns: readonly string[] | null;
  /** The server knows what it is, or that it is nothing. */
  readonly unknown?: true;
}

/** A relation name in the statement, resolved. */
export type ResolvedRelation =
  | SessionRelation
  | { readonly kind: 'governed'; readonly relation: RelationData; readonly grant: GovernedRelation }
  /** pg_catalog and information_schema. `rule` is the built-in one from introspect/. */
  | { readonly kind: 'system'; readonly relation: RelationData; readonly rule: ReadRule };

export interface ScopeColumn {
  readonly name: string;
  /** Where the value comes from, when it is a plain column of a relation (through any number of derived tables). */
  readonly origin?: { readonly relation: RelationData; readonly attnum: number };
  readonly typeOid?: number;
  /** Exists in the relation but is not granted: a reference to it is denied. */
  readonly ungranted?: boolean;
  /** Its value is made from a masked column (through derived tables). */
  readonly masked?: true;
  /** The columns of replaced relations that its value is made from (through derived tables). */
  readonly reaches?: readonly Reach[];
  /** Merged by USING or NATURAL from these: `*` must name it bare. */
  readonly merged?: readonly { readonly source: ScopeSource; readonly column: ScopeColumn }[];
  /** Columns of an unaliased join: the source and column behind, so that an in-place source hears of the reference. */
  readonly behind?: { readonly source: ScopeSource; readonly column: ScopeColumn };
}

/** A reference to a column of a source, found while walking expressions. */
export interface ColumnReference {
  readonly context: StatementContext;
  readonly source: ScopeSource;
  readonly column: ScopeColumn | 'whole-row';
  /** The ColumnRef (or FuncCall in functional notation) node itself, wrapped as in its parent, for mutation. */
  readonly node: Node;
  /** Replace the node in the tree by another one (the same change the edit makes in the text). */
  replace(node: Node): void;
  /** Byte range [start, end) of the reference's own tokens. */
  readonly range: readonly [start: number, end: number];
}

/** One item visible in a scope under a name. */
export interface ScopeSource {
  /** The name it is referenced by (alias, or the relation's name). Null for an unnamed join. */
  readonly name: string | null;
  /** Schema by which `schema.table.column` may refer to it (a relation without alias). */
  readonly schema?: string;
  readonly kind: 'relation' | 'in-place' | 'derived' | 'cte' | 'function' | 'opaque';
  readonly relation?: RelationData;
  /** Null: the columns are not known (opaque); an unqualified name that is found nowhere else may be one of them. */
  readonly columns: readonly ScopeColumn[] | null;
  /**
   * In-place sources (DML targets) get every reference to them; the handler edits or denies. A source without a handler
   * needs nothing: the relation itself has been replaced by a subquery.
   */
  readonly onReference?: (reference: ColumnReference) => void;
  /** In place and not granted whole: a name that is not known could be a column newer than our catalog, so it is refused. */
  readonly strict?: true;
  /** False: only `name.column` reaches its columns (a member of a join, `excluded`, `old`, `new`). Absent: true. */
  readonly columnsVisible?: boolean;
  /** 'relation' sources: what is granted, for recording (in Observe another rule is applied). */
  readonly rule?: ReadRule;
  /** The replaced relation behind a 'relation' source. */
  readonly site?: ReadSite;
  /** All replaced relations inside (itself, or below a derived table): for locks and outer joins. */
  readonly sites?: readonly ReadSite[];
  /** A join: what it is made of. Where its columns are not known, a reference to it may read a column of these. */
  readonly members?: readonly ScopeSource[];
  /** Where the columns are not known: a masked column that they may be made from. */
  readonly masked?: string;
  /** A join with an alias list: its columns are not named as its members' are. */
  readonly renames?: true;
  /** ctid, xmin, … may be referenced (tables and materialised views, not views). */
  readonly systemColumns?: boolean;
}

export interface Scope {
  readonly parent: Scope | null;
  readonly sources: readonly ScopeSource[];
  /** CTE names visible here, innermost first through `parent`. */
  readonly ctes: ReadonlyMap<string, CteSource>;
  /** Where the expression stands that is being walked in this scope right now (set by the walker). */
  place: ExpressionPlace;
  /** A derived table, CTE body or IN/EXISTS sublink: what its target list computes may be evaluated before a row filter. */
  readonly nested: boolean;
  /** On the nullable side of an outer join, or in a sublink that the planner may turn into a join. */
  readonly nullable: boolean;
}

export interface CteSource {
  readonly name: string;
  readonly columns: readonly ScopeColumn[] | null;
  readonly sites?: readonly ReadSite[];
  /** As of a source. */
  readonly masked?: string;
}

/** The columns a query, a RETURNING list or a function yields. Null: not known. */
export type OutputColumns = readonly ScopeColumn[] | null;

/**
 * The analyser's recursive operations, passed around so that read/, write/ and utility/ can call each other without
 * import cycles. Built once in analyse.ts.
 */
export interface Analyser {
  /** Any query used for its rows: SelectStmt (all set-operation and VALUES forms). */
  select(context: StatementContext, node: Node, parent: Scope | null): OutputColumns;
  /** Builds a scope (sources in FROM order). DML targets: put the in-place source first. */
  scope(parent: Scope | null, sources: readonly ScopeSource[], ctes?: ReadonlyMap<string, CteSource>): Scope;
  /** SelectStmt, InsertStmt, UpdateStmt, DeleteStmt, MergeStmt: what may stand in a CTE, EXPLAIN, PREPARE, COPY. */
  query(context: StatementContext, node: Node, parent: Scope | null): OutputColumns;
  /** WITH clause: analyses its queries and returns a scope with the names added. */
  with(context: StatementContext, withClause: unknown, parent: Scope | null): Scope;
  /** FROM / USING lists: relations are replaced, sources collected. */
  from(context: StatementContext, items: readonly Node[] | undefined, parent: Scope | null): Scope;
  /**
   * Every expression node: resolves column references against the scope, checks functions, operators, casts and types,
   * descends into sublinks. `reached` marks where it stands (tiers of rewrite-facts section 5).
   */
  expression(context: StatementContext, node: Node, scope: Scope, place: ExpressionPlace): void;
  /** A target list (SELECT's or RETURNING's), `*` expanded for facts; gives the output columns. */
  targets(context: StatementContext, list: readonly Node[] | undefined, scope: Scope): OutputColumns;
  /** A top-level or nested utility statement; fills kind and effect. */
  utility(context: StatementContext, node: Node): void;
  /** The plan of a statement inside this one (PREPARE, DECLARE CURSOR): analysed in place, edits land in this context. */
  nested(context: StatementContext, node: Node): StatementPlan;
}

/** Where an expression stands: only some places are evaluated before a row filter. */
export type ExpressionPlace =
  | 'target'
  | 'where'
  | 'join'
  | 'from'
  | 'group'
  | 'having'
  | 'order'
  | 'aggregate'
  | 'limit'
  | 'values'
  | 'set'
  | 'other';
