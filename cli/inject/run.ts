/** `sluice inject`: the injector of the webhook, over files instead of a cluster. */
import { readFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { parseAllDocuments, stringify } from 'yaml';
import { bindPolicies } from '../../core/policy/bind.ts';
import { formatDiagnostic } from '../../core/policy/diagnostic.ts';
import { type Documents, loadDocuments } from '../../core/policy/documents.ts';
import { applyJsonPatch } from '../../operator/admission/apply-json-patch.ts';
import { inject } from '../../operator/admission/inject.ts';
import type { Injection, InjectorSettings } from '../../operator/admission/injection.ts';
import { record } from '../../core/json/read.ts';
import { serviceAccountOf } from '../../operator/admission/raw-pod.ts';
import type { RenderSeals } from '../../operator/render/seal.ts';
import { PolicyFileError, readPolicyFiles } from '../../sidecar/bundle/policy-files.ts';
import { CliError } from '../errors.ts';
import type { InjectOptions } from './command.ts';
import { misplacedAnnotation, type Workload, withPod, workloadOf } from './workloads.ts';

const HEAD =
  '# A preview by sluice inject of what the cluster makes of the pods. Do not apply it: only the operator can seal a sidecar.\n';

/** The exit code: 0 all well, 3 a pod is refused. Throws CliError. */
export async function runInject(options: InjectOptions, out: Writable, err: Writable): Promise<number> {
  const { databases, policies } = await readPolicies(options.policy);
  const context = { databases, policies, namespace: options.namespace, settings: settingsFor(options) };
  return injectFile(options.file, context, out, err);
}

/** What is known of a cluster, by files or by asking it. */
export interface Preview extends Pick<Documents, 'databases' | 'policies'> {
  /** Of objects that name none. */
  readonly namespace: string;
  readonly settings: InjectorSettings;
}

/** The exit code: 0 all well, 3 a pod is refused. Throws CliError. */
export async function injectFile(file: string, context: Preview, out: Writable, err: Writable): Promise<number> {
  const printed: string[] = [];
  let refused = false;
  for (const value of parseObjects(file, await readInput(file))) {
    const results = expand(value).map((each) => injectObject(each, context));
    for (const { label, result, misplaced } of results) {
      const warnings = [
        ...(misplaced === undefined ? [] : [misplaced]),
        ...(result?.outcome === 'injected' ? result.warnings.map((each) => `${label}: ${each}`) : []),
      ];
      for (const each of warnings) err.write(`warning: ${each}\n`);
      if (result?.outcome !== 'refused') continue;
      refused = true;
      err.write(`${label} is refused:\n${result.problems.map((each) => `  ${each.reason}: ${each.message}\n`).join('')}`);
    }
    const objects = results.map((each) => each.object);
    printed.push(stringify(isList(value) ? { ...value, items: objects } : objects[0], { lineWidth: 0 }));
  }
  if (refused) return 3;
  out.write(HEAD + printed.join('---\n'));
  return 0;
}

interface ObjectResult {
  readonly object: unknown;
  readonly label: string;
  readonly result?: Injection;
  readonly misplaced?: string | undefined;
}

function injectObject(object: unknown, context: Preview): ObjectResult {
  const workload = workloadOf(object, context.namespace);
  if (workload === undefined) return { object, label: '' };
  const { label, pod } = workload;
  const result = injectPod(workload, context);
  const misplaced = misplacedAnnotation(workload);
  const changed = result.outcome === 'injected' ? withPod(workload, applyJsonPatch(pod, result.patch)) : object;
  return { object: changed, label, result, misplaced };
}

function injectPod({ pod, namespace }: Workload, { databases, policies, settings }: Preview): Injection {
  const subject = { namespace, serviceAccount: serviceAccountOf(pod) };
  return inject({
    pod,
    namespace,
    databases: databases
      .map((database) => ({ database, policies: bindPolicies(database, policies, subject, Date.now()).policies }))
      .filter((each) => each.policies.length > 0),
    allDatabases: databases,
    settings,
    seals: PREVIEW_SEALS,
  });
}

/** Instead of what stands in a Secret. */
export const UNKNOWN_AUTHORITY = '(the certificate of the cluster’s stream authority)';

/** As the chart's defaults have it. The authority is made when Sluice is installed. */
function settingsFor({ image, clusterDomain }: InjectOptions): InjectorSettings {
  const host = `sluice-operator.sluice-system.svc.${clusterDomain}`;
  return {
    image,
    imagePullPolicy: 'IfNotPresent',
    operator: { address: `${host}:8444`, serverName: host, ca: UNKNOWN_AUTHORITY },
    resources: { cpuRequest: '20m', memoryRequest: '96Mi', memoryLimit: '256Mi' },
    runAsUser: 64117,
    clusterDomain,
  };
}

/** Verifies nothing: a sidecar that stands in a file is somebody's own. */
const PREVIEW_SEALS: RenderSeals = { seal: () => 'preview', verify: () => false };

async function readPolicies(paths: readonly string[]): Promise<Documents> {
  try {
    const documents = loadDocuments(await readPolicyFiles(paths));
    const errors = documents.diagnostics.filter((each) => each.severity === 'error');
    if (errors.length > 0)
      throw new CliError(['the policy files have mistakes', ...errors.map((each) => `  ${formatDiagnostic(each)}`)].join('\n'));
    return documents;
  } catch (error) {
    if (error instanceof PolicyFileError) throw new CliError(error.message);
    throw error;
  }
}

async function readInput(file: string): Promise<string> {
  if (file === '-') return readAll(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new CliError(`${file} cannot be read: ${code === 'ENOENT' ? 'it does not exist' : code}`);
  }
}

function parseObjects(file: string, text: string): readonly unknown[] {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined)
      throw new CliError(`${file === '-' ? 'standard input' : file} is not YAML: ${error.message.split('\n')[0]}`);
    const value: unknown = document.toJS();
    return value === null ? [] : [value];
  });
}

function isList(value: unknown): value is Readonly<Record<string, unknown>> & { readonly items: readonly unknown[] } {
  return /List$/.test(String(record(value)?.['kind'])) && Array.isArray(record(value)?.['items']);
}

function expand(value: unknown): readonly unknown[] {
  return isList(value) ? value.items : [value];
}
