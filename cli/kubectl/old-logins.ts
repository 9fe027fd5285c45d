/**
 * Logins that a governed pod still holds: until they are taken away, its process may go past the sidecar. Only where something stands is said,
 * never what. A literal connection string with a password certainly is one; a Secret in the environment may be one.
 */
import { CONTAINER_NAME } from '../../core/injection/names.ts';
import { NO_PASSWORD } from '../../operator/admission/environment.ts';
import type { RawPod } from '../../operator/admission/injection.ts';
import { type Raw, record, records, text } from '../../core/json/read.ts';
import { containersOf, specOf } from '../../operator/admission/raw-pod.ts';

export interface OldLogin {
  /** `literal`: it is in the pod for everybody to read. `secret`: a Secret is given to the container. */
  readonly kind: 'literal' | 'secret';
  readonly container: string;
  /** Name of the variable or the volume. */
  readonly place: string;
  /** One clause, without values. */
  readonly what: string;
}

export function oldLogins(pod: RawPod): readonly OldLogin[] {
  const secretVolumes = new Map(
    records(specOf(pod)['volumes']).flatMap((volume) => {
      const secret = secretOfVolume(volume);
      return secret === undefined ? [] : [[text(volume['name']) ?? '', secret] as const];
    }),
  );
  return containersOf(pod)
    .filter(({ name }) => name !== CONTAINER_NAME)
    .flatMap(({ name, container }) => [
      ...records(container['env']).flatMap((entry) => fromVariable(name, entry) ?? []),
      ...records(container['envFrom']).flatMap((entry) => fromSource(name, entry) ?? []),
      ...records(container['volumeMounts']).flatMap((mount) => {
        const volume = text(mount['name']) ?? '';
        const secret = secretVolumes.get(volume);
        const what = `Secret ${secret} is mounted`;
        return secret === undefined ? [] : [{ kind: 'secret', container: name, place: volume, what } as const];
      }),
    ]);
}

function fromVariable(container: string, entry: Raw): OldLogin | undefined {
  const place = text(entry['name']) ?? '';
  const secret = text(record(record(entry['valueFrom'])?.['secretKeyRef'])?.['name']);
  if (secret !== undefined) return { kind: 'secret', container, place, what: `the value comes from Secret ${secret}` };
  const value = text(entry['value']) ?? '';
  if (hasLogin(value)) return { kind: 'literal', container, place, what: 'a connection string with a password' };
  if (place === 'PGPASSWORD' && value !== '' && value !== NO_PASSWORD)
    return { kind: 'literal', container, place, what: 'a password' };
  return undefined;
}

function fromSource(container: string, entry: Raw): OldLogin | undefined {
  const secret = text(record(entry['secretRef'])?.['name']);
  if (secret === undefined) return undefined;
  return { kind: 'secret', container, place: 'envFrom', what: `all keys of Secret ${secret} are variables` };
}

function secretOfVolume(volume: Raw): string | undefined {
  const direct = text(record(volume['secret'])?.['secretName']);
  if (direct !== undefined) return direct;
  const sources = records(record(volume['projected'])?.['sources']);
  return sources.map((source) => text(record(source['secret'])?.['name'])).find((name) => name !== undefined);
}

/** `postgres://user:password@…`, `jdbc:postgresql://…?password=…`, `host=… password=…`; `$(…)` stands for another variable. */
function hasLogin(value: string): boolean {
  if (/^(jdbc:)?postgres(ql)?(\+[a-z0-9_]+)?:\/\//i.test(value.trim()))
    return /^[^?#]*:\/\/[^/?#@:]*:[^/?#@]+@/.test(value) || /[?&;]password=[^&;]/i.test(value);
  return /(^|\s)(host|hostaddr|dbname)\s*=/.test(value) && /(^|\s)password\s*=\s*[^\s]/.test(value);
}
