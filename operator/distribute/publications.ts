/**
 * What is said to whom, computed once for each (Database, service account) and serialised once, however many sidecars hear it. Changes of
 * one event-loop turn are looked at together; what comes out the same is not said again.
 */
import { createHash } from 'node:crypto';
import type { EventLog } from '../../core/event-log.ts';
import type { PolicyRef } from '../../core/policy/bundle.ts';
import { encodeFrame, MAX_OPERATOR_FRAME, type OperatorFrame } from '../../core/stream/frames.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { Materials } from '../materials/materials.ts';
import type { ClusterView, ServiceAccountRef } from '../view/cluster-view.ts';
import type { DigestKeys } from '../audit/digest-keys.ts';
import { type Offer, offerFor } from './offer.ts';

/** Bytes of one frame, shared by everybody who is sent it. */
export interface Part {
  readonly type: OperatorFrame['type'];
  readonly bytes: Buffer;
  /** SHA-256 (hexadecimal) of a text that a sidecar may hold already. */
  readonly digest?: string;
}

export interface Publication {
  /** In the order they are sent. Parts that have not changed are the very same objects as before. */
  readonly parts: readonly Part[];
  /** Of its state; undefined: withdrawn. */
  readonly revision: string | undefined;
  readonly policies: readonly Pick<PolicyRef, 'namespace' | 'name' | 'generation'>[];
  /** Monotonic milliseconds when the change was seen that it comes from; undefined for what was there at the first look. */
  readonly seen: number | undefined;
}

export interface Subscription {
  /** Undefined: nothing can be said yet. */
  readonly current: Publication | undefined;
  close(): void;
}

export interface PublicationsOptions {
  readonly view: Pick<ClusterView, 'trusted' | 'database' | 'policiesOf' | 'onChange'>;
  readonly materials: Pick<Materials, 'of' | 'onChange'>;
  readonly digestKeys: DigestKeys;
  readonly clock: Clock;
  readonly log: EventLog;
  /** Bytes of a frame that sidecars take; more would end their connections, again and again. */
  readonly maxFrame?: number;
}

interface Entry {
  readonly key: string;
  readonly subject: ServiceAccountRef;
  readonly listeners: Set<() => void>;
  publication: Publication | undefined;
  cancelExpiry: () => void;
}

/** Timers know nothing of a clock that is set, or of a machine that slept: it is looked at every so often, milliseconds. */
const LOOK_AT_CLOCK = 15_000;

export class Publications {
  readonly #options: PublicationsOptions;
  /** By Database, then by service account. */
  readonly #entries = new Map<string, Map<string, Entry>>();
  readonly #findings = new Map<string, { readonly text: string; readonly part: Part | undefined }>();
  /** Databases that have changed in this turn, with when that was seen first. */
  readonly #dirty = new Map<string, number>();
  readonly #unsubscribe: readonly (() => void)[];
  #scheduled: NodeJS.Immediate | undefined;

  constructor(options: PublicationsOptions) {
    this.#options = options;
    const changed = (key: string): void => this.#changed(key);
    this.#unsubscribe = [
      options.view.onChange(changed),
      options.materials.onChange(changed),
      options.digestKeys.onChange(() => [...this.#entries.keys()].forEach(changed)),
    ];
  }

  subscribe(key: string, subject: ServiceAccountRef, listener: () => void): Subscription {
    const entry = this.#entry(key, subject);
    entry.listeners.add(listener);
    return {
      get current() {
        return entry.publication;
      },
      close: () => {
        entry.listeners.delete(listener);
        if (entry.listeners.size === 0) this.#forget(entry);
      },
    };
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    for (const entries of this.#entries.values()) for (const entry of entries.values()) entry.cancelExpiry();
    this.#entries.clear();
  }

  #entry(key: string, subject: ServiceAccountRef): Entry {
    let entries = this.#entries.get(key);
    if (entries === undefined) this.#entries.set(key, (entries = new Map()));
    const name = nameOf(subject);
    let entry = entries.get(name);
    if (entry === undefined) {
      entry = { key, subject, listeners: new Set(), publication: undefined, cancelExpiry: () => undefined };
      entries.set(name, entry);
      this.#compute(entry, undefined);
    }
    return entry;
  }

  #forget({ key, subject, cancelExpiry }: Entry): void {
    cancelExpiry();
    const entries = this.#entries.get(key);
    entries?.delete(nameOf(subject));
    if (entries?.size !== 0) return;
    this.#entries.delete(key);
    this.#findings.delete(key);
  }

