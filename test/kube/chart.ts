/** The chart as tests use it: rendered for the real API server's version, or installed on it. */
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
export const CHART = join(ROOT, 'charts', 'sluice');
export const SYSTEM = 'sluice-system';

/** `helm template` asks no cluster; this is the version it renders for. */
const RENDERED_FOR = ['--kube-version', '1.34.0'];

export interface Release {
  /** Default `sluice`. */
  readonly name?: string;
  /** Files under the chart. */
  readonly values?: readonly string[];
  readonly set?: readonly string[];
  readonly more?: readonly string[];
}

function helmArguments({ name = 'sluice', values = [], set = [], more = [] }: Release): string[] {
  return [
    name,
    CHART,
    '--namespace',
    SYSTEM,
    ...values.flatMap((file) => ['--values', join(CHART, file)]),
    ...set.flatMap((each) => ['--set', each]),
    ...more,
  ];
}

/** YAML, many documents. Throws with helm's words. */
export function renderChart(kube: ControlPlane, release: Release = {}): string {
  return kube.helm(['template', ...helmArguments(release), ...RENDERED_FOR]);
}

/** What helm prints, notes included. */
export function installChart(kube: ControlPlane, release: Release = {}): string {
  return kube.helm(['upgrade', '--install', ...helmArguments(release)]);
}

/** The documented command. */
export function applyCrds(kube: ControlPlane): string {
  return kube.kubectl(['apply', '--server-side', '-f', `${join(ROOT, 'crds')}/`]);
}

/** A namespace in which only pods of the restricted profile may exist. */
export async function restrictedNamespace(kube: ControlPlane, name: string): Promise<void> {
  await kube.request('POST', '/api/v1/namespaces', {
    metadata: {
      name,
      labels: {
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/warn': 'restricted',
      },
    },
  });
}
