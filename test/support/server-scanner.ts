/** PostgreSQL's own scanner (libpg_query's build of it), to hold our lexer to. */
import createModule, { type PgQueryModule } from 'libpg-query/wasm/libpg-query.js';
import { tokenize } from '../../core/sql/text/lexer.ts';

type Extent = readonly [start: number, end: number];

export interface LexicalDifference {
  readonly sql: string;
  readonly ours: readonly Extent[];
  /** Null: the grammar accepts what we call invalid. */
  readonly theirs: readonly Extent[] | null;
}

export interface ServerScanner {
  /** Undefined: our tokens are the server's. */
  difference(sql: Buffer): LexicalDifference | undefined;
  /** The scanner reports an error. */
  rejects(sql: Buffer): boolean;
  /** `start:end` of what it calls a constant; null where it reports an error. */
  literals(sql: Buffer): ReadonlySet<string> | null;
}

export async function createServerScanner(): Promise<ServerScanner> {
  const module = await createModule({ print: () => undefined, printErr: () => undefined });
  // Mostly asked two things about one text.
  let last: { readonly sql: Buffer; readonly tokens: readonly Scanned[] | null } | undefined;
  const scanned = (sql: Buffer): readonly Scanned[] | null => {
    if (last?.sql !== sql) last = { sql, tokens: scan(module, sql) };
    return last.tokens;
  };
  return {
    rejects: (sql) => scanned(sql) === null,
    literals: (sql) => {
      const constants = scanned(sql)?.filter(({ name }) => /^[IFSBX]CONST$|^USCONST$/.test(name));
      return constants === undefined ? null : new Set(constants.map(({ start, end }) => `${start}:${end}`));
    },
    difference: (sql) => {
      const theirs = scanned(sql);
      const tokens = tokenize(sql);
      const ours = tokens.map((token): Extent => [token.start, token.end]);
      if (theirs === null) return undefined;
      if (tokens.some((token) => token.kind === 'invalid'))
        return invalidButParses(module, sql) ? { sql: sql.toString(), ours, theirs: null } : undefined;
      const wanted = inOurUnits(sql, theirs);
      return String(ours) === String(wanted) ? undefined : { sql: sql.toString(), ours, theirs: wanted };
    },
  };
}

/**
 * What we call invalid must not be something that parses: then no tree ever meets such a token. `$1a` is the exception: libpg_query
 * still reads a parameter and a name there, the server refuses it; a rewrite near it is denied.
 */
function invalidButParses(module: PgQueryModule, sql: Buffer): boolean {
  return !/\$[0-9]+[A-Za-z_\x80-\xff]/.test(sql.toString('latin1')) && parses(module, sql);
}

/** One token as libpg_query's scanner sees it. */
interface Scanned {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

function withInput<T>(module: PgQueryModule, sql: Buffer, use: (input: number) => T): T {
  const input = module._malloc(sql.length + 1);
  Buffer.from(module.HEAPU8.buffer).set(sql, input);
  module.HEAPU8[input + sql.length] = 0;
  try {
    return use(input);
  } finally {
    module._free(input);
  }
}

/** Null where it reports an error. */
function scan(module: PgQueryModule, sql: Buffer): readonly Scanned[] | null {
  const text = withInput(module, sql, (input) => {
    const output = module._wasm_scan(input);
    const heap = Buffer.from(module.HEAPU8.buffer);
    const result = heap.toString('utf8', output, heap.indexOf(0, output));
    module._wasm_free_string(output);
    return result;
  });
  if (!text.startsWith('{')) return null;
  // It does not escape control characters inside names.
  const parsed = JSON.parse(text.replace(/[\x00-\x1f]/g, ' ')) as {
    tokens: readonly { start?: number; end?: number; tokenName: string }[];
  };
  return parsed.tokens.map((token) => ({ start: token.start ?? 0, end: token.end ?? 0, name: token.tokenName }));
}

function parses(module: PgQueryModule, sql: Buffer): boolean {
  return withInput(module, sql, (input) => {
    const result = module._wasm_parse_query_raw(input);
    const failed = Buffer.from(module.HEAPU8.buffer).readUInt32LE(result + 8) !== 0;
    module._wasm_free_parse_result(result);
    return !failed;
  });
}

/**
 * libpg_query's tokens in our units: comments dropped and `UESCAPE 'c'` joined to the U& token before it. One deviation of
 * libpg_query from the server: a comment ends a string that goes on in the next line (it returns comments as tokens). There
 * its parser reports a syntax error, so the statement is denied; we join as the server does.
 */
function inOurUnits(sql: Buffer, tokens: readonly Scanned[]): readonly Extent[] {
  const text = (token: Scanned): string => sql.toString('utf8', token.start, token.end);
  const isString = (token: Scanned | undefined): boolean => token !== undefined && /^(?:[eE]?'|\$)/.test(text(token));
  const result: { start: number; end: number }[] = [];
  const visible = tokens.filter((token) => token.name !== 'SQL_COMMENT' && token.name !== 'C_COMMENT');
  for (let index = 0; index < visible.length; index += 1) {
    const token = visible[index]!;
    const following = visible[index + 1];
    const last = result.at(-1);
    const isUnicode = /^u&['"]/i.test(text(token));
    if (isUnicode && following !== undefined && /^uescape$/i.test(text(following)) && isString(visible[index + 2])) {
      result.push({ start: token.start, end: visible[index + 2]!.end });
      index += 2;
    } else if (last !== undefined && text(token).startsWith("'") && continues(sql, last, token)) {
      // Bit strings have no doubled quotes: the first one ends it, and a string begins.
      const bits = /^[bx]'/i.test(sql.toString('latin1', last.start, last.end));
      last.end = bits ? sql.indexOf("'", token.start + 1) + 1 : token.end;
      if (last.end < token.end) result.push({ start: last.end, end: token.end });
    } else result.push({ start: token.start, end: token.end });
  }
  return result.map(({ start, end }) => [start, end]);
}

function continues(sql: Buffer, last: { start: number; end: number }, token: Scanned): boolean {
  const first = sql.toString('latin1', last.start, last.end);
  const gap = sql.toString('latin1', last.end, token.start);
  return /^(?:[ebx]|u&)?'/i.test(first) && /^[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*$/.test(gap);
}
