/** HMAC-SHA-256 over namespace, service account and render. The value names its key, so that keys can be changed while pods run. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CanonicalRender, RenderSeals } from './seal.ts';

export interface SealKey {
  /** Lower-case letters, digits and hyphens. */
  readonly id: string;
  /** At least 32 bytes (RFC 2104, section 3). */
  readonly secret: Uint8Array;
}

export interface SealKeys {
  readonly signing: SealKey;
  /** All that verify, the signing one included. */
  readonly all: readonly SealKey[];
}

/** `keys` is asked each time: it follows the Secret. */
export function createSeals(keys: () => SealKeys): RenderSeals {
  return {
    seal(subject, render) {
      return sealWith(keys().signing, subject, render);
    },
    verify(subject, render, seal) {
      const id = SEAL.exec(seal)?.[1];
      const key = keys().all.find((each) => each.id === id);
      if (key === undefined) return false;
      const expected = Buffer.from(sealWith(key, subject, render));
      const given = Buffer.from(seal);
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}

export const SEAL_KEY_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const SEAL_KEY_BYTES = 32;
const SEAL = /^v1\.([a-z0-9][a-z0-9-]{0,62})\.[A-Za-z0-9_-]{43}$/;

/** A JSON array: where one part ends and the next begins cannot be shifted. */
function sealWith(key: SealKey, subject: Parameters<RenderSeals['seal']>[0], render: CanonicalRender): string {
  const text = JSON.stringify(['sluice.dev/render/v1', subject.namespace, subject.serviceAccount, render]);
  return `v1.${key.id}.${createHmac('sha256', key.secret).update(text).digest('base64url')}`;
}
