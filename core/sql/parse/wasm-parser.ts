/**
 * libpg_query in WebAssembly, with instances of our own: the package keeps one for the whole process, and one that has failed
 * in any way but a syntax error must never be used again (its C stack is not unwound; after some thirty such failures every
 * later parse fails). Here a failed instance is dropped at once and another one made; until that is ready, parsing answers
 * 'broken' and the statement is denied.
 *
 * Memory that a parse has touched is returned only with its instance, so an instance is also retired after it has been
 * through a large statement (docs/adr/0001-parser.md has the measurements).
 */
import { tokenize } from '../text/lexer.ts';
import { setFlagsFromString } from 'node:v8';
import createModule, { type PgQueryModule } from 'libpg-query/wasm/libpg-query.js';
import type { ParseOutcome, ParseTree, SqlParser } from './parser.ts';

export interface WasmParserOptions {
  /** Bytes of libpg-query.wasm; by default the package's own file. */
  readonly binary?: Uint8Array;
  /**
   * An instance is replaced (in the background, the old one serving until then) after this many bytes of trees since it was
   * made, counted only for statements whose tree exceeds `largeTree` bytes.
   */
  readonly retireAfter?: number;
  readonly largeTree?: number;
  /** Let V8 optimise the parser's code; for measurements only. */
  readonly tierUp?: boolean;
}

/** The text of the tree instead of the tree: what a worker hands over. */
export type TextOutcome = { readonly ok: true; readonly json: string } | Exclude<ParseOutcome, { readonly ok: true }>;

export interface WasmParser extends SqlParser {
  /** As `parse`, leaving the JSON text as it is. */
  parseToJson(sql: string): TextOutcome;
  /** Resolves when an instance is ready again; rejects when none can be made. */
  ready(): Promise<void>;
  /** How many instances have been discarded after a failure, and retired for their memory. */
  readonly discarded: number;
  readonly retired: number;
}

/**
 * V8 would compile the grammar's one enormous function a second time with its optimising compiler: nine tenths of a second and
 * 600 MiB, in the background, a few thousand parses after the start, to make a parse a quarter faster. A sidecar has 256 MiB.
 * Both flags are needed; they must be set before the module is compiled and concern WebAssembly only.
 */
export function keepBaselineCompiler(): void {
  setFlagsFromString('--no-wasm-dynamic-tiering');
  setFlagsFromString('--no-wasm-tier-up');
}

/** Loads the module and makes the first instance. Rejects when WebAssembly or the file is not available. */
export async function createWasmParser(options: WasmParserOptions = {}): Promise<WasmParser> {
  if (options.tierUp !== true) keepBaselineCompiler();
  const parser = new RecyclingParser(options);
  await parser.ready();
  return parser;
}

/** The message of a 'broken' outcome while no instance is ready: not the statement's fault. */
export const PARSER_RESTARTING = 'the parser is being restarted';

class RecyclingParser implements WasmParser {
  readonly #make: () => Promise<PgQueryModule>;
  readonly #retireAfter: number;
  readonly #largeTree: number;
  #module: PgQueryModule | undefined;
  #pending: Promise<void> | undefined;
  #heavy = 0;
  discarded = 0;
  retired = 0;

  constructor(options: WasmParserOptions) {
    this.#make = instanceMaker(options.binary);
    this.#retireAfter = options.retireAfter ?? 8 * 1024 * 1024;
    this.#largeTree = options.largeTree ?? 64 * 1024;
  }

  ready(): Promise<void> {
    if (this.#module !== undefined) return Promise.resolve();
    return this.#renew();
  }

  parse(sql: string): ParseOutcome {
    const outcome = this.parseToJson(sql);
    if (!outcome.ok) return outcome;
    try {
      return { ok: true, tree: JSON.parse(outcome.json) as ParseTree };
    } catch (error) {
      return this.#discard(error);
    }
  }

  parseToJson(sql: string): TextOutcome {
    const module = this.#module;
    if (module === undefined) {
      this.#renew().catch(() => undefined);
      return { ok: false, reason: 'broken', message: PARSER_RESTARTING };
    }
    try {
      const outcome = parseIn(module, sql);
      if (outcome.ok && outcome.json.length > this.#largeTree) this.#weigh(outcome.json.length);
      return outcome;
    } catch (error) {
      return this.#discard(error);
    }
  }

  #weigh(bytes: number): void {
    this.#heavy += bytes;
    if (this.#heavy < this.#retireAfter) return;
    this.#heavy = 0;
    this.retired += 1;
    this.#renew().catch(() => undefined);
  }

  #discard(error: unknown): Exclude<ParseOutcome, { readonly ok: true }> {
    this.#module = undefined;
    this.discarded += 1;
    this.#renew().catch(() => undefined);
    return { ok: false, reason: 'broken', message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }

  #renew(): Promise<void> {
    return (this.#pending ??= this.#make().then(
      (module) => {
        this.#module = module;
        this.#heavy = 0;
        this.#pending = undefined;
      },
      (error: unknown) => {
        this.#pending = undefined;
        throw error;
      },
    ));
  }
}

