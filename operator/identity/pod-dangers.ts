/**
 * What makes a live pod's sidecar untrustworthy although it is as it was rendered. Admission refuses all of it in new pods; another webhook may have
 * added it after ours, and ephemeral containers come later (https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/).
 */
import { CONTAINER_NAME } from '../../core/injection/names.ts';
import type { RawPod } from '../admission/injection.ts';
import { record, records } from '../../core/json/read.ts';
import { specOf } from '../admission/raw-pod.ts';
import { reservedUses, withoutSidecar } from '../admission/reserved.ts';
import { unsafeFeatures } from '../admission/safety.ts';
import { OPENSHIFT_FIRST_USER, sidecarContainer } from '../render/canonical-render.ts';

/** One sentence each. */
export function podDangers(pod: RawPod): readonly string[] {
  const spec = specOf(pod);
  const ephemeral = records(spec['ephemeralContainers']);
  // Whatever an ephemeral container may not have, it may have what others may not have.
  const containers = [...records(spec['containers']), ...ephemeral];
  const others = withoutSidecar({ ...pod, spec: { ...spec, containers, ephemeralContainers: [] } });
  return [
    ...ephemeral
      .filter((each) => each['targetContainerName'] === CONTAINER_NAME)
      .map(
        ({ name }) => `ephemeral container ${name} shares the sidecar's processes, and cannot be taken out again; delete the pod`,
      ),
    ...[...reservedUses(others), ...unsafeFeatures(others, sidecarUser(pod))].map(({ message }) => message),
  ];
}

/** Undefined where OpenShift has assigned it: then all containers of the pod have the same. */
function sidecarUser(pod: RawPod): number | undefined {
  const user = record(sidecarContainer(pod)?.['securityContext'])?.['runAsUser'];
  return typeof user === 'number' && user < OPENSHIFT_FIRST_USER ? user : undefined;
}
