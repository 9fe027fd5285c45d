/**
 * The differential harness: does a rewritten statement behave as the original? The original is run twice (what differs between
 * the two runs is nondeterministic and proves nothing), then the rewrite; SQLSTATE, tag, names, types, typmods, origins,
 * parameter types, rows, notices and plan are compared one by one.
 */
import type { WireClient } from '../support/wire-client.ts';
import { observe, type Observation, type ObserveOptions } from './observe.ts';
import { normalisePlan } from './plan.ts';

/** In order of weight. `origins` is (table OID, attnum) per column, which a mask rightly turns into 0/0. */
export const ASPECTS = [
  'error',
  'message',
  'tag',
  'names',
  'types',
  'typmods',
  'origins',
  'parameters',
  'rows',
  'order',
  'copy',
  'notices',
  'plan',
] as const;
export type Aspect = (typeof ASPECTS)[number];

/** Differences in these are reported and do not make the verdict `different`: no value, name or type changes with them. */
const MINOR: ReadonlySet<Aspect> = new Set(['message', 'origins', 'order', 'plan']);

export interface Difference {
  readonly aspect: Aspect;
  readonly original: string;
  readonly rewritten: string;
}

export interface Verdict {
  /** `minor`: only origins, row order, message text or plan differ. `unstable`: rows or errors differ between two runs of the original. */
  readonly verdict: 'same' | 'minor' | 'different' | 'unstable';
  readonly differences: readonly Difference[];
  /** Aspects that already differ between two runs of the original; not compared. */
  readonly unstable: readonly Aspect[];
  readonly original: Observation;
  readonly rewritten: Observation;
}

export interface CompareOptions extends ObserveOptions {
  readonly connection: WireClient;
  readonly original: string;
  readonly rewritten: string;
  /** Where the rewritten text runs when not on `connection`: through Sluice, or on a database that holds the masked data. */
  readonly rewrittenConnection?: WireClient;
  /** Values the rewrite binds when they are not the original's. */
  readonly rewrittenParameters?: readonly (string | null)[];
}

export async function compare(options: CompareOptions): Promise<Verdict> {
  const { connection, original, rewritten, rewrittenConnection = connection } = options;
  const first = await observe(connection, original, options);
  const second = await observe(connection, original, options);
  const third = await observe(rewrittenConnection, rewritten, {
    ...options,
    parameters: options.rewrittenParameters ?? options.parameters ?? [],
  });
  const unstable = differences(first, second).map(({ aspect }) => aspect);
  const found = differences(first, third).filter(({ aspect }) => !unstable.includes(aspect));
  return { verdict: judge(found, unstable), differences: found, unstable, original: first, rewritten: third };
}

function judge(found: readonly Difference[], unstable: readonly Aspect[]): Verdict['verdict'] {
  if (found.some(({ aspect }) => !MINOR.has(aspect))) return 'different';
  if (unstable.some((aspect) => !MINOR.has(aspect) && aspect !== 'notices')) return 'unstable';
  return found.length > 0 ? 'minor' : 'same';
}

/** All aspects in which two observations differ. */
export function differences(a: Observation, b: Observation): readonly Difference[] {
  const found: Difference[] = [];
  const check = (aspect: Aspect, left: unknown, right: unknown): boolean => {
    const [original, rewritten] = [text(left), text(right)];
    if (original !== rewritten) found.push({ aspect, original, rewritten });
    return original === rewritten;
  };
  check('error', a.closed ? 'connection closed' : a.sqlstate, b.closed ? 'connection closed' : b.sqlstate);
  check('message', [a.message, a.detail], [b.message, b.detail]);
  // After an error on one side only, the rest differs as a consequence and says nothing.
  if (a.sqlstate !== b.sqlstate) return found;
  check('tag', a.tag, b.tag);
  check('names', a.fields?.map(({ name }) => name) ?? null, b.fields?.map(({ name }) => name) ?? null);
  check(
    'types',
    a.fields?.map(({ typeOid, typeSize }) => [typeOid, typeSize]) ?? null,
    b.fields?.map(({ typeOid, typeSize }) => [typeOid, typeSize]) ?? null,
  );
  check('typmods', a.fields?.map(({ typmod }) => typmod) ?? null, b.fields?.map(({ typmod }) => typmod) ?? null);
  check(
    'origins',
    a.fields?.map(({ tableOid, attnum }) => [tableOid, attnum]) ?? null,
    b.fields?.map(({ tableOid, attnum }) => [tableOid, attnum]) ?? null,
  );
  check('parameters', a.parameterTypes, b.parameterTypes);
  if (check('rows', [...a.rows].sort(), [...b.rows].sort())) check('order', a.rows, b.rows);
  check('copy', a.copied, b.copied);
  check('notices', a.notices, b.notices);
  if (a.plan !== null && b.plan !== null) check('plan', normalisePlan(a.plan), normalisePlan(b.plan));
  return found;
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value.join('\n') : JSON.stringify(value);
}
