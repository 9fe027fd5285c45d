/** Runs patterns one after the other and prints what each saw, between the markers that test-output.ts reads. */
export interface Pattern {
  readonly name: string;
  /** Returns what it saw, as JSON can say it. */
  readonly run: () => Promise<unknown>;
}

export function arguments_(argv: readonly string[]): {
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly chosen: (name: string) => boolean;
} {
  const [port = '', user = '', database = '', ...rest] = argv;
  const named = (flag: string): ReadonlySet<string> => new Set(rest.filter((_, index) => rest[index - 1] === flag));
  const without = named('--without');
  const only = named('--only');
  return { port: Number(port), user, database, chosen: (name) => !without.has(name) && (only.size === 0 || only.has(name)) };
}

export async function runPatterns(patterns: readonly Pattern[], fields: (error: unknown) => unknown): Promise<void> {
  for (const { name, run } of patterns) {
    const began = Date.now();
    process.stdout.write(`\x16=== RUN   ${name}\n`);
    let status = 'PASS';
    try {
      process.stdout.write(`${JSON.stringify(await run(), plain, 1)}\n`);
    } catch (error) {
      status = 'FAIL';
      process.stdout.write(`${JSON.stringify(fields(error), plain, 1)}\n`);
    }
    process.stdout.write(`\x16--- ${status}: ${name} (${((Date.now() - began) / 1000).toFixed(2)}s)\n`);
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Map) return [...value];
  if (value instanceof Error) return errorFields(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}

const FIELDS = [
  'message',
  'code',
  'severity',
  'severity_local',
  'hint',
  'position',
  'internalPosition',
  'internalQuery',
  'where',
  'schema',
  'schema_name',
  'table',
  'table_name',
  'column',
  'column_name',
  'dataType',
  'type_name',
  'constraint',
  'constraint_name',
];
/** Not told of what a parser finds: Sluice's finds it first (test/oracle/transparency.ts). */
const OF_THE_SERVER = ['detail', 'file', 'line', 'routine'];

/** Everything of the server's report that a program can see. */
export function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const told = error as unknown as Readonly<Record<string, unknown>>;
  const names = ['42601', '22021'].includes(String(told['code'])) ? FIELDS : [...FIELDS, ...OF_THE_SERVER];
  return Object.fromEntries(names.flatMap((name) => (name in error ? [[name, told[name]]] : [])));
}

/** The error of something that has to fail. */
export async function failure(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    return { succeeded: await work };
  } catch (error) {
    return errorFields(error);
  }
}

export const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
