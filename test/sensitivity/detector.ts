/** The detection of Sluice, as the measurement calls it. */
import type { Detector } from './measure.ts';

export async function detector(): Promise<Detector> {
  const path = new URL('../../sidecar/sensitivity/scan.ts', import.meta.url).href;
  const module = (await import(path)) as { readonly scanDatabase: (...args: readonly unknown[]) => ReturnType<Detector> };
  return (connection) => module.scanDatabase(connection, {});
}
