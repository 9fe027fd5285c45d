/**
 * The lexer, the shape of a statement and the plan cache. The lexer's tokens must be the server's; a literal that a shape leaves out must be a
 * literal for the server's scanner; blanked comments and normalised texts must keep and hide what they should; and a plan from the cache must
 * be the plan that a fresh analysis gives, whatever the literals.
 */
import { Catalog } from '../../../core/catalog/catalog.ts';
import { createEngine } from '../../../core/sql/analyse.ts';
import { CachedEngine } from '../../../core/sql/cache/cached-engine.ts';
import { shapeOf } from '../../../core/sql/cache/shape.ts';
import { INLINE_BOUNDS, prescan } from '../../../core/sql/parse/prescan.ts';
import { createWasmParser } from '../../../core/sql/parse/wasm-parser.ts';
import type { AnalyseResult } from '../../../core/sql/plan.ts';
import { createSessionState } from '../../../core/sql/session-tracker.ts';
import { blankComments } from '../../../core/sql/text/comments.ts';
import { tokenize } from '../../../core/sql/text/lexer.ts';
import { fingerprint } from '../../../core/sql/text/fingerprint.ts';
import { createServerScanner } from '../../support/server-scanner.ts';
import { mutateBytes } from '../byte-mutator.ts';
import { digest } from '../corpus.ts';
import { restrictiveBundle } from '../policies.ts';
import { Random } from '../random.ts';
import { WORDS } from '../shrink.ts';
import { mutateSql } from '../sql-mutator.ts';
import { sqlSeeds } from '../sql-seeds.ts';
import type { Fuzzed, ThreadSetup, ThreadTarget } from '../target.ts';

export const target: ThreadTarget = { name: 'shape', extension: 'sql', pieces: WORDS, slowest: 1_000, prepare };

const LARGEST = 4_096;
/** Of statements that parse: how many are taken through the cache with other literals. */
const CACHED_SHARE = 8;

async function prepare({ catalog: data }: ThreadSetup): Promise<Fuzzed> {
  const scanner = await createServerScanner();
  const parser = await createWasmParser();
  const catalog = new Catalog(data);
  const options = { catalog, bundle: await restrictiveBundle(catalog), parser, salt: '7f' };
  const fresh = createEngine(options);
  const cached = new CachedEngine(createEngine(options), parser);
  const session = createSessionState(['public']);
  let lexed = 0;
  let compared = 0;
  let parsed = 0;

  const lexical = (sql: Buffer): string | undefined => {
    const difference = scanner.difference(sql);
    if (difference !== undefined) return 'other tokens than the server';
    lexed++;
    if (extents(blankComments(sql)) !== extents(sql)) return 'other tokens without comments';
    const shape = shapeOf(sql);
    if (shape === undefined) return undefined;
    const theirs = scanner.literals(sql);
    if (theirs === null) return undefined;
    for (let index = 0; index < shape.literals.length; index += 2) {
      const [start, end] = [shape.literals[index]!, shape.literals[index + 1]!];
      if (!theirs.has(`${start}:${end}`)) return 'a shape leaves out what is no literal for the server';
    }
    return undefined;
  };

  /** What is written about a statement must not depend on values, and never hold one. */
  const recorded = (sql: Buffer, other: Buffer): string | undefined => {
    const [print, second] = [fingerprint(sql), fingerprint(other)];
    if (print.fingerprint !== second.fingerprint || print.normalised !== second.normalised)
      return 'another fingerprint for other literals';
    return second.normalised.includes(MARK) ? 'a literal in the normalised text' : undefined;
  };

  /** `own` knows nothing but this statement, so that what fails can be had again; `cached` remembers all of the run. */
  const plans = (sql: Buffer, own: CachedEngine): string | undefined => {
    const request = { sql, protocol: 'simple' as const, parameterTypes: [] };
    const expected = JSON.stringify(comparable(fresh.analyse(request, session)));
    compared++;
    for (const engine of [own, own, cached]) {
      if (JSON.stringify(comparable(engine.analyse(request, session))) !== expected) return 'another plan from the cache';
    }
    return own.statistics.disagreements > 0 ? 'a shape whose proof failed' : undefined;
  };

  return {
    seeds: (await sqlSeeds()).map((sql) => Buffer.from(sql)),
    draw: (random, pick) => {
      // Short texts of what is lexically hard: many a second.
      if (!random.once(3)) return Buffer.concat(Array.from({ length: random.between(1, 10) }, () => random.pick(LEXICAL)));
      const base = pick();
      const other = pick();
      if (random.once(3)) return mutateBytes(base, random, [other, ...LEXICAL], LARGEST);
      return Buffer.from(mutateSql(base.toString('utf8'), other.toString('utf8'), random)).subarray(0, LARGEST);
    },
    check: (input) => {
      const sql = Buffer.from(input.toString('utf8').replaceAll('\0', ' '));
      const problem = lexical(sql);
      if (problem !== undefined) return problem;
      if (prescan(sql, INLINE_BOUNDS).path !== 'inline') return undefined;
      const random = new Random(Number.parseInt(digest(sql).slice(0, 8), 16));
      const other = otherLiterals(sql, random, MARK);
      if (other !== undefined) {
        const spoken = recorded(sql, other);
        if (spoken !== undefined) return spoken;
      }
      if (!random.once(CACHED_SHARE) || !parser.parse(sql.toString('utf8')).ok) return undefined;
      parsed++;
      const own = new CachedEngine(createEngine(options), parser);
      for (let round = 0; round < 5; round++) {
        const variation = round === 0 ? sql : (otherLiterals(sql, random) ?? sql);
        const difference = plans(variation, own);
        if (difference !== undefined) return difference;
      }
      return undefined;
    },
    figures: () => ({
      'texts lexed as by the server': lexed,
      'statements that parse': parsed,
      'plans compared': compared,
      'plans from a shape': cached.statistics.shapeHits,
    }),
  };
}