  get #maxFrame(): number {
    return this.#options.maxFrame ?? MAX_OPERATOR_FRAME;
  }

  #changed(key: string): void {
    if (!this.#entries.has(key)) return;
    if (!this.#dirty.has(key)) this.#dirty.set(key, this.#options.clock.monotonic());
    this.#scheduled ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = undefined;
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const [key, seen] of dirty)
      for (const entry of [...(this.#entries.get(key)?.values() ?? [])]) this.#compute(entry, seen);
  }

  #compute(entry: Entry, seen: number | undefined): void {
    const { view, materials, digestKeys, clock } = this.#options;
    const now = clock.now();
    const offer = offerFor({ view, materials, digestKeys, key: entry.key, subject: entry.subject, now });
    entry.cancelExpiry();
    entry.cancelExpiry = this.#watchExpiry(entry, offer, now);
    // What was said stays in force while its Secrets are being looked at again.
    if (offer.kind === 'unknown') return;
    const parts = this.#parts(entry, offer);
    const before = entry.publication?.parts;
    if (before !== undefined && before.length === parts.length && parts.every((part, index) => part === before[index])) return;
    const inForce = offer.kind === 'state' && parts.at(-1)?.type === 'state';
    entry.publication = {
      parts,
      revision: inForce ? offer.state.revision : undefined,
      policies: inForce
        ? offer.state.policies.map(({ metadata: { namespace, name, generation } }) => ({
            namespace,
            name,
            generation: generation ?? 0,
          }))
        : [],
      seen,
    };
    for (const listener of [...entry.listeners]) listener();
  }

  #parts(entry: Entry, offer: Exclude<Offer, { kind: 'unknown' }>): readonly Part[] {
    const before = entry.publication?.parts ?? [];
    const frames: OperatorFrame[] =
      offer.kind === 'state'
        ? [offer.credential, ...(offer.digestKey === undefined ? [] : [offer.digestKey]), offer.state]
        : [{ type: 'withdrawn', database: entry.key, reason: offer.reason }];
    const parts = frames.map((frame) => reused(before, frame));
    if (offer.kind === 'withdrawn') return parts;
    if (parts.at(-1)!.bytes.length > this.#maxFrame) {
      const reason = `What is in force on Database ${entry.key} is larger than a sidecar takes (${this.#maxFrame} bytes).`;
      return [reused(before, { type: 'withdrawn', database: entry.key, reason })];
    }
    const findings = offer.findings === undefined ? undefined : this.#findingsPart(entry.key, offer.findings);
    return findings === undefined ? parts : [...parts.slice(0, -1), findings, parts.at(-1)!];
  }

  /** The same for all service accounts of a Database, and its largest frame. */
  #findingsPart(key: string, text: string): Part | undefined {
    const before = this.#findings.get(key);
    if (before?.text === text) return before.part;
    let part: Part | undefined = {
      ...partOf({ type: 'findings', database: key, text }),
      digest: createHash('sha256').update(text).digest('hex'),
    };
    if (part.bytes.length > this.#maxFrame) {
      // Without them more is masked, nothing less.
      this.#options.log('warn', 'findings-too-large', { database: key, bytes: part.bytes.length });
      part = undefined;
    }
    this.#findings.set(key, { text, part });
    return part;
  }

  #watchExpiry(entry: Entry, offer: Offer, now: number): () => void {
    if (offer.kind !== 'state' || offer.nextChange === undefined) return () => undefined;
    const { clock } = this.#options;
    return clock.after(Math.min(offer.nextChange - now, LOOK_AT_CLOCK), () => this.#compute(entry, clock.monotonic()));
  }
}

function partOf(frame: OperatorFrame): Part {
  return { type: frame.type, bytes: Buffer.from(encodeFrame(frame)) };
}

/** The part of `before` that says the same, if one does. */
function reused(before: readonly Part[], frame: OperatorFrame): Part {
  const part = partOf(frame);
  return before.find((each) => each.bytes.equals(part.bytes)) ?? part;
}

function nameOf({ namespace, serviceAccount }: ServiceAccountRef): string {
  return `${namespace}/${serviceAccount}`;
}
