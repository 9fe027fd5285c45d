import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SealedImages } from '../../core/audit/evidence.ts';
import type { AuditEntry, SealingKey } from '../../core/audit/record.ts';
import { openImages } from '../../core/audit/sealing.ts';
import { type Recipients, Sealer, type SealerOptions } from './sealer.ts';

const identities: string[] = [];
const recipients: string[] = [];
beforeAll(async () => {
  for (let i = 0; i < 3; i += 1) identities.push(await generateX25519Identity());
  for (const identity of identities) recipients.push(await identityToRecipient(identity));
});

const images = (statement: string): SealedImages => ({
  v: 1,
  statement,
  changes: [{ relation: 'public.t', action: 'Delete', key: ['id'], rows: [{ before: { id: '1', secret: 'canary' } }] }],
});

/** Timers that run when told to. */
class Hand {
  #timers: { at: number; callback: () => void }[] = [];
  #now = 0;
  monotonic = (): number => this.#now;
  after = (milliseconds: number, callback: () => void): (() => void) => {
    const timer = { at: this.#now + milliseconds, callback };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((each) => each !== timer));
  };
  pass(milliseconds: number): void {
    this.#now += milliseconds;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    for (const { callback } of due) callback();
  }
}

function setUp(options: Partial<SealerOptions> = {}) {
  const entries: AuditEntry[] = [];
  const logged: string[] = [];
  const clock = new Hand();
  const drawn: Buffer[] = [];
  const sealer = new Sealer({
    journal: { defer: (entry) => void entries.push(entry) },
    clock,
    randomBytes: (count) => {
      const bytes = randomBytes(count);
      drawn.push(bytes);
      return bytes;
    },
    log: (_, event) => void logged.push(event),
    ...options,
  });
  const keys = (): SealingKey[] => entries.filter((entry) => entry.type === 'sealing-key') as unknown as SealingKey[];
  return { sealer, entries, keys, logged, clock, drawn };
}

async function ready(sealer: Sealer, to: Recipients): Promise<void> {
  sealer.setRecipients(to);
  await sealer.ready;
}

async function open(record: SealingKey, identity: string, purpose: 'audit' | 'undo' = 'audit'): Promise<Buffer> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const file = record.sealed.find((each) => each.purpose === purpose)!.file;
  return Buffer.from(await decrypter.decrypt(Buffer.from(file, 'base64')));
}

describe('sealer', () => {
  it('seals nothing without recipients', () => {
    const { sealer, entries } = setUp();
    expect(sealer.seal(images('s.1'))).toBeUndefined();
    expect(entries).toEqual([]);
  });

  it('hands over the record of the key before the first image, and each recipient opens it, nobody else', async () => {
    const { sealer, keys, entries } = setUp();
    await ready(sealer, { audit: recipients.slice(0, 2) });
    expect(entries).toEqual([]);
    const sealed = sealer.seal(images('s.1'))!;
    expect(keys()).toHaveLength(1);
    const [record] = keys();
    expect(sealed.sealedBy).toBe(record!.id);
    for (const identity of identities.slice(0, 2)) {
      const key = await open(record!, identity);
      expect(openImages(key, record!.id, 's.1', sealed.images)).toEqual(images('s.1'));
    }
    await expect(open(record!, identities[2]!)).rejects.toThrow();
    expect(JSON.stringify(record)).not.toContain((await open(record!, identities[0]!)).toString('base64'));
  });

  it('keeps purposes apart', async () => {
    const { sealer, keys } = setUp();
    await ready(sealer, { audit: [recipients[0]!], undo: [recipients[1]!] });
    const sealed = sealer.seal(images('s.1'))!;
    const [record] = keys();
    expect(record!.sealed.map(({ purpose }) => purpose)).toEqual(['audit', 'undo']);
    await expect(open(record!, identities[0]!, 'undo')).rejects.toThrow();
    expect(openImages(await open(record!, identities[1]!, 'undo'), record!.id, 's.1', sealed.images)).toEqual(images('s.1'));
  });

  it('uses one key for an hour, then another', async () => {
    const { sealer, keys, clock } = setUp();
    await ready(sealer, { audit: [recipients[0]!] });
    const one = sealer.seal(images('s.1'))!;
    const two = sealer.seal(images('s.2'))!;
    expect(two.sealedBy).toBe(one.sealedBy);
    expect(two.images.slice(0, 16)).not.toBe(one.images.slice(0, 16));
    await sealer.ready;
    clock.pass(3_600_000);
    const three = sealer.seal(images('s.3'))!;
    expect(three.sealedBy).not.toBe(one.sealedBy);
    expect(keys()).toHaveLength(2);
  });

  it('replaces a key that has sealed many images, as soon as there is another', async () => {
    const { sealer, keys } = setUp({ most: 2 });
    await ready(sealer, { audit: [recipients[0]!] });
    sealer.seal(images('s.1'));
    sealer.seal(images('s.2'));
    expect(sealer.seal(images('s.3'))!.sealedBy).toBe(keys()[0]!.id);
    await sealer.ready;
    expect(sealer.seal(images('s.4'))!.sealedBy).not.toBe(keys()[0]!.id);
  });

  it('seals to nobody who was taken off the list once the next key is there, and at once to nobody', async () => {
    const { sealer, keys } = setUp();
    await ready(sealer, { audit: recipients.slice(0, 2) });
    sealer.seal(images('s.1'));
    await ready(sealer, { audit: [recipients[1]!] });
    sealer.seal(images('s.2'));
    expect(keys().map(({ sealed }) => sealed[0]!.recipients)).toEqual([recipients.slice(0, 2), [recipients[1]]]);
    await expect(open(keys()[1]!, identities[0]!)).rejects.toThrow();
    sealer.setRecipients({ audit: [] });
    expect(sealer.seal(images('s.3'))).toBeUndefined();
  });

  it('does not use a key that was begun for others', async () => {
    const { sealer, keys } = setUp();
    sealer.setRecipients({ audit: [recipients[0]!] });
    const first = sealer.ready;
    await ready(sealer, { audit: [recipients[1]!] });
    await first;
    sealer.seal(images('s.1'));
    expect(keys().map(({ sealed }) => sealed[0]!.recipients)).toEqual([[recipients[1]]]);
    sealer.setRecipients({});
    await sealer.ready;
    expect(sealer.seal(images('s.2'))).toBeUndefined();
  });

  it('says that a key could not be made, seals nothing meanwhile, and tries again', async () => {
    let fails = true;
    const { sealer, logged, clock } = setUp({
      encrypt: (_, content) => (fails ? Promise.reject(new Error('no')) : Promise.resolve(Buffer.from(content))),
    });
    await ready(sealer, { audit: [recipients[0]!] });
    expect(sealer.seal(images('s.1'))).toBeUndefined();
    expect(logged).toEqual(['sealing-key-not-made']);
    fails = false;
    clock.pass(30_000);
    await sealer.ready;
    expect(sealer.seal(images('s.1'))).toBeDefined();
  });

  it('overwrites the bytes of every key as soon as they are sealed, and seals nothing when it is closed', async () => {
    const { sealer, drawn } = setUp();
    await ready(sealer, { audit: [recipients[0]!] });
    sealer.seal(images('s.1'));
    await sealer.ready;
    const record = sealer.seal(images('s.2'));
    expect(record).toBeDefined();
    sealer.close();
    expect(drawn.filter(({ length }) => length === 32).every((key) => key.equals(Buffer.alloc(32)))).toBe(true);
    expect(sealer.seal(images('s.2'))).toBeUndefined();
  });
});
