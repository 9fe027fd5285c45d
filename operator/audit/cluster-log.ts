/**
 * The log of the cluster: the holder of the Lease countersigns every checkpoint that the store has, in one chain that goes on from term to term. Two
 * holders at once, as elections allow for a moment, meet in the store: the slower one finds its place taken and goes on behind it.
 *
 * Where the log stood is published outside of the store. A term begins where the store has at least that; if it does not come (the copy of another
 * replica is lost), or is another, a log of a new name says which it replaces, and why.
 */
import { clusterLogName, kindOfChain } from '../../core/audit/chain-names.ts';
import { hashLine } from '../../core/audit/chain.ts';
import type { ChainCertificate } from '../../core/audit/certificate.ts';
import { isRecord, parseRecord, type ParsedRecord } from '../../core/audit/parsed-record.ts';
import type { AuditEntry } from '../../core/audit/record.ts';
import {
  type AuditStore,
  type ChainEnding,
  type ChainOwner,
  StoreConflictError,
  type StoredChain,
} from '../../core/audit/store.ts';
import type { PublishedHead } from '../../core/audit/trail.ts';
import type { EventLog } from '../../core/event-log.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { ChainWriter, type ChainWriterOptions } from './chain-writer.ts';

export interface ClusterLogOptions {
  readonly store: AuditStore;
  /** TrustAnchors.cluster; undefined: not known yet. */
  readonly cluster: () => string | undefined;
  readonly certify: (chain: string, publicKey: string, owner: ChainOwner) => ChainCertificate;
  /** Where the log stood when somebody last said so outside of the store. Rejects while that cannot be known. */
  readonly published: () => Promise<PublishedHead | undefined>;
  /** Of this replica. */
  readonly identity: Identity;
  readonly product: string;
  /** Undefined: it cannot be known now. */
  readonly isGone: (podUid: string) => boolean | undefined;
  readonly time: () => string;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: EventLog;
  /** Milliseconds for which a published head is waited for, and after which a pod that is gone has sent all that it will. */
  readonly patience?: { readonly head: number; readonly gone: number };
}

/** What has been said of a chain. */
interface Said {
  readonly position: number;
  readonly ended: 'ended' | 'vanished' | undefined;
}

const BATCH = 500;
const PATIENCE = { head: 60_000, gone: 120_000 };

export class ClusterLog {
  readonly #options: ClusterLogOptions;
  readonly #patience: { readonly head: number; readonly gone: number };
  #writer: ChainWriter | undefined;
  /** Of each chain, as the log has it; and how far the log has been read for it. */
  readonly #said = new Map<string, Said>();
  #read: { readonly chain: string; readonly next: number } | undefined;
  /** `next` of each chain when it was last looked at: nothing is to be done until it grows. */
  readonly #looked = new Map<string, number>();
  readonly #goneSince = new Map<string, number>();
  #waitingSince: number | undefined;

  constructor(options: ClusterLogOptions) {
    this.#options = options;
    this.#patience = options.patience ?? PATIENCE;
  }

