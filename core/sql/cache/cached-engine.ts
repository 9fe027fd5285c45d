/**
 * The engine with a memory. Two levels, both bounded in bytes:
 *
 *   exact   the same bytes, search path, temporary tables and parameter types: the same plans;
 *   shape   the same bytes apart from literals (shape.ts): the plan of an earlier statement, filled with this one's literals, if no
 *           literal that was left out could have decided anything (free-literals.ts, and what the analyser pinned).
 *
 * A shape is trusted only after a proof: its first statement is only noted, the second becomes a template, for the third the
 * filled template must equal what the analyser says. If it does not, the shape is never cached.
 *
 * One cache belongs to one engine, that is to one policy and one schema; both go together.
 */
import { isUtf8 } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import { denial } from '../../errors/denial.ts';
import type { SqlEngine } from '../engine.ts';
import type { SqlParser } from '../parse/parser.ts';
import { INLINE_BOUNDS, prescan } from '../parse/prescan.ts';
import type { AnalyseRequest, AnalyseResult, StatementPlan } from '../plan.ts';
import type { SessionView } from '../session-state.ts';
import { deniedBeforeAnalysis } from './denied.ts';
import { WeightedLru } from './lru.ts';
import { type Shape, shapeOf } from './shape.ts';
import { fill, pinnedKey, type Template, templateOf } from './template.ts';

export interface CacheOptions {
  /** Bytes; default 6 MiB. */
  readonly exact?: number;
  /** Bytes; default 2 MiB. */
  readonly shapes?: number;
}

export interface CacheStatistics {
  readonly exactHits: number;
  readonly shapeHits: number;
  readonly misses: number;
  /** Shapes whose proof failed. Anything but 0 is worth a look. */
  readonly disagreements: number;
  readonly bytes: number;
}

interface Variant {
  readonly template: Template;
  proven: boolean;
}

/** What is known of a shape. In its place `null`: never to be cached. */
interface ShapeEntry {
  readonly variants: Map<string, Variant>;
  /** The sets of pinned literals that occur, each once. */
  readonly pinnedSets: (readonly number[])[];
}

const LARGEST_ENTRY = 64 * 1024;
/** Longer statements are not worth a shape. */
const LONGEST_SHAPE = 16 * 1024;
/** With more literals than this, filling a template costs as much as it saves. */
const MOST_LITERALS = 200;
const MOST_VARIANTS = 64;
const MOST_PINNED_SETS = 4;
const BASE_WEIGHT = 600;

export class CachedEngine implements SqlEngine {
  readonly #engine: SqlEngine;
  readonly #parser: SqlParser;
  readonly #exact: WeightedLru<AnalyseResult>;
  readonly #shapes: WeightedLru<ShapeEntry | null>;
  readonly #sessions = new WeakMap<SessionView, { readonly epoch: number; readonly key: string }>();
  #exactHits = 0;
  #shapeHits = 0;
  #misses = 0;
  #disagreements = 0;

  constructor(engine: SqlEngine, parser: SqlParser, options: CacheOptions = {}) {
    this.#engine = engine;
    this.#parser = parser;
    this.#exact = new WeightedLru(options.exact ?? 6 * 1024 * 1024, LARGEST_ENTRY);
    this.#shapes = new WeightedLru(options.shapes ?? 2 * 1024 * 1024, LARGEST_ENTRY);
  }

  get bundle(): SqlEngine['bundle'] {
    return this.#engine.bundle;
  }

  get catalog(): SqlEngine['catalog'] {
    return this.#engine.catalog;
  }

  get statistics(): CacheStatistics {
    return {
      exactHits: this.#exactHits,
      shapeHits: this.#shapeHits,
      misses: this.#misses,
      disagreements: this.#disagreements,
      bytes: this.#exact.weight + this.#shapes.weight,
    };
  }

  /** As the engine's, but what is beyond the inline bounds is denied with SLUICE-104: it is for a thread of its own. */
  analyse(request: AnalyseRequest, session: SessionView): AnalyseResult {
    if (request.sql.length > LARGEST_ENTRY) return this.#analyse(request, session);
    const prefix = this.#prefix(request, session);
    const key = prefix + request.sql.toString('latin1');
    const known = this.#exact.get(key);
    if (known !== undefined) {
      this.#exactHits += 1;
      return known;
    }
    const shape = request.sql.length <= LONGEST_SHAPE ? shapeOf(request.sql) : undefined;
    if (shape !== undefined && shape.literals.length > 0 && shape.literals.length <= MOST_LITERALS * 2)
      return this.#byShape(request, session, shape, prefix, key);
    return this.#remember(key, this.#analyse(request, session));
  }

  keep(request: AnalyseRequest, session: SessionView, result: AnalyseResult): void {
    if (request.sql.length > LARGEST_ENTRY) return;
    this.#remember(this.#prefix(request, session) + request.sql.toString('latin1'), result);
  }

