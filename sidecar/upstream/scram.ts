/**
 * SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, client side (RFC 5802, 7677; channel binding tls-server-end-point, RFC 5929). Both
 * sides prove that they know the password, so a server that cannot compute its signature is not the one we were told of.
 * What the server sends is bounded before it is used: nonce, salt and above all the iteration count.
 */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);

export const MAX_ITERATIONS = 1_000_000;
/** RFC 7677 asks for 4096 at least; fewer are taken only from a server whose certificate was verified. */
export const MIN_ITERATIONS = 4096;
const MAX_NONCE = 1024;
const MAX_SALT = 1024;

export class ScramError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ScramError';
  }
}

export interface ScramOptions {
  readonly password: string;
  /** Printable ASCII without comma, at least 18 random bytes' worth. */
  readonly nonce: string;
  readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-256-PLUS';
  /**
   * `p=tls-server-end-point` with -PLUS; `y` on TLS where the server did not offer -PLUS (it will notice if it had); `n` else.
   */
  readonly binding: { readonly flag: 'n' | 'y' } | { readonly flag: 'p'; readonly data: Buffer };
  readonly minIterations: number;
}

export interface ScramExchange {
  readonly clientFirst: string;
  /** The client-final-message. Throws ScramError. Does not block: the derivation runs in the thread pool. */
  continue(serverFirst: string): Promise<string>;
  /** Throws ScramError unless the server proved that it knows the password. */
  finish(serverFinal: string): void;
}

export function startScram(options: ScramOptions): ScramExchange {
  const { binding } = options;
  const gs2 = binding.flag === 'p' ? 'p=tls-server-end-point,,' : `${binding.flag},,`;
  // The server takes the user from the StartupMessage; the field is empty as libpq leaves it.
  const clientFirstBare = `n=,r=${options.nonce}`;
  let expected: Buffer | undefined;
  return {
    clientFirst: gs2 + clientFirstBare,
    async continue(serverFirst) {
      const { nonce, salt, iterations } = readServerFirst(serverFirst, options);
      const bindingInput = binding.flag === 'p' ? Buffer.concat([Buffer.from(gs2), binding.data]) : Buffer.from(gs2);
      const withoutProof = `c=${bindingInput.toString('base64')},r=${nonce}`;
      const authMessage = `${clientFirstBare},${serverFirst},${withoutProof}`;
      const salted = await derive(saslPrep(options.password), salt, iterations, 32, 'sha256');
      const clientKey = hmac(salted, 'Client Key');
      const storedKey = createHash('sha256').update(clientKey).digest();
      const signature = hmac(storedKey, authMessage);
      const proof = Buffer.from(clientKey.map((byte, i) => byte ^ signature[i]!));
      expected = hmac(hmac(salted, 'Server Key'), authMessage);
      return `${withoutProof},p=${proof.toString('base64')}`;
    },
    finish(serverFinal) {
      if (expected === undefined) throw new ScramError('the server finished SCRAM before it began');
      const value = /^v=([A-Za-z0-9+/]{43}=)$/.exec(serverFinal)?.[1];
      if (value === undefined) throw new ScramError('the server ended SCRAM with an unreadable message');
      // Compared as text: base64 has spellings that decode to the same bytes.
      if (!timingSafeEqual(Buffer.from(value), Buffer.from(expected.toString('base64'))))
        throw new ScramError('the server does not know the password: its SCRAM signature is wrong');
    },
  };
}

function readServerFirst(text: string, options: ScramOptions): { nonce: string; salt: Buffer; iterations: number } {
  const parts = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9]\d{0,9})$/.exec(text);
  if (parts === null) throw new ScramError('the server sent an unreadable SCRAM challenge');
  const nonce = parts[1]!;
  const salt = Buffer.from(parts[2]!, 'base64');
  const iterations = Number(parts[3]);
  if (!nonce.startsWith(options.nonce) || nonce.length === options.nonce.length)
    throw new ScramError('the SCRAM nonce of the server does not extend ours');
  if (nonce.length > MAX_NONCE) throw new ScramError('the SCRAM nonce of the server is too long');
  if (salt.length === 0 || salt.length > MAX_SALT) throw new ScramError('the SCRAM salt of the server has an impossible length');
  if (iterations > MAX_ITERATIONS)
    throw new ScramError(`the server asks for ${iterations} SCRAM iterations; at most ${MAX_ITERATIONS} are computed`);
  if (iterations < options.minIterations) {
    throw new ScramError(
      `the server asks for ${iterations} SCRAM iterations; without a verified certificate at least ${options.minIterations} are expected`,
    );
  }
  return { nonce, salt, iterations };
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** RFC 3454 tables B.1 (mapped to nothing) and C.1.2 (mapped to space). */
const TO_NOTHING = /\u034f|[\u180b-\u180d]|[\ufe00-\ufe0f]|[\u00ad\u1806\u200b-\u200d\u2060\ufeff]/gu;
const TO_SPACE = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;
/** Tables C.2 to C.9: controls, private use, non-characters, surrogates, tagging; whoever uses them gets the raw password. */
const PROHIBITED =
  /[\p{Cc}\p{Co}\p{Cs}\p{Cn}\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2060-\u206f\u2ff0-\u2ffb\ufff9-\ufffd]|[\u0340\u0341]|[\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u;

/** SASLprep (RFC 4013) as PostgreSQL applies it: a password it does not fit is used as it is. */
export function saslPrep(password: string): string {
  if (/^[\x20-\x7e]*$/.test(password)) return password;
  const mapped = password.replace(TO_SPACE, ' ').replace(TO_NOTHING, '').normalize('NFKC');
  return mapped === '' || PROHIBITED.test(mapped) ? password : mapped;
}
