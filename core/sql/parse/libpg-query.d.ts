/** The part of libpg-query's Emscripten module that wasm-parser.ts uses; the package ships no types for this file. */
/** The es2024 library of TypeScript leaves WebAssembly to the DOM library, which does not belong here. */
declare namespace WebAssembly {
  class Module {
    private readonly brand: never;
  }
  class Instance {
    constructor(module: Module, imports: Imports);
  }
  type Imports = Readonly<Record<string, unknown>>;
  function compile(bytes: Uint8Array): Promise<Module>;
}

declare module 'libpg-query/wasm/libpg-query.js' {
  export interface PgQueryModule {
    /** The linear memory; replaced by a new view when the memory grows. */
    readonly HEAPU8: Uint8Array;
    _malloc(size: number): number;
    _free(pointer: number): void;
    /** -> PgQueryParseResult { char *parse_tree; char *stderr_buffer; PgQueryError *error }. */
    _wasm_parse_query_raw(sql: number): number;
    _wasm_free_parse_result(result: number): void;
    /** -> JSON text, or an error message. */
    _wasm_scan(sql: number): number;
    _wasm_free_string(text: number): void;
  }

  export interface PgQueryOptions {
    /** The bytes of libpg-query.wasm; read from beside the module when absent. */
    readonly wasmBinary?: Uint8Array;
    readonly instantiateWasm?: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => unknown;
    readonly print?: (line: string) => void;
    readonly printErr?: (line: string) => void;
    readonly quit?: (status: number, toThrow: unknown) => never;
  }

  const create: (options?: PgQueryOptions) => Promise<PgQueryModule>;
  // biome-ignore lint/style/noDefaultExport: it is how the package exports it
  export default create;
}
