/** `spec.hostAliases`: the names of governed hosts lead to the sidecar. https://kubernetes.io/docs/tasks/network/customize-hosts-file-for-pods/ */
import type { InjectionProblem, RawPod } from './injection.ts';
import type { Target } from './listeners.ts';
import { type Raw, records, text, texts } from '../../core/json/read.ts';
import { specOf } from './raw-pod.ts';

/** The pod's own entries stay; ours join them, one an address. */
export function mergeHostAliases(pod: RawPod, targets: readonly Target[]): readonly Raw[] {
  const merged = [...records(specOf(pod)['hostAliases'])];
  for (const { address, names } of targets) {
    if (address === undefined) continue;
    const at = merged.findIndex((each) => each['ip'] === address);
    const before = at < 0 ? [] : texts(merged[at]!['hostnames']);
    const missing = names.filter((name) => !before.includes(name));
    if (missing.length === 0) continue;
    const entry = { ...(at < 0 ? { ip: address } : merged[at]), hostnames: [...before, ...missing] };
    if (at < 0) merged.push(entry);
    else merged[at] = entry;
  }
  return merged;
}

/** Whether the pod's own entries lead a governed name elsewhere, or another name to an address of ours. */
export function hostAliasProblems(pod: RawPod, targets: readonly Target[]): readonly InjectionProblem[] {
  const owner = new Map<string, string>();
  for (const { names, address } of targets) if (address !== undefined) for (const name of names) owner.set(name, address);
  const problems: InjectionProblem[] = [];
  for (const entry of records(specOf(pod)['hostAliases'])) {
    const ip = text(entry['ip']) ?? '';
    for (const name of texts(entry['hostnames'])) {
      const ours = owner.get(name.toLowerCase());
      if (ours !== undefined && ours !== ip) {
        problems.push({
          reason: 'HostAliasConflict',
          message: `hostAliases lead ${name}, the host of a governed Database, to ${ip}; remove that entry, Sluice adds its own`,
        });
      } else if (ours === undefined && ip.startsWith('127.77.')) {
        problems.push({
          reason: 'HostAliasConflict',
          message: `hostAliases lead ${name} to ${ip}; 127.77.0.0/16 is where Sluice serves databases in governed pods, use another address`,
        });
      }
    }
  }
  return problems;
}
