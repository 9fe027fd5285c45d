/**
 * A row as it is looked for: by the digest of its primary key, under the Database's key. Who asks has that key, or somebody who computes with it
 * (the operator).
 */
import { readFileSync } from 'node:fs';
import { rowDigest } from '../../../core/audit/digest.ts';
import { type RelationName, spelled } from '../../../core/audit/questions/relation-name.ts';
import { CliError } from '../../errors.ts';

/** Of a row; `relation` as records spell it. */
export type Digest = (relation: string, values: readonly string[]) => Promise<string>;

/** 32 bytes as they are, in base64 or base64url, or in hex. Throws CliError. */
export function digestKey(file: string): Digest {
  const key = keyOf(file);
  return (relation, values) => Promise.resolve(rowDigest(key, relation, values));
}

function keyOf(file: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${(error as Error).message}`, 1, { cause: error });
  }
  if (bytes.length === 32) return bytes;
  const text = bytes.toString('latin1').trim();
  const decoded = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64url');
  if (decoded.length !== 32)
    throw new CliError(`${file} is no digest key: 32 bytes are wanted, as they are, in base64 or in hex`);
  return decoded;
}

/** Keys of more columns are looked for in the order given. */
const MOST_PERMUTED = 4;

/** `id=42`, `tenant=acme,id=42`, `42`. One digest for each order of the columns: which is the key's, only the database knows. */
export async function rowDigests(
  text: string,
  table: string | undefined,
  name: RelationName | undefined,
  digest: Digest,
): Promise<readonly string[]> {
  if (name?.schema === undefined)
    throw new CliError(`--row wants --table with its schema, for example --table public.${table ?? 'customers'}`, 2);
  const values = text.split(/,(?=[^,=]*=)/).map((part) => part.slice(part.indexOf('=') + 1));
  const orders = values.length > MOST_PERMUTED ? [values] : permutations(values);
  return await Promise.all(orders.map((order) => digest(spelled(name), order)));
}

function permutations(values: readonly string[]): readonly (readonly string[])[] {
  if (values.length <= 1) return [values];
  return values.flatMap((value, index) => permutations(values.toSpliced(index, 1)).map((rest) => [value, ...rest]));
}