  /** What is durable of it; undefined before a term has begun. */
  get head(): PublishedHead | undefined {
    if (this.#writer === undefined || this.#writer.stored.seq === 0) return undefined;
    const { seq, hash } = this.#writer.stored;
    return { chain: this.#writer.chain, seq: seq - 1, hash };
  }

  /** This replica does not write any more; the next round begins a term. */
  endTerm(): void {
    const writer = this.#writer;
    if (writer !== undefined && !writer.isBehind) this.#read = { chain: writer.chain, next: writer.stored.seq };
    else this.#forget();
    this.#writer = undefined;
    this.#waitingSince = undefined;
    this.#looked.clear();
  }

  /** What was said and is not known to be stored: the log is read anew. */
  #forget(): void {
    this.#read = undefined;
    this.#said.clear();
  }

  /**
   * Countersigns what has come since. Resolves to the number of countersignatures. Rejects with what the store rejects with: called again, it goes
   * on where the store stands. `mayWrite` is asked before each write.
   */
  async round(mayWrite: () => boolean): Promise<number> {
    try {
      return await this.#round(mayWrite);
    } catch (error) {
      // Another holder was there before: where the log stands now is read anew. What was sealed otherwise goes out with the next round.
      if (error instanceof StoreConflictError || this.#writer?.isBehind !== true) {
        this.#writer = undefined;
        this.#looked.clear();
        this.#forget();
      }
      throw error;
    }
  }

  async #round(mayWrite: () => boolean): Promise<number> {
    const writer = (this.#writer ??= await this.#beginTerm());
    if (writer === undefined || !mayWrite()) return 0;
    if (writer.isBehind) await writer.append([]);
    let count = 0;
    let batch: Countersigning[] = [];
    const flush = async (): Promise<boolean> => {
      if (batch.length === 0) return true;
      if (!mayWrite()) return false;
      const time = this.#options.time();
      const entries = batch.map(({ entry }) => ({ entry, time }));
      for (const { chain, said } of batch) this.#said.set(chain, said);
      count += batch.length;
      batch = [];
      await writer.append(entries);
      return true;
    };
    for await (const stored of this.#options.store.chains()) {
      if (kindOfChain(stored.chain) === 'cluster') continue;
      for await (const each of this.#due(stored)) {
        batch.push(each);
        if (batch.length >= BATCH && !(await flush())) return count;
      }
    }
    await flush();
    return count;
  }

  /** Checkpoints of a chain that nobody has countersigned yet, and how it ended. */
  async *#due(stored: StoredChain): AsyncGenerator<Countersigning> {
    const { chain, owner } = stored;
    const said = this.#said.get(chain);
    const gone = this.#isGone(stored, said);
    if (this.#looked.get(chain) === stored.next && !gone) return;
    let last: { readonly line: string; readonly seq: number } | undefined;
    let ended = false;
    let pending: Countersigning | undefined;
    for await (const { line, seq } of this.#options.store.lines(chain, (said?.position ?? -1) + 1)) {
      const type = typeOf(line);
      ended = type === 'chain-end' || (ended && type === 'checkpoint');
      last = { line, seq };
      if (type !== 'checkpoint') continue;
      if (pending !== undefined) yield pending;
      pending = countersigning(chain, owner, seq, line, undefined);
    }
    this.#looked.set(chain, stored.next);
    if (pending !== undefined && ended) yield countersigning(chain, owner, last!.seq, last!.line, 'ended');
    else if (!gone) {
      if (pending !== undefined) yield pending;
    } else {
      if (pending !== undefined && pending.said.position !== last!.seq) yield pending;
      // Up to the very last record, signed or not: from here on nobody can take one away or add one.
      const final = last ?? (await this.#lineAt(chain, stored.next - 1));
      if (final !== undefined) yield countersigning(chain, owner, final.seq, final.line, 'vanished');
    }
  }

  /** Long enough for what was on its way to have come. Said once. */
  #isGone({ chain, owner }: StoredChain, said: Said | undefined): boolean {
    const { podUid } = owner.identity;
    if (owner.kind !== 'sidecar' || podUid === undefined || said?.ended !== undefined) return false;
    if (this.#options.isGone(podUid) !== true) {
      this.#goneSince.delete(chain);
      return false;
    }
    const now = this.#options.clock.monotonic();
    const since = this.#goneSince.get(chain) ?? now;
    this.#goneSince.set(chain, since);
    return now - since >= this.#patience.gone;
  }

  async #lineAt(chain: string, seq: number): Promise<{ readonly line: string; readonly seq: number } | undefined> {
    for await (const { line, seq: found } of this.#options.store.lines(chain, seq))
      return found === seq ? { line, seq } : undefined;
    return undefined;
  }

  /** Undefined: not now. */
  async #beginTerm(): Promise<ChainWriter | undefined> {
    const { cluster: name, published, store } = this.#options;
    const cluster = name();
    if (cluster === undefined) return undefined;
    const head = await published();
    const latest = await this.#latest(cluster, head);
    const there = latest === undefined ? undefined : await store.ending(latest);
    const start = await this.#start(cluster, latest, there, head);
    if (start === undefined) return undefined;
    const { identity, product, certify, time } = this.#options;
    // The same for every replica: a chain has one owner.
    const owner: ChainOwner = {
      kind: 'cluster',
      identity: { namespace: identity.namespace, serviceAccount: identity.serviceAccount },
    };
    const { chain, ...origin } = start;
    if (latest !== undefined) await this.#readLog(latest);
    const writer = new ChainWriter({ store, chain, owner, identity, certify, time, start: { product, ...origin } });
    this.#waitingSince = undefined;
    return writer;
  }

