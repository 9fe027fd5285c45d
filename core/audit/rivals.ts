/** A pod has one chain for each Database. A second one at the same time, that does not say that it replaces the first, is a fork. */
import { type ChainFault, faultAt, type VerifyReport } from './verify-report.ts';

interface Rival extends VerifyReport {
  readonly kind: string;
}

/** The later one of each two, and what is wrong with it. */
export function rivals<T extends Rival>(reports: readonly T[]): ReadonlyMap<T, ChainFault> {
  const byPod = new Map<string, T[]>();
  for (const report of reports) {
    const identity = report.certificate?.identity ?? (report.start?.identity as { readonly podUid?: unknown } | undefined);
    if (report.kind !== 'sidecar' || typeof identity?.podUid !== 'string' || report.from === undefined) continue;
    const key = JSON.stringify([identity.podUid, report.certificate?.database ?? databaseOf(report)]);
    byPod.set(key, [...(byPod.get(key) ?? []), report]);
  }
  const faults = new Map<T, ChainFault>();
  for (const chains of byPod.values()) {
    const sorted = chains.sort((one, other) => (one.from! < other.from! ? -1 : 1));
    sorted.forEach((later, index) => {
      const earlier = sorted
        .slice(0, index)
        .find((each) => each.to! >= later.from! && !replaces(later, each) && !replaces(each, later));
      if (earlier !== undefined && later.startsAt !== undefined)
        faults.set(later, faultAt(later.startsAt, later.begins, `its pod wrote chain ${earlier.chain} at the same time`));
    });
  }
  return faults;
}

function replaces(one: VerifyReport, other: VerifyReport): boolean {
  return (one.start?.replaces as { readonly chain?: unknown } | undefined)?.chain === other.chain;
}

function databaseOf({ start }: VerifyReport): string {
  const { namespace, name } = (start?.database ?? {}) as { readonly namespace?: unknown; readonly name?: unknown };
  return `${String(namespace)}/${String(name)}`;
}
