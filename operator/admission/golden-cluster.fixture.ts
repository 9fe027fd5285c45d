/** What the pods in testdata/ find: its cluster.yaml, as the webhook would see it at one moment. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bindPolicies } from '../../core/policy/bind.ts';
import { formatDiagnostic } from '../../core/policy/diagnostic.ts';
import { loadDocuments } from '../../core/policy/documents.ts';
import { createSeals } from '../render/seals.ts';
import type { InjectionInput, InjectorSettings, RawPod } from './injection.ts';
import { record, text } from '../../core/json/read.ts';
import { serviceAccountOf } from './raw-pod.ts';

export const TESTDATA = join(import.meta.dirname, 'testdata');
const NOW = Date.parse('2026-06-01T00:00:00Z');

export const SETTINGS: InjectorSettings = {
  image: 'registry.example/sluice-sidecar@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  imagePullPolicy: 'IfNotPresent',
  operator: {
    address: 'sluice-operator.sluice.svc:8444',
    serverName: 'sluice-operator.sluice.svc',
    ca: '(PEM of the stream authority)',
  },
  resources: { cpuRequest: '20m', memoryRequest: '96Mi', memoryLimit: '256Mi' },
  runAsUser: 64117,
  clusterDomain: 'cluster.local',
};

export const documents = loadDocuments([{ name: 'cluster.yaml', text: readFileSync(join(TESTDATA, 'cluster.yaml'), 'utf8') }]);
if (documents.diagnostics.length > 0) throw new Error(documents.diagnostics.map(formatDiagnostic).join('\n'));

export const seals = createSeals(() => {
  const key = { id: 'test-key', secret: new Uint8Array(32).fill(7) };
  return { signing: key, all: [key] };
});

export function goldenInput(pod: RawPod, settings: Partial<Record<keyof InjectorSettings, unknown>> = {}): InjectionInput {
  const namespace = text(record(pod['metadata'])?.['namespace']) ?? 'ai-agents';
  const identity = { namespace, serviceAccount: serviceAccountOf(pod) };
  const { runAsUser, ...rest } = { ...SETTINGS, ...settings } as InjectorSettings & { runAsUser?: number | null };
  return {
    pod,
    namespace,
    databases: documents.databases
      .map((database) => ({ database, policies: bindPolicies(database, documents.policies, identity, NOW).policies }))
      .filter((each) => each.policies.length > 0),
    allDatabases: documents.databases,
    settings: { ...rest, ...(typeof runAsUser === 'number' ? { runAsUser } : {}) },
    seals,
  };
}
