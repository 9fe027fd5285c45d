/** What the sidecar asks of its node. https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */
import {
  CPU_LIMIT_ANNOTATION,
  CPU_REQUEST_ANNOTATION,
  MEMORY_LIMIT_ANNOTATION,
  MEMORY_REQUEST_ANNOTATION,
} from '../../core/injection/names.ts';
import { shortened } from './annotation.ts';
import type { InjectionProblem, InjectorSettings, RawPod } from './injection.ts';
import { type Raw, record } from '../../core/json/read.ts';
import { annotation, containersOf, specOf } from './raw-pod.ts';

export interface ResourcePlan {
  readonly resources: Raw;
  readonly problems: readonly InjectionProblem[];
  readonly warnings: readonly string[];
}

export function planResources(pod: RawPod, defaults: InjectorSettings['resources']): ResourcePlan {
  const problems: InjectionProblem[] = [];
  const amount = (name: string, otherwise: string | undefined): string | undefined => {
    const value = annotation(pod, name)?.trim();
    if (value === undefined) return otherwise;
    const parsed = parseQuantity(value);
    if (parsed !== undefined && parsed > 0 && Number.isFinite(parsed)) return value;
    problems.push({
      reason: 'ResourcesInvalid',
      message: `annotation ${name}: "${shortened(value)}" is no amount; write for example ${name.includes('cpu') ? '50m' : '128Mi'}`,
    });
    return undefined;
  };
  const cpuRequest = amount(CPU_REQUEST_ANNOTATION, undefined);
  const cpuLimit = amount(CPU_LIMIT_ANNOTATION, defaults.cpuLimit);
  const memoryRequest = amount(MEMORY_REQUEST_ANNOTATION, undefined);
  const memoryLimit = amount(MEMORY_LIMIT_ANNOTATION, defaults.memoryLimit);
  // One annotation is enough: the default of the other gives way where both cannot be.
  const cpu = fitted('cpu', cpuRequest, cpuLimit, defaults.cpuRequest, annotation(pod, CPU_LIMIT_ANNOTATION) !== undefined);
  const memory = fitted(
    'memory',
    memoryRequest,
    memoryLimit,
    defaults.memoryRequest,
    annotation(pod, MEMORY_LIMIT_ANNOTATION) !== undefined,
  );
  for (const each of [cpu, memory]) if (each.problem !== undefined) problems.push(each.problem);
  // The API server refuses a pod whose containers ask for more than it, without a word of who asked.
  const whole =
    record(specOf(pod)['resources']) === undefined
      ? []
      : ['the pod has resources of its own (spec.resources): the requests of the sidecar must fit into them, too'];
  if (isGuaranteed(pod)) {
    const same = { cpu: cpu.limit ?? cpu.request, memory: memory.limit ?? memory.request };
    const small =
      cpu.limit === undefined && cpuRequest === undefined
        ? [
            `the pod is Guaranteed, so the sidecar is limited to its CPU request of ${cpu.request}; annotation ${CPU_LIMIT_ANNOTATION} gives it more`,
          ]
        : [];
    return { resources: { requests: same, limits: { ...same } }, problems, warnings: [...whole, ...small] };
  }
  const limits = {
    ...(cpu.limit === undefined ? {} : { cpu: cpu.limit }),
    ...(memory.limit === undefined ? {} : { memory: memory.limit }),
  };
  return { resources: { requests: { cpu: cpu.request, memory: memory.request }, limits }, problems, warnings: whole };
}

interface Fitted {
  readonly request: string;
  readonly limit: string | undefined;
  readonly problem?: InjectionProblem;
}

function fitted(
  what: string,
  asked: string | undefined,
  limit: string | undefined,
  otherwise: string,
  limitAsked: boolean,
): Fitted {
  const request = asked ?? otherwise;
  if (limit === undefined || parseQuantity(request)! <= parseQuantity(limit)!) return { request, limit };
  if (asked === undefined) return { request: limit, limit };
  if (!limitAsked) return { request, limit: request };
  const message = `the sidecar's ${what} request ${request} is above its limit ${limit}; change the annotations`;
  return { request, limit, problem: { reason: 'ResourcesInvalid', message } };
}

/**
 * Each container has limits for CPU and memory, and requests the same: https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/. A sidecar
 * that asked for less would cost the pod its class.
 */
function isGuaranteed(pod: RawPod): boolean {
  const containers = containersOf(pod);
  return (
    containers.length > 0 &&
    containers.every(({ container }) => {
      const resources = record(container['resources']);
      const [limits, requests] = [record(resources?.['limits']), record(resources?.['requests'])];
      return ['cpu', 'memory'].every((kind) => {
        const limit = parseQuantity(limits?.[kind]);
        const request = requests?.[kind];
        return limit !== undefined && limit > 0 && (request === undefined || parseQuantity(request) === limit);
      });
    })
  );
}

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Characters. Nobody needs more digits, and the expression below takes time with the square of them. */
const LONGEST_QUANTITY = 64;

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ Undefined for what is none; JSON may have a number. */
export function parseQuantity(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.length > LONGEST_QUANTITY) return undefined;
  const [, digits, suffix] = /^([+-]?(?:\d+\.?\d*|\.\d+))([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/.exec(value) ?? [];
  if (digits === undefined) return undefined;
  const factor = suffix === undefined ? 1 : (SUFFIXES[suffix] ?? Number(`1${suffix}`));
  return Number(digits) * factor;
}
