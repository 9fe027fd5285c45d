/** Is what people have written in force: Databases, policies, and pods that ask to be governed. */
import { imageTag } from '../images.ts';
import { condition, nameOf, type Reported } from '../objects.ts';
import { oldLogins } from '../old-logins.ts';
import { notSeen } from './installation-checks.ts';
import type { Gathered } from './gather.ts';
import { category, type Category, type CheckResult } from './result.ts';

export function checkObjects(gathered: Gathered): readonly CheckResult[] {
  const where = category('databases-and-policies');
  const trusted = gathered.settings.value?.policyNamespaces;
  const look = (kind: string, answer: Gathered['databases']): readonly CheckResult[] => {
    const hidden = notSeen(where, `${kind} objects`, answer);
    if (hidden !== undefined) return [hidden];
    const all = answer.value ?? [];
    const isTrusted = (each: Reported) => trusted === undefined || trusted.includes(each.metadata.namespace ?? '');
    const [honoured, elsewhere] = [all.filter(isTrusted), all.filter((each) => !isTrusted(each))];
    return [
      readiness(where, kind, honoured),
      ...(elsewhere.length === 0
        ? []
        : [
            where.warning(
              `${kind} objects stand in namespaces that are not honoured`,
              'move them, or add the namespace to policyNamespaces in the values: whoever may write there then gives access to data',
              elsewhere.map(nameOf),
            ),
          ]),
    ];
  };
  return [...look('Database', gathered.databases), ...look('DatabaseAccessPolicy', gathered.policies)];
}

function readiness(where: Category, kind: string, objects: readonly Reported[]): CheckResult {
  if (objects.length === 0)
    return where.warning(`there is no ${kind}`, `kubectl explain ${kind.toLowerCase()}.spec describes it; examples/ has some`);
  const items = objects.flatMap((each) => {
    const ready = condition(each, 'Ready');
    const stale = each.metadata.generation !== undefined && (ready?.observedGeneration ?? 0) < each.metadata.generation;
    if (ready === undefined || stale)
      return [`${nameOf(each)}: the operator has not looked at it${stale && ready ? ' since it was changed' : ''}`];
    return ready.status === 'True' ? [] : [`${nameOf(each)}: ${ready.message}`];
  });
  const ready = objects.length - items.length;
  if (items.length === 0) return where.ok(`${ready} of ${objects.length} ${kind} objects are Ready`);
  return where.failed(
    `${ready} of ${objects.length} ${kind} objects are Ready`,
    `kubectl describe ${kind.toLowerCase()} shows all conditions`,
    items,
  );
}

const WAITING = 'kubectl describe pod says whether its image can be pulled, kubectl logs POD -c sluice what it waits for';

export function checkPods(gathered: Gathered): readonly CheckResult[] {
  const where = category('pods');
  const { pods, settings } = gathered;
  const hidden = notSeen(where, 'pods', pods);
  if (hidden !== undefined) return [hidden];
  const all = pods.value ?? [];
  const governed = all.filter((pod) => pod.sidecar !== undefined);
  const bare = all.filter((pod) => pod.sidecar === undefined).map(nameOfPod);
  const waiting = governed.filter((pod) => pod.sidecar?.ready === false).map(nameOfPod);
  const image = settings.value?.injector.image;
  const outdated = governed.filter((pod) => image !== undefined && pod.sidecar?.image !== image);
  // Where only the registry differs, the short form would hide it.
  const alike = outdated.some((pod) => imageTag(pod.sidecar?.image ?? '') === imageTag(image ?? ''));
  const shown = (reference = ''): string => (alike ? reference : imageTag(reference));
  return [
    bare.length > 0
      ? where.failed(
          `${bare.length} annotated pods have no sidecar, and so no database`,
          'delete them: their controller makes them anew, and the webhook is asked (it may say why not: kubectl get events)',
          bare,
        )
      : where.ok(`${governed.length} annotated pods have their sidecar`),
    ...(waiting.length > 0 ? [where.warning('sidecars are not ready', WAITING, waiting)] : []),
    ...(outdated.length > 0
      ? [
          where.warning(
            `sidecars of another release than ${shown(image)} run in ${outdated.length} pods; they stay valid`,
            'restart their workloads when it suits: kubectl rollout restart',
            outdated.map((pod) => `${nameOfPod(pod)}: ${shown(pod.sidecar?.image)}`),
          ),
        ]
      : []),
    ...logins(where, governed),
  ];
}

function logins(where: Category, governed: NonNullable<Gathered['pods']['value']>): readonly CheckResult[] {
  const found = governed.flatMap((pod) => oldLogins(pod.raw).map((login) => ({ pod, login })));
  const told = (kind: 'literal' | 'secret') =>
    found
      .filter(({ login }) => login.kind === kind)
      .map(({ pod, login }) => `${nameOfPod(pod)}, container ${login.container}, ${login.place}: ${login.what}`);
  const [literal, secret] = [told('literal'), told('secret')];
  const results: CheckResult[] = [];
  if (literal.length > 0)
    results.push(
      where.failed(
        'governed pods hold passwords: their processes may go past the sidecar',
        'change or disable that login in the database, then remove it from the pod template',
        literal,
      ),
    );
  if (secret.length > 0)
    results.push(
      where.warning(
        'governed pods are given Secrets: one may hold a login to the database',
        'if it does, change or disable that login, then remove the reference',
        secret,
      ),
    );
  if (results.length === 0 && governed.length > 0) results.push(where.ok('no login is left in the environment of governed pods'));
  return results;
}

function nameOfPod({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
