/** Is everything there, and does it run: API server, CRDs, operator, webhook, admission policies. */
import { X509Certificate } from 'node:crypto';
import { KINDS, SCHEMA_ANNOTATION, schemaFingerprint } from '../../../crds/custom-resource-definition.ts';
import { GROUP } from '../../../crds/meta.ts';
import { type Answer, category, type Category, type CheckResult } from './result.ts';
import type { Gathered } from './gather.ts';

export const APPLY_CRDS = 'kubectl apply --server-side -f crds/   (from the checkout of this release)';
const DAY = 86_400_000;

/** Why something could not be looked at; undefined where it was. */
export function notSeen(where: Category, what: string, { problem }: Answer<unknown>): CheckResult | undefined {
  if (problem?.kind === 'forbidden')
    return where.warning(
      `${what} could not be looked at`,
      `ask for the rights in docs/reference/kubectl-sluice.md: ${problem.message}`,
    );
  if (problem?.kind === 'unreachable') return where.failed(`${what} could not be looked at`, problem.message);
  return undefined;
}

export function checkKubernetes({ version }: Gathered): readonly CheckResult[] {
  const where = category('kubernetes');
  if (version.value === undefined)
    return [where.failed('the API server does not answer', version.problem?.message ?? 'look at the kubeconfig')];
  const { major, minor, gitVersion } = version.value;
  const isNew = Number(major) > 1 || Number.parseInt(minor, 10) >= 30;
  return [
    isNew
      ? where.ok(`the API server answers, version ${gitVersion}`)
      : where.failed(`Kubernetes ${gitVersion} is too old`, 'Sluice needs 1.30 or newer: matchConditions and admission policies'),
  ];
}

export function checkCrds({ crds }: Gathered): readonly CheckResult[] {
  const where = category('crds');
  return crds.map(({ name, answer }) => {
    const hidden = notSeen(where, name, answer);
    if (hidden !== undefined) return hidden;
    if (answer.value === undefined) return where.failed(`${name} is missing`, APPLY_CRDS);
    const { metadata, status } = answer.value;
    const established = status?.conditions?.some((each) => each.type === 'Established' && each.status === 'True');
    if (established !== true) return where.failed(`${name} is not served yet`, `kubectl describe crd ${name}`);
    const kind = KINDS.find(({ plural }) => `${plural}.${GROUP}` === name);
    const current = kind !== undefined && metadata.annotations?.[SCHEMA_ANNOTATION] === schemaFingerprint(kind);
    if (!current)
      return where.warning(`${name} is of another release: the API server drops fields that it does not know`, APPLY_CRDS);
    return where.ok(`${name} is there, and of this release`);
  });
}

export function checkOperator(gathered: Gathered, now: number, version: string): readonly CheckResult[] {
  const where = category('operator');
  const { installation, installations, deployment, lease, settings } = gathered;
  if (installation === undefined) {
    const hidden = notSeen(where, 'where Sluice is installed', gathered.webhooks);
    if (hidden !== undefined) return [{ ...hidden, hint: 'say where: --operator-namespace and --release' }];
    if (installations.length > 0) {
      const items = installations.map((each) => `${each.release} in ${each.namespace}`);
      return [where.failed('several installations fit', 'say which: --operator-namespace and --release', items)];
    }
    return [
      where.failed('Sluice is not installed', 'helm install sluice charts/sluice --namespace sluice-system --create-namespace'),
    ];
  }
  const { release, namespace } = installation;
  const name = `${namespace}/${release}-operator`;
  return [
    where.ok(`installed as ${release} in ${namespace}`),
    notSeen(where, `Deployment ${name}`, deployment) ?? replicas(where, gathered, name, version),
    notSeen(where, `Lease ${namespace}/${release}-leader`, lease) ?? leader(where, gathered, now),
    notSeen(where, `the settings of ${release}`, settings) ??
      (settings.value === undefined
        ? where.warning(
            'the settings are missing, or of another release',
            `kubectl -n ${namespace} get configmap ${release}-settings`,
          )
        : where.ok(`policies are honoured in ${settings.value.policyNamespaces.join(', ')}`)),
  ];
}

function replicas(where: Category, { deployment }: Gathered, name: string, version: string): CheckResult {
  if (deployment.value === undefined) return where.failed(`Deployment ${name} is missing`, 'helm upgrade installs it again');
  const { metadata, spec, status } = deployment.value;
  const [ready, wanted] = [status?.readyReplicas ?? 0, spec?.replicas ?? 1];
  const look = `kubectl -n ${metadata.namespace} describe deployment ${metadata.name}; kubectl -n ${metadata.namespace} logs deployment/${metadata.name}`;
  if (ready === 0) return where.failed(`no replica of ${name} is ready`, look);
  if (ready < wanted) return where.warning(`${ready} of ${wanted} replicas of ${name} are ready`, look);
  const runs = metadata.labels?.['app.kubernetes.io/version'];
  if (runs !== undefined && runs !== version)
    return where.warning(`the operator is ${runs}, this command ${version}`, 'use the command of the release that is installed');
  return where.ok(`${ready} of ${wanted} replicas are ready, version ${runs ?? 'unknown'}`);
}

