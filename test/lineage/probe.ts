/**
 * Looks at every SELECT of a session just before it runs: what the server's analyser records for a temporary view of it, against what
 * our resolver says; and the same for the text that a policy with every column masked makes of it.
 */
import { Catalog } from '../../core/catalog/catalog.ts';
import { buildCatalog } from '../../core/catalog/build.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { SqlParser } from '../../core/sql/parse/parser.ts';
import type { SessionView } from '../../core/sql/session-state.ts';
import type { Exchange } from '../support/backend.ts';
import { emptySession } from '../support/sql-core.ts';
import { CATALOG_INSIDE } from './catalog-query.ts';
import { disagreement, judge, type Verdict, unmasked } from './judge.ts';
import { type Lineage, lineageOf } from './node-tree.ts';
import { allowAll, maskAll } from './policies.ts';
import type { RelayedSession } from './relay.ts';
import { changesNames, selectsIn } from './selects.ts';

export interface Finding {
  readonly select: string;
  readonly within: string;
  /** Null: the server does not take it as a view's body. */
  readonly verdict: Verdict | null;
  readonly server: Lineage | null;
  readonly rejected?: string;
  /** pg_depend and the rule tree do not agree: the oracle itself is wrong. */
  readonly disagreement?: string;
  /** Under masks on everything: `closed` when the server finds no column read, what it finds otherwise, or why it refuses the text. */
  readonly masked?:
    | { readonly kind: 'closed' }
    | { readonly kind: 'open'; readonly columns: readonly string[]; readonly text: string }
    | { readonly kind: 'refused'; readonly why: string; readonly text: string }
    | { readonly kind: 'denied'; readonly code: string; readonly message: string };
}

interface Known {
  readonly catalog: Catalog;
  readonly plain: SqlEngine;
  readonly masked: SqlEngine;
  readonly governed: ReadonlySet<number>;
}

export class Probe {
  readonly #parser: SqlParser;
  readonly #found: (finding: Finding) => void;
  #known: Known | undefined;
  /** The schema may have changed since it was read. */
  #stale = false;
  #view: SessionView | undefined;
  /** How often the catalog was read. */
  learned = 0;

  constructor(parser: SqlParser, found: (finding: Finding) => void) {
    this.#parser = parser;
    this.#found = found;
  }

