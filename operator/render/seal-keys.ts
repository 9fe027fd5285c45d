/**
 * The keys that seal renders: Secret `<release>-seal-keys`, an entry a key. Its name is `key-` and the time it was made; the last in order of
 * names is the newest. To rotate, add an entry; to distrust a key, take its entry away, and every pod it has sealed has to be made anew:
 *
 *   kubectl -n sluice patch secret sluice-seal-keys --type merge -p \
 *     "{\"data\":{\"key-$(date -u +%Y%m%d%H%M%S)\":\"$(head -c 32 /dev/urandom | base64)\"}}"
 */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { type AgreedSecret, createAgreedSecret, type SecretData, SecretProblem } from '../certs/agreed-secret.ts';
import type { RenderSeals } from './seal.ts';
import { createSeals, SEAL_KEY_BYTES, SEAL_KEY_ID, type SealKey } from './seals.ts';

export interface SealKeysOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly release: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pollEvery?: number;
}

export interface FollowedSealKeys {
  /** Throws when sealing, and verifies nothing, before `ready`. */
  readonly seals: RenderSeals;
  readonly ready: Promise<void>;
  readonly hasKeys: boolean;
  readonly problem: string | undefined;
  /** Reads the Secret now. Never rejects. */
  refresh(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

/** A key that comes beside others verifies at once and signs a minute later, when every replica has it. */
const SETTLES_AFTER = 60_000;

export function createSealKeys(options: SealKeysOptions): FollowedSealKeys {
  const { clock } = options;
  const firstSeen = new Map<string, number>();
  const secret: AgreedSecret<readonly SealKey[]> = createAgreedSecret({
    api: options.api,
    namespace: options.namespace,
    name: `${options.release}-seal-keys`,
    initial: async () => ({ [newKeyId(clock.now())]: randomBytes(SEAL_KEY_BYTES) }),
    parse: parseSealKeys,
    clock,
    log: options.log,
    ...(options.pollEvery === undefined ? {} : { pollEvery: options.pollEvery }),
  });
  secret.onChange((keys) => {
    for (const { id } of keys) if (!firstSeen.has(id)) firstSeen.set(id, clock.monotonic());
  });
  const settled = (key: SealKey): boolean => clock.monotonic() - (firstSeen.get(key.id) ?? 0) >= SETTLES_AFTER;
  const seals = createSeals(() => {
    const all = secret.current;
    if (all === undefined) throw new Error('the seal keys have not been read yet');
    return { all, signing: all.findLast(settled) ?? all.at(-2) ?? all.at(-1)! };
  });
  return {
    seals: {
      seal: (subject, render) => seals.seal(subject, render),
      verify: (subject, render, seal) => secret.current !== undefined && seals.verify(subject, render, seal),
    },
    ready: secret.ready,
    get hasKeys() {
      return secret.current !== undefined;
    },
    get problem() {
      return secret.problem;
    },
    refresh: () => secret.refresh(),
    start: () => secret.start(),
    stop: () => secret.stop(),
  };
}

/** In order of their names. */
function parseSealKeys(data: SecretData): readonly SealKey[] {
  const keys = Object.entries(data).map(([id, secret]) => {
    if (!SEAL_KEY_ID.test(id)) throw new SecretProblem(`"${id}" is no name of a key: lower-case letters, digits and hyphens`);
    if (secret.length < SEAL_KEY_BYTES)
      throw new SecretProblem(`key "${id}" has ${secret.length} bytes, ${SEAL_KEY_BYTES} are the least`);
    return { id, secret };
  });
  if (keys.length === 0) throw new SecretProblem('there is no key in it');
  return keys.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** `key-20261128231500`, UTC. */
function newKeyId(now: number): string {
  return `key-${new Date(now).toISOString().replace(/\D/g, '').slice(0, 14)}`;
}
