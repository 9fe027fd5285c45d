/** Acknowledgements counted over the sidecars that are connected now: looked up when asked, so that there is no sum that could go wrong. */
import type { Acknowledgements, DatabaseAcknowledgements, PolicyAcknowledgement } from './acknowledgements.ts';
import type { ConnectedSidecar } from './connected-sidecar.ts';
import type { Publication } from './publications.ts';

const MOST_REJECTIONS = 5;

export class AcknowledgementBook implements Acknowledgements {
  readonly #sidecars: () => Iterable<ConnectedSidecar>;
  readonly #listeners = new Set<(key: string) => void>();
  readonly #changed = new Set<string>();

  constructor(sidecars: () => Iterable<ConnectedSidecar>) {
    this.#sidecars = sidecars;
  }

  of(key: string): DatabaseAcknowledgements {
    const policies = new Map<string, { -readonly [K in keyof PolicyAcknowledgement]: PolicyAcknowledgement[K] }>();
    const count = (publication: Publication | undefined, what: 'bound' | 'programmed'): void => {
      for (const { namespace, name, generation } of publication?.policies ?? []) {
        const id = `${namespace}/${name} ${generation}`;
        let entry = policies.get(id);
        if (entry === undefined) policies.set(id, (entry = { namespace, name, generation, bound: 0, programmed: 0 }));
        entry[what] += 1;
      }
    };
    const rejections = new Set<string>();
    let connected = 0;
    for (const sidecar of this.#sidecars()) {
      const standing = sidecar.standing(key);
      if (standing === undefined || sidecar.version === undefined) continue;
      connected += 1;
      count(standing.sent, 'bound');
      count(standing.programmed, 'programmed');
      if (standing.rejection !== undefined && rejections.size < MOST_REJECTIONS) rejections.add(standing.rejection);
    }
    return { connected, policies: [...policies.values()].sort(byName), rejections: [...rejections].sort() };
  }

  databases(): readonly string[] {
    const keys = new Set<string>();
    for (const sidecar of this.#sidecars()) for (const key of sidecar.databases) keys.add(key);
    return [...keys].sort();
  }

  versions(): ReadonlyMap<string, number> {
    const versions = new Map<string, number>();
    for (const { version } of this.#sidecars())
      if (version !== undefined) versions.set(version, (versions.get(version) ?? 0) + 1);
    return versions;
  }

  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  changed(key: string): void {
    if (this.#changed.size === 0) setImmediate(() => this.#tell());
    this.#changed.add(key);
  }

  #tell(): void {
    const keys = [...this.#changed];
    this.#changed.clear();
    for (const key of keys) for (const listener of [...this.#listeners]) listener(key);
  }
}

function byName(a: PolicyAcknowledgement, b: PolicyAcknowledgement): number {
  return compare(a.namespace, b.namespace) || compare(a.name, b.name) || a.generation - b.generation;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