  /** Looks at what is about to run. */
  async before(session: RelayedSession, sql: string): Promise<void> {
    const selects = session.status === 'E' ? [] : selectsIn(this.#parser, sql);
    if (selects.length > 0) await this.#inside(session, selects);
    if (changesNames(this.#parser, sql)) {
      this.#stale = true;
      this.#view = undefined;
    }
  }

  async #inside(session: RelayedSession, selects: ReturnType<typeof selectsIn>): Promise<void> {
    const block = session.status === 'T';
    await session.ask(block ? 'SAVEPOINT lineage_probe' : 'BEGIN');
    await session.ask('SET LOCAL statement_timeout = 0; SET LOCAL client_min_messages = error; SAVEPOINT lineage_statement');
    const back = 'ROLLBACK TO SAVEPOINT lineage_statement';
    try {
      for (const { text, within } of selects) {
        this.#view ??= await this.#readPath(session);
        const fresh = this.#known === undefined || !this.#stale;
        this.#known ??= await this.#learn(session, back);
        let finding = await this.#look(session, this.#known, text, within, back);
        // Reading the schema costs more than all the rest: what is right by the server's word needs no newer one. What looks wrong
        // is looked at again, also because a function may have changed the schema unseen.
        if (!looksRight(finding, fresh)) {
          this.#known = await this.#learn(session, back);
          this.#view = await this.#readPath(session);
          finding = await this.#look(session, this.#known, text, within, back);
        }
        this.#found(finding);
      }
    } finally {
      await session.ask(block ? 'ROLLBACK TO SAVEPOINT lineage_probe; RELEASE SAVEPOINT lineage_probe' : 'ROLLBACK');
    }
  }

  async #learn(session: RelayedSession, back: string): Promise<Known> {
    this.learned += 1;
    this.#stale = false;
    const answer = await session.ask(CATALOG_INSIDE);
    await session.ask(back);
    if (answer.error !== null) throw new Error(`catalog: ${answer.error['M']}`);
    const catalog = new Catalog(buildCatalog(answer.results.flatMap(textRows)));
    const engine = (bundle: ReturnType<typeof allowAll>) => createEngine({ catalog, bundle, parser: this.#parser, salt: '7f' });
    const masks = maskAll(catalog);
    return {
      catalog,
      plain: engine(allowAll(catalog)),
      masked: engine(masks),
      governed: new Set(masks.relations.map(({ oid }) => oid)),
    };
  }

  /** The server's own word on where names are searched. */
  async #readPath(session: RelayedSession): Promise<SessionView> {
    const path = await session.ask(
      'SELECT pg_catalog.array_to_json(pg_catalog.current_schemas(false)), (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())',
    );
    const [schemas, temporary] = textRows(path.results[0]!)[0]!;
    const listed = JSON.parse(schemas!) as string[];
    // Searched first unless the path places it.
    const searchPath = temporary == null || listed.includes(temporary) ? listed : [temporary, ...listed];
    return { ...emptySession, searchPath };
  }

  async #look(session: RelayedSession, known: Known, text: string, within: string, back: string): Promise<Finding> {
    const recorded = await this.#record(session, text, back);
    if ('rejected' in recorded) return { select: text, within, verdict: null, server: null, rejected: recorded.rejected };
    const { lineage, disagreement } = recorded;
    const request = { sql: Buffer.from(text), protocol: 'simple', parameterTypes: [] } as const;
    const plan = known.plain.analyse(request, this.#view!)[0];
    if (plan === undefined) throw new Error('no plan');
    return {
      select: text,
      within,
      verdict: judge(plan, lineage, known.catalog),
      server: lineage,
      ...(disagreement === undefined ? {} : { disagreement }),
      ...(plan.decision === 'allow' ? { masked: await this.#masked(session, known, request, back) } : {}),
    };
  }

  async #masked(
    session: RelayedSession,
    known: Known,
    request: Parameters<SqlEngine['analyse']>[0],
    back: string,
  ): Promise<NonNullable<Finding['masked']>> {
    const plan = known.masked.analyse(request, this.#view!)[0]!;
    if (plan.denial !== undefined) return { kind: 'denied', code: plan.denial.code, message: plan.denial.message };
    const recorded = await this.#record(session, plan.text, back);
    if ('rejected' in recorded) return { kind: 'refused', why: recorded.rejected, text: plan.text };
    const columns = unmasked(recorded.lineage, known.governed);
    return columns.length === 0 ? { kind: 'closed' } : { kind: 'open', columns, text: plan.text };
  }

  /** What the server's analyser makes of it. In a subquery, where two columns may have one name. */
  async #record(
    session: RelayedSession,
    text: string,
    back: string,
  ): Promise<{ readonly lineage: Lineage; readonly disagreement?: string } | { readonly rejected: string }> {
    const answer = await session.ask(
      `CREATE TEMPORARY VIEW lineage_of_it AS SELECT 1 AS one FROM (${text}\n) AS it;
SELECT r.ev_class, r.ev_action, (SELECT pg_catalog.json_agg(d.refobjid || '.' || d.refobjsubid) FROM pg_catalog.pg_depend d
  WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid OPERATOR(pg_catalog.=) r.oid AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid OPERATOR(pg_catalog.<>) 0)
FROM pg_catalog.pg_rewrite r WHERE r.ev_class OPERATOR(pg_catalog.=) 'pg_temp.lineage_of_it'::pg_catalog.regclass;
${back}`,
    );
    if (answer.error !== null || answer.results.length < 2) {
      await session.ask(back);
      return { rejected: `${answer.error?.['C']} ${answer.error?.['M']}` };
    }
    const [self, action, depends] = textRows(answer.results[1]!)[0]!;
    const lineage = lineageOf(action!, Number(self));
    const recorded = new Set(JSON.parse(depends ?? '[]') as string[]);
    const differing = disagreement(lineage, recorded);
    return { lineage, ...(differing.length === 0 ? {} : { disagreement: differing.join(', ') }) };
  }
}

/** `fresh`: nothing is known to have changed, so that only what is never right needs another look. */
function looksRight({ verdict, masked }: Finding, fresh: boolean): boolean {
  if (verdict === null) return true;
  if (verdict.kind === 'missing' || masked?.kind === 'open') return false;
  return (
    fresh || ((verdict.kind === 'same' || verdict.kind === 'superset') && (masked === undefined || masked.kind === 'closed'))
  );
}

function textRows(result: Exchange['results'][number]): (string | null)[][] {
  return result.rows.map((row) => row.map((value) => value?.toString('utf8') ?? null));
}
