/**
 * Checkpoints: a signature over the chain's name and every byte of the record that stands before the signature, `prev` included. So it covers
 * all records before it and itself, to the last byte, and says nothing when it is copied into another chain.
 */
import { isSignedBy, type SigningKey } from './keys.ts';

/** Says when it is sealed what it signs: a journal treats it like any other entry. */
export interface CheckpointEntry {
  readonly type: 'checkpoint';
  readonly signer: ChainSigner;
}

export interface ChainSigner {
  readonly chain: string;
  readonly key: SigningKey;
}

const DOMAIN = 'sluice audit checkpoint v1\n';
const SIGNED = /^(.*),"signature":"([\w-]{86})"\}$/s;

export function checkpointEntry(signer: ChainSigner): CheckpointEntry {
  return { type: 'checkpoint', signer };
}

/** The line without its newline. `head`: v, seq, time and prev. */
export function sealCheckpoint(head: Readonly<Record<string, unknown>>, { chain, key }: ChainSigner): string {
  const text = JSON.stringify({ ...head, type: 'checkpoint', key: key.id }).slice(0, -1);
  return `${text},"signature":"${key.sign(message(chain, text))}"}`;
}

/** `line`: without its newline. Whether the key of that certificate has signed it, for this chain. */
export function isCheckpointOf(line: string | Buffer, chain: string, publicKey: string): boolean {
  const [, text, signature] = SIGNED.exec(line.toString('utf8')) ?? [];
  return text !== undefined && signature !== undefined && isSignedBy(publicKey, message(chain, text), signature);
}

function message(chain: string, text: string): string {
  return `${DOMAIN}${chain}\n${text}`;
}
