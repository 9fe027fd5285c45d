/**
 * Host names of Databases, resolved by the operator: a pod's own DNS and /etc/hosts are its author's. Looked up again every half minute. While
 * a name cannot be resolved the last addresses count for some time: a resolver that restarts ends nobody's session.
 *
 * getaddrinfo() blocks a thread of a small pool, so few look-ups are under way at once, and names that failed wait behind the others.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Clock } from '../../sidecar/bundle/clock.ts';

export type Resolve = (host: string) => Promise<readonly string[]>;

/** As any program of this pod would: /etc/hosts, search domains, then DNS. */
export const systemResolve: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

export interface ResolvedHost {
  /** Sorted. */
  readonly addresses: readonly string[];
  /** Why there are none, or why they may be out of date. */
  readonly problem?: string;
}

const PERIOD = 30_000;
const LONGEST_PERIOD = 300_000;
/** Milliseconds for which addresses outlive the name's last good answer. */
const KEEP = 600_000;
const AT_ONCE = 2;
/** A Service without an address of its own may have hundreds. */
const MOST_ADDRESSES = 32;

interface Entry {
  result: ResolvedHost | undefined;
  /** Monotonic milliseconds. */
  goodAt: number;
  failures: number;
  busy: boolean;
  cancel: () => void;
}

export class Addresses {
  readonly #clock: Clock;
  readonly #resolve: Resolve;
  readonly #onChange: (host: string) => void;
  readonly #hosts = new Map<string, Entry>();
  readonly #waiting = new Set<string>();
  #busy = 0;

  constructor(options: { readonly clock: Clock; readonly resolve: Resolve; readonly onChange: (host: string) => void }) {
    this.#clock = options.clock;
    this.#resolve = options.resolve;
    this.#onChange = options.onChange;
  }

  /** Undefined: not looked up yet. */
  of(host: string): ResolvedHost | undefined {
    return isIP(host) === 0 ? this.#hosts.get(host)?.result : { addresses: [host] };
  }

  /** Exactly these are kept up to date from now on. */
  follow(hosts: ReadonlySet<string>): void {
    for (const [host, entry] of this.#hosts) {
      if (hosts.has(host)) continue;
      entry.cancel();
      this.#hosts.delete(host);
      this.#waiting.delete(host);
    }
    for (const host of hosts) {
      if (isIP(host) !== 0 || this.#hosts.has(host)) continue;
      this.#hosts.set(host, { result: undefined, goodAt: 0, failures: 0, busy: false, cancel: () => undefined });
      this.#ask(host);
    }
  }

  #ask(host: string): void {
    this.#waiting.add(host);
    this.#work();
  }

  #work(): void {
    while (this.#busy < AT_ONCE && this.#waiting.size > 0) {
      const host = this.#next();
      this.#waiting.delete(host);
      const entry = this.#hosts.get(host);
      if (entry === undefined || entry.busy) continue;
      this.#busy += 1;
      entry.busy = true;
      void this.#look(host, entry).finally(() => {
        this.#busy -= 1;
        this.#work();
      });
    }
  }

  #next(): string {
    let chosen = '';
    let least = Number.POSITIVE_INFINITY;
    for (const host of this.#waiting) {
      const failures = this.#hosts.get(host)?.failures ?? 0;
      if (failures < least) [chosen, least] = [host, failures];
    }
    return chosen;
  }

  async #look(host: string, entry: Entry): Promise<void> {
    let found: readonly string[] = [];
    let failure = 'it has no address';
    try {
      const all = await this.#resolve(host);
      found = [...new Set(all)]
        .filter((address) => isIP(address) !== 0)
        .sort()
        .slice(0, MOST_ADDRESSES);
    } catch (error) {
      failure = reasonOf(error);
    }
    entry.busy = false;
    if (this.#hosts.get(host) !== entry) return;
    const before = entry.result;
    if (found.length > 0) this.#succeeded(entry, found);
    else this.#failed(host, entry, failure);
    const pause = Math.min(PERIOD * 2 ** Math.max(0, entry.failures - 3), LONGEST_PERIOD);
    entry.cancel = this.#clock.after(pause, () => this.#ask(host));
    if (JSON.stringify(before) !== JSON.stringify(entry.result)) this.#onChange(host);
  }

  #succeeded(entry: Entry, addresses: readonly string[]): void {
    entry.failures = 0;
    entry.goodAt = this.#clock.monotonic();
    entry.result = { addresses };
  }

  #failed(host: string, entry: Entry, failure: string): void {
    entry.failures += 1;
    const fresh = entry.result !== undefined && this.#clock.monotonic() - entry.goodAt < KEEP;
    const addresses = fresh ? (entry.result?.addresses ?? []) : [];
    entry.result = {
      addresses,
      problem:
        addresses.length > 0
          ? `host ${host} cannot be resolved (${failure}); its last addresses are used for at most ten minutes`
          : `host ${host} cannot be resolved: ${failure}`,
    };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name does not exist',
  EAI_AGAIN: 'the name server does not answer',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (code === '' ? 'unknown reason' : code);
}
