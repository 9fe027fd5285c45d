/** Names, volumes and the audience of the sidecar in somebody else's hands. */
import { posix } from 'node:path';
import {
  AUDIT_PATH,
  CLIENT_CA_PATH,
  CLIENT_CA_VOLUME,
  CONTAINER_NAME,
  RENDER_ANNOTATION,
  STATE_PATH,
  TOKEN_AUDIENCE,
  TOKEN_PATH,
} from '../../core/injection/names.ts';
import type { InjectionProblem, RawPod } from './injection.ts';
import { type Raw, record, records, text } from '../../core/json/read.ts';
import { containersOf, specOf } from './raw-pod.ts';
import { isClientCaMount, SIDECAR_VOLUMES } from './sidecar-container.ts';

/** Anything that stands where our container would, or says it is that. */
export function hasSidecarName(pod: RawPod): boolean {
  const spec = specOf(pod);
  return ['initContainers', 'containers', 'ephemeralContainers'].some((field) =>
    records(spec[field]).some((each) => each['name'] === CONTAINER_NAME),
  );
}

/**
 * The pod as it was before: without our container, our volumes, and the mounts of the CA as we write them. What the pod's author put in their
 * place stays, and is refused.
 */
export function withoutSidecar(pod: RawPod): RawPod {
  const spec = specOf(pod);
  const strip = (value: unknown): readonly Raw[] =>
    records(value)
      .filter((each) => each['name'] !== CONTAINER_NAME)
      .map((container) => {
        const mounts = records(container['volumeMounts']);
        const kept = mounts.filter((each) => !isClientCaMount(each));
        return kept.length === mounts.length ? container : { ...container, volumeMounts: kept };
      });
  return {
    ...pod,
    spec: {
      ...spec,
      ...(spec['initContainers'] === undefined ? {} : { initContainers: strip(spec['initContainers']) }),
      ...(spec['containers'] === undefined ? {} : { containers: strip(spec['containers']) }),
      ...(spec['volumes'] === undefined
        ? {}
        : { volumes: records(spec['volumes']).filter((each) => !SIDECAR_VOLUMES.includes(String(each['name']))) }),
    },
  };
}

export const IMPOSTOR: InjectionProblem = {
  reason: 'ImpostorContainer',
  message: `a container is called ${CONTAINER_NAME}, and this installation has not made it (annotation ${RENDER_ANNOTATION} does not verify); remove or rename it: Sluice adds its own`,
};

/** `pod` without our own things, if it had any. */
export function reservedUses(pod: RawPod): readonly InjectionProblem[] {
  const problems: InjectionProblem[] = [];
  for (const volume of records(specOf(pod)['volumes'])) {
    const name = text(volume['name']) ?? '';
    if (SIDECAR_VOLUMES.includes(name))
      problems.push({ reason: 'ReservedName', message: `volume name ${name} is the sidecar's; rename the volume` });
    if (audiences(volume).includes(TOKEN_AUDIENCE))
      problems.push({
        reason: 'ReservedAudience',
        message: `volume ${name} projects a token for the audience ${TOKEN_AUDIENCE}, which is the sidecar's alone; remove it`,
      });
  }
  for (const { name, container } of containersOf(pod)) {
    for (const field of ['volumeMounts', 'volumeDevices'] as const) {
      for (const mount of records(container[field])) {
        const volume = text(mount['name']) ?? '';
        const path = posix.resolve('/', text(mount['mountPath']) ?? '');
        if (SIDECAR_VOLUMES.includes(volume))
          problems.push({
            reason: 'ReservedMount',
            message: `container ${name} mounts ${volume}, a volume of the sidecar; remove the mount${volume === CLIENT_CA_VOLUME ? ', Sluice adds it' : ''}`,
          });
        else if (OUR_PATHS.includes(path))
          problems.push({
            reason: 'ReservedMount',
            message: `container ${name} mounts volume ${volume} at ${path}, which is the sidecar's; mount it elsewhere`,
          });
      }
    }
  }
  return problems;
}

const OUR_PATHS: readonly string[] = [TOKEN_PATH, STATE_PATH, CLIENT_CA_PATH, AUDIT_PATH];

function audiences(volume: Raw): readonly unknown[] {
  return records(record(volume['projected'])?.['sources']).map((each) => record(each['serviceAccountToken'])?.['audience']);
}
