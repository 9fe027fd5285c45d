/** The key of digests where no operator gives one: a file with 32 bytes as hexadecimal digits or base64. Drawn and written where there is none. */
import { readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { DIGEST_KEY } from './database-keys.ts';

/** One sentence. */
export class DigestKeyError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DigestKeyError';
  }
}

/** Throws DigestKeyError: a file that cannot be used is never replaced, since digests under its key are of no use without it. */
export function readDigestKey(path: string): Buffer {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new DigestKeyError(`cannot read the audit key ${path}: ${codeOf(error)}`, { cause: error });
  }
  const bytes = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (bytes.length !== DIGEST_KEY || (text.length !== 64 && !/^[A-Za-z0-9+/_-]{43}=?$/.test(text)))
    throw new DigestKeyError(`the audit key ${path} is not ${DIGEST_KEY} bytes as hexadecimal digits or base64`);
  return bytes;
}

/** `made`: it was not there. */
export function readOrMakeDigestKey(path: string): { readonly key: Buffer; readonly made: boolean } {
  const key = randomBytes(DIGEST_KEY);
  try {
    writeFileSync(path, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    return { key, made: true };
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return { key: readDigestKey(path), made: false };
    throw new DigestKeyError(`cannot write the audit key ${path}: ${codeOf(error)}`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
