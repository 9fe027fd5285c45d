/** Trust anchors from a file, as the operator publishes them. */
import { readFileSync } from 'node:fs';
import type { TrustAnchors } from '../../../core/audit/certificate.ts';
import { CliError } from '../../errors.ts';

/** Throws CliError. */
export function readTrust(file: string): TrustAnchors {
  let anchors: unknown;
  try {
    anchors = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CliError(`cannot read the trust anchors in ${file}: ${(error as Error).message}`, 1, { cause: error });
  }
  if (!isTrustAnchors(anchors)) throw new CliError(`${file} holds no trust anchors: {"v":1,"cluster":…,"keys":[…]} is wanted`);
  return anchors;
}

function isTrustAnchors(value: unknown): value is TrustAnchors {
  if (typeof value !== 'object' || value === null) return false;
  const { v, cluster, keys } = value as { readonly v?: unknown; readonly cluster?: unknown; readonly keys?: unknown };
  const isKey = (key: unknown): boolean => {
    const { id, publicKey, from } = (key ?? {}) as {
      readonly id?: unknown;
      readonly publicKey?: unknown;
      readonly from?: unknown;
    };
    return [id, publicKey, from].every((field) => typeof field === 'string');
  };
  return v === 1 && typeof cluster === 'string' && Array.isArray(keys) && keys.length > 0 && keys.every(isKey);
}