/** The compiled module is shared by all instances of one maker when the bytes are given; instantiating is then cheap. */
function instanceMaker(binary: Uint8Array | undefined): () => Promise<PgQueryModule> {
  const silent = { print: () => undefined, printErr: () => undefined, quit };
  if (binary === undefined) return () => createModule(silent);
  let compiled: WebAssembly.Module | undefined;
  return async () => {
    const module = (compiled ??= await WebAssembly.compile(binary));
    return createModule({
      ...silent,
      instantiateWasm: (imports, done) => done(new WebAssembly.Instance(module, imports)),
    });
  };
}

/** The C side must not be able to set this process's exit code. */
function quit(status: number): never {
  throw new Error(`the parser exited with status ${status}`);
}

/** `$1a`: libpg_query still reads a parameter and a name there, as servers before 15 did. */
function trailingJunk(sql: string): TextOutcome | undefined {
  if (!/\$[0-9]+[A-Za-z_\u0080-\uffff]/.test(sql)) return undefined;
  const bytes = Buffer.from(sql);
  const junk = tokenize(bytes).find((token) => token.kind === 'invalid' && bytes[token.start] === DOLLAR);
  if (junk === undefined) return undefined;
  const near = bytes.toString('utf8', junk.start, junk.end);
  return { ok: false, reason: 'syntax', message: `trailing junk after parameter at or near "${near}"`, location: junk.start };
}

const DOLLAR = 0x24;

/** Anything but a syntax error throws. */
function parseIn(module: PgQueryModule, sql: string): TextOutcome {
  const size = Buffer.byteLength(sql);
  const input = module._malloc(size + 1);
  if (input === 0) throw new Error('the parser is out of memory');
  memory(module).write(sql, input, size, 'utf8');
  module.HEAPU8[input + size] = 0;
  const result = module._wasm_parse_query_raw(input);
  if (result === 0) throw new Error('the parser is out of memory');
  const heap = memory(module);
  const error = heap.readUInt32LE(result + 8);
  let outcome: TextOutcome;
  if (error !== 0) outcome = syntaxError(heap, error, sql);
  else {
    const tree = heap.readUInt32LE(result);
    if (tree === 0) throw new Error('the parser returned nothing');
    outcome = trailingJunk(sql) ?? { ok: true, json: cString(heap, tree) };
  }
  module._free(input);
  module._wasm_free_parse_result(result);
  if (!outcome.ok && !isSyntaxError(outcome.message)) throw new Error(outcome.message);
  return outcome;
}

/** PgQueryError { char *message; char *funcname; char *filename; int lineno; int cursorpos; char *context }. */
function syntaxError(heap: Buffer, error: number, sql: string): TextOutcome {
  const message = cString(heap, heap.readUInt32LE(error));
  const position = heap.readInt32LE(error + 16);
  if (position <= 0) return { ok: false, reason: 'syntax', message };
  return { ok: false, reason: 'syntax', message, location: byteOffset(sql, position) };
}

/** `position` counts characters from 1. */
function byteOffset(sql: string, position: number): number {
  let index = 0;
  for (let count = 1; count < position && index < sql.length; count += 1) index += sql.codePointAt(index)! > 0xffff ? 2 : 1;
  return Buffer.byteLength(sql.slice(0, index));
}

/** What the C side reports as an error of its own and not of the statement. */
function isSyntaxError(message: string): boolean {
  return !/^(?:out of memory|invalid memory alloc|stack depth limit)/.test(message);
}

function memory(module: PgQueryModule): Buffer {
  return Buffer.from(module.HEAPU8.buffer);
}

function cString(heap: Buffer, pointer: number): string {
  return pointer === 0 ? 'unknown error' : heap.toString('utf8', pointer, heap.indexOf(0, pointer));
}
