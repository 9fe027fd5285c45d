/** Trust anchors from a file: as JSON, or the ConfigMap in which the operator publishes them, with where its log stood then. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { isRecord } from '../../../core/json/read.ts';
import type { PublishedHead, Trusted } from '../../../core/audit/trail.ts';
import { HEAD_ANNOTATION, TRUST_KEY } from '../../../core/audit/published.ts';
import type { TrustAnchors } from '../../../core/audit/certificate.ts';
import { CliError } from '../../errors.ts';

/** Throws CliError. */
export function readTrust(file: string): TrustAnchors {
  return readTrusted(file).anchors;
}

/** Throws CliError. */
export function readTrusted(file: string): Trusted {
  let anchors: unknown;
  let head: unknown;
  try {
    anchors = parse(readFileSync(file, 'utf8'), { maxAliasCount: 0 });
    if (isRecord(anchors) && anchors['kind'] === 'ConfigMap') {
      const { data, metadata } = anchors as {
        readonly data?: Record<string, string>;
        readonly metadata?: { readonly annotations?: Record<string, string> };
      };
      const said = metadata?.annotations?.[HEAD_ANNOTATION];
      head = said === undefined ? undefined : JSON.parse(said);
      anchors = JSON.parse(data?.[TRUST_KEY] ?? 'null');
    }
  } catch (error) {
    throw new CliError(`cannot read the trust anchors in ${file}: ${(error as Error).message}`, 1, { cause: error });
  }
  if (!isTrustAnchors(anchors)) throw new CliError(`${file} holds no trust anchors: {"v":1,"cluster":…,"keys":[…]} is wanted`);
  if (head !== undefined && !isHead(head)) throw new CliError(`${file} says where the log stood in a form that is not known`);
  return { anchors, ...(head === undefined ? {} : { head }) };
}

function isHead(value: unknown): value is PublishedHead {
  const { chain, seq, hash } = isRecord(value) ? value : {};
  return typeof chain === 'string' && Number.isSafeInteger(seq) && typeof hash === 'string';
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