const MARK = 'qjzxw4711';
const LEXICAL = [
  'SELECT ',
  ' ',
  '\n',
  '\r',
  '\t',
  ',',
  '.',
  '(',
  ')',
  '[',
  ']',
  ':',
  ';',
  '=',
  '-',
  '+',
  '*',
  '/',
  '%',
  '@',
  '?',
  '|',
  '&',
  '^',
  '~',
  '!',
  '#',
  '$',
  "'",
  '"',
  'a',
  'B',
  'e',
  'u',
  'U&',
  '0',
  '7',
  '12',
  '_',
  '4e9',
  '.',
  '$b$',
  'n',
  'x',
  "''",
  '""',
  '/',
  '*',
  '--',
  'uescape',
  '1_',
  '0x',
  '0b',
  '123456789',
  '1234567890',
  'E',
  '\\',
  "\\'",
  "'a'",
  "E'\\'",
  "e'\\\\'",
  "U&'\\0041'",
  "UESCAPE '!'",
  "B'01'",
  "x'1F'",
  "N'a'",
  '$$',
  '$a$',
  '$1',
  '$1a',
  '"a""b"',
  'U&"\\0061"',
  '--',
  '/*',
  '*/',
  '1.',
  '.5',
  '1..2',
  '1e',
  '1e+',
  '1_000',
  '0b1',
  '0o7',
  '0xg',
  "'a'\n'b'",
  "'a' --c\n 'b'",
  '+-',
  '@-',
  '<>-',
  '::',
  ':=',
  '=>',
  '\\',
  '\x7f',
  'é',
  '\ufeff',
  '\u00a0',
  '\v',
].map((text) => Buffer.from(text));

const extents = (sql: Buffer): string =>
  tokenize(sql)
    .map(({ start, end }) => `${start}:${end}`)
    .join();
const comparable = (result: AnalyseResult): unknown => result.map(({ pinned: _, ...plan }) => plan);
const STRINGS = ['eu', 'customers', "it''s; -- '' /*", '%', '', 'x'.repeat(70), 'pg_class', '1', 'é€', "''"];

/** The statement with the literals that its shape leaves out replaced; undefined where it has none. */
function otherLiterals(sql: Buffer, random: Random, mark?: string): Buffer | undefined {
  const shape = shapeOf(sql);
  if (shape === undefined || shape.literals.length === 0) return undefined;
  const parts: Buffer[] = [];
  let from = 0;
  for (let index = 0; index < shape.literals.length; index += 2) {
    const [start, end] = [shape.literals[index]!, shape.literals[index + 1]!];
    const text = sql.toString('latin1', start, end);
    parts.push(sql.subarray(from, start), Buffer.from(replacement(text, random, mark)));
    from = end;
  }
  const other = Buffer.concat([...parts, sql.subarray(from)]);
  // Where a number follows another without a space, other digits make other tokens.
  return shapeOf(other)?.key === shape.key ? other : undefined;
}

function replacement(text: string, random: Random, mark: string | undefined): string {
  if (text.startsWith("'")) return `'${mark ?? random.pick(STRINGS)}'`;
  return text.includes('.') ? `${random.below(1000)}.${random.below(100)}` : String(random.below(1_000_000_000));
}
