/**
 * Recipients of images: X25519 recipients of age, Bech32 (https://age-encryption.org/v1, https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki).
 * A letter that was mistyped shows in the checksum; nobody could ever open what is sealed to a key that does not exist.
 */

/** Human-readable part, 52 symbols for 32 bytes, 6 of checksum. */
const RECIPIENT = /^age1[02-9ac-hj-np-z]{58}$/;

const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const HUMAN = 'age';

/** Whether somebody may hold the key to it, as far as can be told by looking at it. */
export function isRecipient(text: string): boolean {
  if (!RECIPIENT.test(text)) return false;
  const human = [...HUMAN].map((letter) => letter.charCodeAt(0));
  const data = [...text.slice(HUMAN.length + 1)].map((letter) => ALPHABET.indexOf(letter));
  const symbols = [...human.map((code) => code >> 5), 0, ...human.map((code) => code & 31), ...data];
  // 52 symbols of five bits hold 256 bits and four that must be zero.
  return polymod(symbols) === 1 && (data[51]! & 0b1111) === 0;
}

function polymod(symbols: readonly number[]): number {
  let checksum = 1;
  for (const symbol of symbols) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ symbol;
    for (const [bit, generator] of GENERATOR.entries()) if (((top >>> bit) & 1) === 1) checksum ^= generator;
  }
  return checksum;
}
