/** The reviewed safe list of pg_catalog: see generate/rules.ts for what makes a function safe, generated/ for the result. */
import { SAFE_FUNCTIONS } from './generated/safe-functions.ts';

const known: ReadonlyMap<string, readonly number[] | null> = new Map(
  SAFE_FUNCTIONS.map((entry) => (typeof entry === 'string' ? [entry, null] : [entry[0], entry[1]])),
);

/** True if every overload of pg_catalog with that name and that many arguments only computes on its arguments or reads the session. */
export function isSafeFunction(name: string, argumentCount: number): boolean {
  const arities = known.get(name);
  return arities === null || (arities?.includes(argumentCount) ?? false);
}
