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
    if (last?.sql !== sql) last = { sql, tokens: scanAsServer(module, sql) };
    return last.tokens;
  };
  return {
    rejects: (sql) => scanned(sql) === null,
    literals: (sql) => {
      const theirs = scanned(sql);
      if (theirs === null) return null;
      const constants = inOurUnits(sql, theirs).filter(({ name }) => /^[IFSBX]CONST$|^USCONST$/.test(name));
      return new Set(constants.map(({ start, end }) => `${start}:${end}`));
    },
    difference: (sql) => {
      const theirs = scanned(sql);
      const tokens = tokenize(sql);
      const ours = tokens.map((token): Extent => [token.start, token.end]);
      if (theirs === null) return undefined;
      if (tokens.some((token) => token.kind === 'invalid'))
        return invalidButParses(module, sql) ? { sql: sql.toString(), ours, theirs: null } : undefined;
      const wanted = inOurUnits(sql, theirs).map(({ start, end }): Extent => [start, end]);
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
 * The server's tokens. libpg_query returns comments as tokens, so there a comment ends a string that goes on in the next line, which on the
 * server it does not (its parser then reports a syntax error, and the statement is denied). Such comments are blanked, one gap at a time,
 * since what follows may then be read otherwise.
 */
function scanAsServer(module: PgQueryModule, sql: Buffer): readonly Scanned[] | null {
  let text = sql;
  for (;;) {
    const tokens = scan(module, text);
    const gap = tokens === null ? undefined : commentsInString(text, tokens);
    if (gap === undefined) return tokens;
    text = Buffer.from(text);
    for (const comment of gap) text.fill(' ', comment.start, comment.end);
  }
}

/** The line comments between two pieces of one string. */
function commentsInString(text: Buffer, tokens: readonly Scanned[]): readonly Scanned[] | undefined {
  for (let index = 0; index < tokens.length; index += 1) {
    if (!/^(?:[ebx]|u&)?'/i.test(text.toString('latin1', tokens[index]!.start, tokens[index]!.end))) continue;
    let next = index + 1;
    while (tokens[next]?.name === 'SQL_COMMENT') next += 1;
    if (next === index + 1 || next === tokens.length || text[tokens[next]!.start] !== 0x27) continue;
    return tokens.slice(index + 1, next);
  }
  return undefined;
}

/** Comments dropped and `UESCAPE 'c'` joined to the U& token before it. */
function inOurUnits(sql: Buffer, tokens: readonly Scanned[]): readonly Scanned[] {
  const text = (token: Scanned): string => sql.toString('utf8', token.start, token.end);
  const isString = (token: Scanned | undefined): boolean => token !== undefined && /^(?:[eE]?'|\$)/.test(text(token));
  const result: Scanned[] = [];
  const visible = tokens.filter((token) => token.name !== 'SQL_COMMENT' && token.name !== 'C_COMMENT');
  for (let index = 0; index < visible.length; index += 1) {
    const token = visible[index]!;
    const following = visible[index + 1];
    if (
      /^u&['"]/i.test(text(token)) &&
      following !== undefined &&
      /^uescape$/i.test(text(following)) &&
      isString(visible[index + 2])
    ) {
      result.push({ ...token, end: visible[index + 2]!.end });
      index += 2;
    } else result.push(token);
  }
  return result;
}
