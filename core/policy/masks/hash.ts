/**
 * Keyed HMAC-SHA-256 (RFC 2104) in plain SQL, so that no extension is needed: H(K ^ opad, H(K ^ ipad, message)). The two
 * padded keys are computed here and travel as custom settings in the startup packet, never in statement text, where
 * pg_stat_activity, logs and error messages would show them.
 */
import { createHash } from 'node:crypto';
import { MASK_KEY_SETTINGS } from '../bundle.ts';

const BLOCK = 64;

/** The two key blocks as 128 hex digits each. The key may have any length; longer than a block it is hashed first. */
export function maskKeyBlocks(key: Buffer): { readonly inner: string; readonly outer: string } {
  const short = key.length > BLOCK ? createHash('sha256').update(key).digest() : key;
  const block = Buffer.alloc(BLOCK);
  short.copy(block);
  const padded = (pad: number): string => Buffer.from(block.map((byte) => byte ^ pad)).toString('hex');
  return { inner: padded(0x36), outer: padded(0x5c) };
}

function keyBlock(setting: string): string {
  return `pg_catalog.decode(pg_catalog.current_setting('${setting}'), 'hex')`;
}

/** `message` is a bytea expression; the result is 64 hex digits as text. NULL in, NULL out. */
export function hmacHex(message: string): string {
  const inner = `pg_catalog.sha256(${keyBlock(MASK_KEY_SETTINGS.inner)} OPERATOR(pg_catalog.||) ${message})`;
  return `pg_catalog.encode(pg_catalog.sha256(${keyBlock(MASK_KEY_SETTINGS.outer)} OPERATOR(pg_catalog.||) ${inner}), 'hex')`;
}

/**
 * The bytes of a text expression in the server's encoding. A cast to bytea would read backslashes as escapes and convert_to()
 * can raise for bytes that have no Unicode character; doubling the backslashes does neither.
 */
export function textBytes(text: string): string {
  const backslash = 'pg_catalog.chr(92)';
  return `pg_catalog.decode(pg_catalog.replace(${text}, ${backslash}, ${backslash} OPERATOR(pg_catalog.||) ${backslash}), 'escape')`;
}
