/** The suites by name. Each is loaded when it is run: what one needs must not keep the others from running. */
import type { Suite } from './suite.ts';

/** Name -> module that exports `suite`. */
export const SUITES: Readonly<Record<string, string>> = {
  attacks: '../attacks/suite.ts',
  lineage: '../lineage/suite.ts',
  plans: '../plans/suite.ts',
  fuzz: '../fuzz/suite.ts',
  faults: '../faults/suite.ts',
  regress: '../conformance/regress/suite.ts',
  isolation: '../conformance/isolation/suite.ts',
  pipeline: '../conformance/pipeline/suite.ts',
  drivers: '../conformance/drivers/suite.ts',
};

export async function findSuite(name: string): Promise<Suite> {
  const path = SUITES[name];
  if (path === undefined) throw new Error(`no suite ${name}`);
  return ((await import(path)) as { readonly suite: Suite }).suite;
}