  #byShape(request: AnalyseRequest, session: SessionView, shape: Shape, prefix: string, key: string): AnalyseResult {
    const shapeKey = prefix + shape.key;
    const entry = this.#shapes.get(shapeKey);
    const variant = entry ? findVariant(entry, request.sql, shape) : undefined;
    if (variant?.proven && isUtf8(request.sql) && !request.sql.includes(0)) {
      this.#shapeHits += 1;
      return [fill(variant.template, request.sql, shape.literals)];
    }
    const result = this.#analyse(request, session);
    if (entry !== null) this.#learn(request.sql, shape, shapeKey, entry, variant, result);
    return this.#remember(key, result);
  }

  #learn(
    sql: Buffer,
    shape: Shape,
    shapeKey: string,
    entry: ShapeEntry | undefined,
    variant: Variant | undefined,
    result: AnalyseResult,
  ): void {
    const plan = result.length === 1 ? result[0] : undefined;
    if (plan === undefined || !plan.cacheable) return;
    if (entry === undefined) {
      this.#shapes.set(shapeKey, { variants: new Map(), pinnedSets: [] }, shapeKey.length + BASE_WEIGHT);
      return;
    }
    if (variant !== undefined) {
      variant.proven = samePlan(fill(variant.template, sql, shape.literals), plan);
      if (variant.proven) return;
      this.#disagreements += 1;
      this.#shapes.set(shapeKey, null, shapeKey.length + BASE_WEIGHT);
      return;
    }
    const parsed = this.#parser.parse(sql.toString('utf8'));
    const template = parsed.ok ? templateOf(plan, sql, shape, parsed.tree) : undefined;
    const fits = template !== undefined && samePlan(fill(template, sql, shape.literals), plan);
    if (!fits) {
      if (template !== undefined) this.#disagreements += 1;
      this.#shapes.set(shapeKey, null, shapeKey.length + BASE_WEIGHT);
      return;
    }
    this.#addVariant(sql, shape, shapeKey, entry, template);
  }

  #addVariant(sql: Buffer, shape: Shape, shapeKey: string, entry: ShapeEntry, template: Template): void {
    if (entry.variants.size >= MOST_VARIANTS) entry.variants.clear();
    let set = entry.pinnedSets.findIndex((pinned) => pinned.join() === template.pinned.join());
    if (set === -1) {
      if (entry.pinnedSets.length >= MOST_PINNED_SETS) return;
      set = entry.pinnedSets.push(template.pinned) - 1;
    }
    entry.variants.set(`${set}:${pinnedKey(template.pinned, sql, shape.literals)}`, { template, proven: false });
    let weight = shapeKey.length + BASE_WEIGHT;
    for (const [key, variant] of entry.variants) weight += key.length + weigh(variant.template.plan);
    this.#shapes.set(shapeKey, entry, weight);
  }

  #analyse(request: AnalyseRequest, session: SessionView): AnalyseResult {
    this.#misses += 1;
    const scan = prescan(request.sql, INLINE_BOUNDS);
    if (scan.path === 'inline') return this.#engine.analyse(request, session);
    const reason =
      scan.path === 'refused'
        ? scan.denial
        : denial('SLUICE-104', 'The statement is too large to be analysed here.', { rule: 'floor' });
    return [deniedBeforeAnalysis(request.sql, reason)];
  }

  #remember(key: string, result: AnalyseResult): AnalyseResult {
    if (result.every((plan) => plan.cacheable && plan.decision === 'allow')) {
      let weight = key.length + BASE_WEIGHT;
      for (const plan of result) weight += weigh(plan);
      this.#exact.set(key, result, weight);
    }
    return result;
  }

  /** Everything but the text that a plan depends on. A zero byte ends it; no text contains one. */
  #prefix(request: AnalyseRequest, session: SessionView): string {
    let known = this.#sessions.get(session);
    if (known === undefined || known.epoch !== session.epoch) {
      known = { epoch: session.epoch, key: sessionKey(session) };
      this.#sessions.set(session, known);
    }
    const types = request.parameterTypes.length === 0 ? '' : request.parameterTypes.join();
    const protocol = request.protocol === 'simple' ? 's' : 'e';
    return `${known.key}${protocol}${request.countOnly === true ? 'c' : ''}${types}\0`;
  }
}

function findVariant(entry: ShapeEntry, sql: Buffer, shape: Shape): Variant | undefined {
  for (let set = 0; set < entry.pinnedSets.length; set += 1) {
    const variant = entry.variants.get(`${set}:${pinnedKey(entry.pinnedSets[set]!, sql, shape.literals)}`);
    if (variant !== undefined) return variant;
  }
  return undefined;
}

function sessionKey(session: SessionView): string {
  const temporary = [...session.temporary.values()].map(({ name, columns }) => [name, columns]);
  return `${JSON.stringify([session.searchPath, temporary])}\0`;
}

/** Equal in everything that another part reads; what was pinned is only for this cache. */
function samePlan(a: StatementPlan, b: StatementPlan): boolean {
  const { pinned: _a, ...left } = a;
  const { pinned: _b, ...right } = b;
  return isDeepStrictEqual(left, right);
}

/** A rough upper bound of what a plan holds in memory, in bytes. */
function weigh(plan: StatementPlan): number {
  let weight = BASE_WEIGHT + plan.text.length * 2 + plan.normalised.length * 2;
  for (const name of plan.evidence?.column?.columns ?? []) weight += 32 + name.length;
  for (const edit of plan.edits) weight += 64 + edit.replacement.length * 2;
  for (const use of [...plan.facts.reads, ...plan.facts.writes]) weight += 128 + use.relation.length + use.columns.length * 32;
  return weight + 64 * (plan.facts.functions.length + Object.keys(plan.facts.masks).length + plan.facts.rules.length);
}