  /** The newest of them by its number. */
  async #latest(cluster: string, head: PublishedHead | undefined): Promise<string | undefined> {
    const terms = new Set<string>();
    if (head !== undefined && termOf(cluster, head.chain) !== undefined) terms.add(head.chain);
    for await (const { chain } of this.#options.store.chains()) if (termOf(cluster, chain) !== undefined) terms.add(chain);
    return [...terms].toSorted((one, other) => termOf(cluster, one)! - termOf(cluster, other)!).at(-1);
  }

  async #start(
    cluster: string,
    latest: string | undefined,
    there: ChainEnding | undefined,
    head: PublishedHead | undefined,
  ): Promise<({ readonly chain: string } & Pick<ChainWriterOptions['start'], 'continues' | 'replaces'>) | undefined> {
    if (latest === undefined) return { chain: clusterLogName(cluster) };
    const replaced = (reason: string): { chain: string; replaces: NonNullable<ChainWriterOptions['start']['replaces']> } => {
      const chain = clusterLogName(cluster, termOf(cluster, latest)! + 1);
      const { seq, hash } = head!;
      this.#options.log('error', 'audit-log-replaced', { chain, before: head!.chain, reason });
      return { chain, replaces: { chain: head!.chain, seq, hash, reason } };
    };
    const behind = head !== undefined && head.chain === latest && (there === undefined || there.next <= head.seq);
    if (behind) {
      const now = this.#options.clock.monotonic();
      this.#waitingSince ??= now;
      if (now - this.#waitingSince < this.#patience.head) return undefined;
      return replaced('the store does not have the log up to where it was published');
    }
    if (head !== undefined && head.chain === latest) {
      const line = await this.#lineAt(latest, head.seq);
      if (line !== undefined && hashLine(line.line) !== head.hash)
        return replaced('the store has another record where the log was published');
    }
    if (there === undefined) return { chain: latest };
    return { chain: latest, continues: { seq: there.next - 1, hash: there.hash } };
  }

  /** What the log says already; only what is new since it was last read. */
  async #readLog(latest: string): Promise<void> {
    let next = this.#read?.chain === latest ? this.#read.next : 0;
    for await (const { line, seq } of this.#options.store.lines(latest, next)) {
      next = seq + 1;
      const record = parseRecord(Buffer.from(line));
      if (typeof record === 'string' || record.type !== 'countersignature') continue;
      this.#take(record);
    }
    this.#read = { chain: latest, next };
  }

  #take({ chain, position, ended }: ParsedRecord): void {
    if (typeof chain !== 'string' || typeof position !== 'number') return;
    this.#said.set(chain, { position, ended: ended === 'ended' || ended === 'vanished' ? ended : undefined });
  }
}

interface Countersigning {
  readonly chain: string;
  readonly said: Said;
  readonly entry: AuditEntry;
}

function countersigning(
  chain: string,
  { identity, database }: ChainOwner,
  position: number,
  line: string,
  ended: Said['ended'],
): Countersigning {
  return {
    chain,
    said: { position, ended },
    entry: {
      type: 'countersignature',
      chain,
      position,
      hash: hashLine(line),
      identity,
      ...(database === undefined ? {} : { database }),
      ...(ended === undefined ? {} : { ended }),
    },
  };
}

/** 0 for the first log; undefined: it is none of this cluster. */
function termOf(cluster: string, chain: string): number | undefined {
  const name = clusterLogName(cluster);
  if (chain === name) return 0;
  const [, digits] = chain.startsWith(`${name}.`) ? (/\.([1-9]\d{0,8})$/.exec(chain) ?? []) : [];
  return digits === undefined || chain !== `${name}.${digits}` ? undefined : Number(digits);
}

function typeOf(line: string): unknown {
  const record: unknown =
    line.includes('"type":"checkpoint"') || line.includes('"type":"chain-end"') ? JSON.parse(line) : undefined;
  return isRecord(record) ? record['type'] : undefined;
}
