/** Mutations of bytes that know nothing of what the bytes mean, and a few that know what a length word is. */
import type { Random } from './random.ts';

const INTERESTING_BYTES = [0, 1, 2, 3, 4, 5, 0x16, 0x20, 0x27, 0x2f, 0x41, 0x7f, 0x80, 0xc3, 0xf0, 0xff];
const INTERESTING_WORDS = [
  0, 1, 3, 4, 5, 8, 9, 12, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000, 0xfffffffb,
  0xffffffff,
];

/** One to a handful of changes; never longer than `limit`. `others`: bytes that pieces may be taken from. */
export function mutateBytes(input: Buffer, random: Random, others: readonly Buffer[], limit: number): Buffer {
  let bytes: Buffer = Buffer.from(input);
  const changes = random.once(3) ? random.between(2, 6) : 1;
  for (let change = 0; change < changes; change++) bytes = once(bytes, random, others);
  return bytes.length > limit ? bytes.subarray(0, limit) : bytes;
}

function once(bytes: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  const at = random.below(bytes.length + 1);
  const span = Math.min(bytes.length - at, random.once(4) ? random.below(bytes.length + 1) : random.below(12));
  switch (random.below(11)) {
    case 0:
      if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << random.below(8));
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = random.pick(INTERESTING_BYTES);
      return bytes;
    case 2:
      if (at + 4 <= bytes.length) bytes.writeUInt32BE(random.pick(INTERESTING_WORDS), at);
      return bytes;
    case 3:
      if (at + 4 <= bytes.length) bytes.writeUInt32BE((bytes.readUInt32BE(at) + random.between(-3, 3)) >>> 0, at);
      return bytes;
    case 4:
      if (at + 2 <= bytes.length) bytes.writeUInt16BE(random.pick(INTERESTING_WORDS) & 0xffff, at);
      return bytes;
    case 5:
      return splice(bytes, at, span, Buffer.alloc(0));
    case 6:
      return splice(bytes, at, 0, bytes.subarray(at, at + span));
    case 7:
      return splice(bytes, at, 0, random.bytes(random.between(1, 9)));
    case 8: {
      const from = random.below(bytes.length + 1);
      return splice(bytes, at, random.once(2) ? span : 0, bytes.subarray(from, from + span));
    }
    case 9: {
      if (others.length === 0) return bytes;
      const other = random.pick(others);
      const from = random.below(other.length + 1);
      return splice(bytes, at, random.once(2) ? span : 0, other.subarray(from, from + random.below(64)));
    }
    default:
      return bytes.subarray(0, at);
  }
}

function splice(bytes: Buffer, at: number, removed: number, inserted: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
}
