import { describe, expect, it } from 'vitest';
import { type RegisteredSession, SessionRegistry } from './registry.ts';

class FakeSession implements RegisteredSession {
  readonly heard: string[] = [];
  readonly #stubborn: boolean;
  close: () => void = () => {};
  readonly closed = new Promise<void>((resolve) => {
    this.close = resolve;
  });

  constructor(stubborn = false) {
    this.#stubborn = stubborn;
  }
  async cancelRequested(): Promise<void> {
    this.heard.push('cancel');
  }
  drain(): void {
    this.heard.push('drain');
    if (!this.#stubborn) this.close();
  }
  stop(): void {
    this.heard.push('stop');
    this.close();
  }
}

/** A session whose server gave no process id. */
function entered(registry: SessionRegistry, session: FakeSession) {
  registry.add(session);
  return registry.keyOf(session, undefined);
}

describe('keys', () => {
  it('carry the process id of the server, and a secret of their own', () => {
    const registry = new SessionRegistry();
    const session = new FakeSession();
    const twin = new FakeSession();
    registry.add(session);
    registry.add(twin);
    const { pid, secret } = registry.keyOf(session, 4711);
    const other = registry.keyOf(twin, 4711);
    expect([pid, other.pid]).toEqual([4711, 4711]);
    expect(secret).not.toEqual(other.secret);
    registry.cancel({ pid, secret });
    expect([session.heard, twin.heard]).toEqual([['cancel'], []]);
  });

  it('do not exist before the server has answered', () => {
    const registry = new SessionRegistry();
    const session = new FakeSession();
    registry.add(session);
    registry.cancel({ pid: 0, secret: Buffer.alloc(4) });
    expect(session.heard).toEqual([]);
  });

  it('reach the session they were given to, and no other', () => {
    const registry = new SessionRegistry();
    const sessions = Array.from({ length: 20 }, () => new FakeSession());
    const keys = sessions.map((session) => entered(registry, session));
    registry.cancel(keys[7]!);
    expect(sessions.map((session) => session.heard.length)).toEqual(sessions.map((_, i) => (i === 7 ? 1 : 0)));
  });

  it('count in every bit and in their length', () => {
    const registry = new SessionRegistry();
    const session = new FakeSession();
    const { pid, secret } = entered(registry, session);
    for (let bit = 0; bit < 32; bit++) {
      registry.cancel({ pid: pid ^ (1 << bit), secret });
      const wrong = Buffer.from(secret);
      wrong[bit >> 3]! ^= 1 << (bit & 7);
      registry.cancel({ pid, secret: wrong });
    }
    registry.cancel({ pid, secret: secret.subarray(0, 3) });
    registry.cancel({ pid, secret: Buffer.alloc(0) });
    registry.cancel({ pid, secret: Buffer.concat([secret, secret]) });
    expect(session.heard).toEqual([]);
    registry.cancel({ pid, secret: Buffer.from(secret) });
    expect(session.heard).toEqual(['cancel']);
  });

  it('are 63 bits that differ from session to session where the server gave no process id, which is positive', () => {
    const registry = new SessionRegistry();
    const keys = Array.from({ length: 500 }, () => entered(registry, new FakeSession()));
    expect(new Set(keys.map(({ pid }) => pid)).size).toBeGreaterThan(495);
    expect(new Set(keys.map(({ secret }) => secret.readUInt32BE(0))).size).toBeGreaterThan(495);
    // Every bit but the sign is drawn: over 500 keys each has been both 0 and 1.
    let ones = 0n;
    let zeros = 0n;
    for (const { pid, secret } of keys) {
      const key = (BigInt.asUintN(32, BigInt(pid)) << 32n) | BigInt(secret.readUInt32BE(0));
      ones |= key;
      zeros |= ~key & 0xffffffffffffffffn;
    }
    expect([ones, zeros]).toEqual([0x7fffffffffffffffn, 0xffffffffffffffffn]);
  });

  it('and places end with their session', () => {
    const registry = new SessionRegistry();
    const session = new FakeSession();
    const key = entered(registry, session);
    registry.add(new FakeSession());
    expect(registry.size).toBe(2);
    registry.remove(session);
    expect(registry.size).toBe(1);
    registry.cancel(key);
    expect(session.heard).toEqual([]);
  });
});

describe('drain', () => {
  it('asks every session, waits for all, also for those just ended, and stops none that ends by itself', async () => {
    const registry = new SessionRegistry();
    const quick = new FakeSession();
    const slow = new FakeSession(true);
    const saysGoodbye = new FakeSession();
    registry.add(quick);
    const key = entered(registry, slow);
    registry.add(saysGoodbye);
    registry.remove(saysGoodbye);
    let drained = false;
    const done = registry.drain(60_000).then(() => {
      drained = true;
    });
    expect(registry.draining).toBe(true);
    registry.cancel(key);
    registry.remove(slow);
    slow.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(drained).toBe(false);
    saysGoodbye.close();
    await done;
    expect([quick.heard, slow.heard, saysGoodbye.heard]).toEqual([['drain'], ['drain', 'cancel'], []]);
  });

  it('stops after the deadline what has not ended', async () => {
    const registry = new SessionRegistry();
    const stubborn = new FakeSession(true);
    registry.add(stubborn);
    await registry.drain(5);
    expect(stubborn.heard).toEqual(['drain', 'stop']);
  });
});
