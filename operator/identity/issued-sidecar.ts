/**
 * Whether a live pod's sidecar is one that this installation has issued, and still what was issued: its seal, the image that runs, and nothing in
 * the pod that could stand in its place or read its memory.
 */
import { CONTAINER_NAME, RENDER_ANNOTATION } from '../../core/injection/names.ts';
import {
  databaseKey,
  parseSidecarSettings,
  SETTINGS_VARIABLE,
  SidecarSettingsError,
} from '../../core/injection/sidecar-settings.ts';
import type { RawPod } from '../admission/injection.ts';
import { type Raw, record, records } from '../../core/json/read.ts';
import { annotation } from '../admission/raw-pod.ts';
import { canonicalRender, sidecarContainer } from '../render/canonical-render.ts';
import type { RenderSeals } from '../render/seal.ts';
import { podDangers } from './pod-dangers.ts';
import { type Refusal, refuse } from './refusal.ts';

export interface IssuedSidecar {
  readonly ok: true;
  /** imageID of the running container, where the kubelet has reported it. */
  readonly image: string | undefined;
  /** `namespace/name`, from its sealed settings. */
  readonly databases: readonly string[];
}

export interface IssueCheck {
  readonly seals: RenderSeals;
  /** `sha256:…`; empty: any image that the seal's reference leads to. */
  readonly imageDigests: readonly string[];
}

export function checkIssued(
  pod: RawPod,
  subject: { readonly namespace: string; readonly serviceAccount: string },
  { seals, imageDigests }: IssueCheck,
): IssuedSidecar | Refusal {
  const container = sidecarContainer(pod);
  const render = canonicalRender(pod);
  if (container === undefined || render === undefined) {
    return refuse('NotInjected', `the pod has no native sidecar ${CONTAINER_NAME}: it was not injected`);
  }
  const [danger] = podDangers(pod);
  if (danger !== undefined) return refuse('PodUnsafe', danger);
  const seal = annotation(pod, RENDER_ANNOTATION);
  if (seal === undefined || !seals.verify(subject, render, seal)) {
    return refuse(
      'RenderUnknown',
      `the sidecar ${CONTAINER_NAME} is not as this installation rendered it: something has changed it, its volumes or the annotation ${RENDER_ANNOTATION}; delete the pod, so that it is injected anew`,
    );
  }
  const image = runningImage(pod);
  if (imageDigests.length > 0) {
    if (image === undefined) return refuse('NotReady', 'the node has not reported yet which image the sidecar runs; try again');
    if (!imageDigests.some((digest) => image === digest || image.endsWith(`@${digest}`))) {
      return refuse('ImageUnknown', `the sidecar runs ${image}, whose digest is none of those that are allowed`);
    }
  }
  try {
    const settings = parseSidecarSettings(literalVariable(container, SETTINGS_VARIABLE));
    return { ok: true, image, databases: settings.databases.map(databaseKey) };
  } catch (error) {
    if (!(error instanceof SidecarSettingsError)) throw error;
    return refuse('RenderUnknown', `${error.message}: this release does not read what the pod was injected with; delete the pod`);
  }
}

/** The last of a name counts, as for the kubelet. */
function literalVariable(container: Raw, name: string): string | undefined {
  const value = records(container['env']).findLast((each) => each['name'] === name)?.['value'];
  return typeof value === 'string' ? value : undefined;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodStatus: of native sidecars, among the init containers. */
function runningImage(pod: RawPod): string | undefined {
  const statuses = records(record(pod['status'])?.['initContainerStatuses']);
  const image = statuses.find((each) => each['name'] === CONTAINER_NAME)?.['imageID'];
  return typeof image === 'string' && image !== '' ? image : undefined;
}