function leader(where: Category, { lease, installation }: Gathered, now: number): CheckResult {
  const hint = `kubectl -n ${installation?.namespace} get lease ${installation?.release}-leader -o yaml; nothing is reconciled meanwhile`;
  const { holderIdentity: holder, renewTime, leaseDurationSeconds } = lease.value?.spec ?? {};
  // A pod's name, and what tells its runs apart: names of pods have no underscore.
  const holderIdentity = holder?.split('_')[0];
  if (!holderIdentity || !renewTime) return where.failed('no replica holds the Lease', hint);
  const age = Math.max(0, Math.round((now - Date.parse(renewTime)) / 1000));
  if (age > 4 * (leaseDurationSeconds ?? 15))
    return where.failed(`${holderIdentity} renewed the Lease ${age} s ago, and should have done so since`, hint);
  return where.ok(`${holderIdentity} reconciles`);
}

export function checkWebhook(gathered: Gathered, now: number): readonly CheckResult[] {
  const where = category('webhook');
  const { installation, webhooks } = gathered;
  const hidden = notSeen(where, 'webhooks', webhooks);
  if (hidden !== undefined) return [hidden];
  const own = webhooks.value?.find(({ webhooks: [first] = [] }) => {
    const service = first?.clientConfig.service;
    return service?.namespace === installation?.namespace && service?.name === `${installation?.release}-webhook`;
  });
  const [hook] = own?.webhooks ?? [];
  if (own === undefined || hook === undefined)
    return [where.failed('no webhook is registered: annotated pods start without a sidecar', 'helm upgrade registers it')];
  return [
    where.ok(`${own.metadata.name} is registered`),
    ...authorities(where, hook.clientConfig.caBundle, now),
    hook.failurePolicy === 'Fail'
      ? where.ok('annotated pods are refused while no replica answers')
      : where.warning(
          'annotated pods start without a sidecar while no replica answers',
          'set webhook.failurePolicy: Fail in the values',
        ),
  ];
}

function authorities(where: Category, caBundle: string | undefined, now: number): readonly CheckResult[] {
  const hint = 'a replica of the operator writes it: look at its logs, and whether it may patch the webhook';
  if (caBundle === undefined || caBundle === '')
    return [where.failed('caBundle is empty: no annotated pod can be created', hint)];
  const pems = Buffer.from(caBundle, 'base64')
    .toString('utf8')
    .match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g);
  let ends: number[];
  try {
    ends = (pems ?? []).map((pem) => Date.parse(new X509Certificate(pem).validTo));
  } catch {
    ends = [];
  }
  if (ends.length === 0) return [where.failed('caBundle holds no certificate', hint)];
  const last = Math.max(...ends);
  const day = new Date(last).toISOString().slice(0, 10);
  if (last < now) return [where.failed(`the authority of the webhook ended on ${day}: no annotated pod can be created`, hint)];
  const days = Math.floor((last - now) / DAY);
  return [
    days < 21
      ? where.warning(`the authority of the webhook ends in ${days} days, on ${day}, and has not been renewed`, hint)
      : where.ok(`its authority is good until ${day}`),
  ];
}

/** Those that the chart makes; each is followed by the name of the installation. */
export const ADMISSION_POLICIES = ['annotated-pods', 'database-deletion', 'exec', 'pods', 'running-pods', 'tokens'];

export function checkAdmissionPolicies({ admissionPolicies, policyBindings, installation }: Gathered): readonly CheckResult[] {
  const where = category('admission-policies');
  const hidden =
    notSeen(where, 'ValidatingAdmissionPolicies', admissionPolicies) ?? notSeen(where, 'their bindings', policyBindings);
  if (hidden !== undefined) return [hidden];
  const policies = admissionPolicies.value ?? [];
  const names = new Set(policies.map(({ metadata }) => metadata.name));
  const missing = ADMISSION_POLICIES.map(
    (name) => `${name}.${installation?.release}.${installation?.namespace}.sluice.dev`,
  ).filter((name) => !names.has(name));
  if (missing.length > 0)
    return [
      where.warning(
        'ValidatingAdmissionPolicies are missing: without them, whoever may patch a pod may replace its sidecar, and exec reaches its credential',
        'set admissionPolicies.enabled: true in the values, or see that policies of your own do the same',
        missing,
      ),
    ];
  const denies = new Set(
    (policyBindings.value ?? [])
      .filter(({ spec }) => spec?.validationActions?.includes('Deny'))
      .map(({ spec }) => spec?.policyName ?? ''),
  );
  const loose = policies.map(({ metadata }) => metadata.name).filter((name) => !denies.has(name));
  return [
    loose.length > 0
      ? where.failed('policies without a binding that denies have no effect', 'helm upgrade restores the bindings', loose)
      : where.ok(`${policies.length} policies are in force`),
  ];
}
