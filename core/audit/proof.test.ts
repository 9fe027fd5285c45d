import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isResult, KEPT_LEAVES, LEAF, leafOf, placesOf, PROVEN_BYTES, ResultProof, resultKey, rowBytes } from './proof.ts';

const digestKey = Buffer.alloc(32, 1);
const key = resultKey(digestKey, 's.1');
const row = (index: number): Buffer => rowBytes([`${index}`, 'x', null]);

function proofOf(rows: readonly Buffer[], under = key): ResultProof {
  const proof = new ResultProof(under);
  for (const each of rows) proof.add(each);
  return proof;
}

/** The same tree, written down as it is defined. */
function rootOf(rows: readonly Buffer[]): string {
  const sha = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
  let level = rows.map((each, index) => {
    const place = Buffer.alloc(12);
    place.writeBigUInt64BE(BigInt(index));
    place.writeUInt32BE(each.length, 8);
    return sha(key, place, each).subarray(0, LEAF);
  });
  while (level.length >= 16) {
    const next: Buffer[] = [];
    for (let at = 0; at < level.length; at += 16) next.push(sha(Buffer.of(1), ...level.slice(at, at + 16)));
    level = next;
  }
  const count = Buffer.alloc(9);
  count[0] = 2;
  count.writeBigUInt64BE(BigInt(rows.length), 1);
  return sha(count, ...level).toString('base64url');
}

describe('proof of a result', () => {
  it.each([0, 1, 2, 15, 16, 17, 31, 32, 33, 255, 256, 257, 272, 4_095, 4_096, 4_097])(
    'of %i rows has the root that the tree has',
    (count) => {
      const rows = Array.from({ length: count }, (_, index) => row(index));
      expect(proofOf(rows).root()).toBe(rootOf(rows));
      expect(isResult(key, rootOf(rows), rows)).toBe(true);
    },
  );

  it('shows a row at its place, and refuses one that was changed, another key, another statement', () => {
    const rows = [row(1), row(2), row(2), rowBytes([]), rowBytes([''])];
    const { leaves } = proofOf(rows);
    expect(placesOf(key, leaves, row(1))).toEqual([0]);
    expect(placesOf(key, leaves, row(2))).toEqual([1, 2]);
    expect(placesOf(key, leaves, rowBytes(['']))).toEqual([4]);
    for (const other of [row(3), rowBytes(['1', 'x', '']), rowBytes(['1x', '', null]), rowBytes(['1', 'x']), rowBytes([null])])
      expect(placesOf(key, leaves, other)).toEqual([]);
    expect(placesOf(resultKey(digestKey, 's.2'), leaves, row(1))).toEqual([]);
    expect(placesOf(resultKey(Buffer.alloc(32, 2), 's.1'), leaves, row(1))).toEqual([]);
  });

  it('of equal rows does not say that they are', () => {
    const { leaves } = proofOf([row(1), row(1), row(1)]);
    expect(new Set(leaves.match(/.{16}/g)).size).toBe(3);
  });

  it('is another for every change of the result', () => {
    const rows = fc.array(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(rows, fc.nat(), fc.nat(), (result, from, to) => {
        const root = proofOf(result).root();
        const [a, b] = [from % result.length, to % result.length];
        const swapped = result.toSpliced(a, 1, result[b]!).toSpliced(b, 1, result[a]!);
        const others = [
          result.slice(0, -1),
          [...result, Buffer.alloc(0)],
          result.toSpliced(a, 1, Buffer.concat([result[a]!, Buffer.of(0)])),
        ];
        if (!result[a]!.equals(result[b]!)) others.push(swapped);
        return others.every((other) => proofOf(other).root() !== root);
      }),
    );
  });

  it('keeps the leaves of the first rows, and grows no further', () => {
    const proof = new ResultProof(key);
    for (let index = 0; index < 20_000; index += 1) proof.add(row(index));
    expect(Buffer.from(proof.leaves, 'base64url').length).toBe(KEPT_LEAVES * LEAF);
    expect(placesOf(key, proof.leaves, row(999))).toEqual([999]);
    expect(placesOf(key, proof.leaves, row(1_000))).toEqual([]);
  });

  it('of a row that is not looked at whole counts its length', () => {
    const long = Buffer.alloc(PROVEN_BYTES + 10, 1);
    const proof = new ResultProof(key);
    proof.add(long.subarray(0, PROVEN_BYTES), long.length);
    expect(placesOf(key, proof.leaves, long)).toEqual([0]);
    expect(placesOf(key, proof.leaves, Buffer.alloc(PROVEN_BYTES + 11, 1))).toEqual([]);
    // Small rows and large ones are hashed by different calls.
    for (const length of [0, 16_339, 16_340, 16_341, 20_000]) {
      const bytes = Buffer.alloc(length, 2);
      expect(placesOf(key, proofOf([bytes]).leaves, bytes)).toEqual([0]);
      expect(proofOf([bytes]).leaves).toBe(leafOf(key, 0, bytes).toString('base64url'));
    }
  });
});
