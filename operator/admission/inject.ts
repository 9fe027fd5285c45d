/**
 * The injector: from a raw pod to a patch that puts the sidecar into it, or to all the reasons why not. Pure; asked again about its own work it
 * changes nothing (`reinvocationPolicy: IfNeeded`), and what another webhook has made of the sidecar meanwhile is put right.
 */
import {
  CONTAINER_NAME,
  CONTAINERS_ANNOTATION,
  INJECT_ANNOTATION,
  INJECTED_LABEL,
  RENDER_ANNOTATION,
} from '../../core/injection/names.ts';
import type { SidecarSettings } from '../../core/injection/sidecar-settings.ts';
import { keptPod, MOST_KEPT } from '../identity/kept-pod.ts';
import { canonicalRender, sidecarContainer as onlySidecar } from '../render/canonical-render.ts';
import { parseInjectAnnotation, shortened } from './annotation.ts';
import { planEnvironment } from './environment.ts';
import { hostAliasProblems, mergeHostAliases } from './host-aliases.ts';
import type { Injection, InjectionInput, InjectionProblem, RawPod } from './injection.ts';
import { jsonPatch } from './json-patch.ts';
import { planListeners, servedDatabase, type Target } from './listeners.ts';
import { type Raw, record, records, text } from '../../core/json/read.ts';
import {
  annotation,
  annotationsOf,
  containersOf,
  malformedFields,
  type PlacedContainer,
  serviceAccountOf,
  specOf,
} from './raw-pod.ts';
import { hasSidecarName, IMPOSTOR, reservedUses, withoutSidecar } from './reserved.ts';
import { planResources } from './resources.ts';
import { unsafeFeatures, unsafeWithWeakTls } from './safety.ts';
import { selectDatabases } from './selection.ts';
import {
  CLIENT_CA_MOUNT,
  MESH_CONTAINERS,
  meshWarning,
  SIDECAR_VOLUMES,
  sidecarContainer,
  sidecarPosition,
  sidecarVolumes,
} from './sidecar-container.ts';

export function inject(input: InjectionInput): Injection {
  const asked = parseInjectAnnotation(annotation(input.pod, INJECT_ANNOTATION));
  if (asked.kind === 'none') return { outcome: 'skipped', reason: 'NotRequested' };
  if (asked.kind === 'declined') return { outcome: 'skipped', reason: 'Declined' };
  const malformed = malformedFields(input.pod);
  if (malformed.length > 0)
    return refused(malformed.map((field) => ({ reason: 'PodMalformed', message: `${field} is missing, or not of its type` })));

  const claimed = hasSidecarName(input.pod);
  const pod = claimed ? withoutSidecar(input.pod) : input.pod;
  const subject = { namespace: input.namespace, serviceAccount: serviceAccountOf(pod) };
  const selection =
    asked.kind === 'invalid'
      ? { selected: [], problems: asked.problems }
      : selectDatabases(asked, { databases: input.databases, allDatabases: input.allDatabases, subject });
  const listeners = planListeners(selection.selected, pod, {
    podNamespace: input.namespace,
    clusterDomain: input.settings.clusterDomain,
    allDatabases: input.allDatabases,
  });
  const resources = planResources(pod, input.settings.resources);
  const tls = unsafeWithWeakTls(
    pod,
    selection.selected.map((each) => each.database),
  );
  const containers = planContainers(pod, listeners.targets, subject.serviceAccount);
  const injected = assemble(pod, input, listeners.targets, resources.resources, containers.edited);
  const sealed = settle(input, subject, injected, claimed);
  const problems = [
    ...selection.problems,
    ...listeners.problems,
    ...hostAliasProblems(pod, listeners.targets),
    ...containers.problems,
    ...resources.problems,
    ...unsafeFeatures(pod, input.settings.runAsUser),
    ...tls.problems,
    ...reservedUses(pod),
    ...(sealed === undefined ? [IMPOSTOR] : tooLarge(sealed)),
  ];
  if (problems.length > 0 || sealed === undefined) return refused(problems);
  const mesh = meshWarning(records(specOf(pod)['containers']));
  const warnings = [
    ...listeners.warnings,
    ...containers.warnings,
    ...resources.warnings,
    ...tls.warnings,
    ...(mesh === undefined ? [] : [mesh]),
  ];
  return { outcome: 'injected', patch: jsonPatch(input.pod, sealed), warnings };
}

/** Every replica keeps it for as long as it lives. */
function tooLarge(pod: RawPod): readonly InjectionProblem[] {
  const bytes = Buffer.byteLength(JSON.stringify(keptPod(pod)));
  if (bytes <= MOST_KEPT) return [];
  const message = `the pod has ${bytes} bytes without environment, commands and probes, and a governed one can have ${MOST_KEPT}; split it, or make its lists of containers, volumes and mounts shorter`;
  return [{ reason: 'PodTooLarge', message }];
}

/** Characters. Messages quote the pod, whose lengths the API server checks only after us; they go into logs, Events and the answer. */
const LONGEST_MESSAGE = 1000;
/** What moves a terminal's cursor, or turns text around: kubectl prints Events as they are. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The same thing said once. */
function refused(problems: readonly InjectionProblem[]): Injection {
  const said = new Map<string, InjectionProblem>();
  for (const { reason, message } of problems) {
    const shown = message.slice(0, LONGEST_MESSAGE).replaceAll(UNPRINTABLE, ' ');
    const bounded = message.length > LONGEST_MESSAGE ? `${shown}…` : shown;
    said.set(bounded, { reason, message: bounded });
  }
  return { outcome: 'refused', problems: [...said.values()] };
}

interface ContainerPlan {
  /** By name; those that are touched. */
  readonly edited: ReadonlyMap<string, Raw>;
  readonly problems: readonly InjectionProblem[];
  readonly warnings: readonly string[];
}

/** Undefined: all. */
function chosenContainers(pod: RawPod): ReadonlySet<string> | undefined {
  const value = annotation(pod, CONTAINERS_ANNOTATION);
  if (value === undefined) return undefined;
  const names = value.split(',').map((each) => each.trim());
  return new Set(names.filter((each) => each !== ''));
}

/** Of a list in a message: an annotation may name a hundred thousand containers, and a pod have as many. */
const MOST_NAMES = 10;

function unknownContainers(chosen: Iterable<string>, all: readonly PlacedContainer[]): readonly InjectionProblem[] {
  const known = new Set(all.map((each) => each.name));
  const unknown = [...chosen].filter((name) => !known.has(name));
  if (unknown.length === 0) return [];
  const message = `annotation ${CONTAINERS_ANNOTATION}: the pod has no container ${listed(unknown)}, only ${listed([...known])}`;
  return [{ reason: 'ContainerUnknown', message }];
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map(shortened).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}

function planContainers(pod: RawPod, targets: readonly Target[], user: string): ContainerPlan {
  const chosen = chosenContainers(pod);
  const all = containersOf(pod);
  const problems: InjectionProblem[] = [...unknownContainers(chosen ?? [], all)];
  const warnings: string[] = [];
  const edited = new Map<string, Raw>();
  for (const { name, container } of all) {
    if (chosen === undefined ? MESH_CONTAINERS.includes(name) : !chosen.has(name)) continue;
    const plan = planEnvironment(container, targets, user);
    problems.push(...plan.problems);
    warnings.push(...plan.warnings);
    edited.set(name, {
      ...container,
      ...(plan.env.length === 0 ? {} : { env: plan.env }),
      volumeMounts: [...records(container['volumeMounts']), CLIENT_CA_MOUNT],
    });
  }
  return { edited, problems, warnings };
}

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';
const DEFAULT_LOGS_CONTAINER = 'kubectl.kubernetes.io/default-logs-container';

/** Everything but the seal. */
function assemble(
  pod: RawPod,
  { settings }: InjectionInput,
  targets: readonly Target[],
  resources: Raw,
  edited: ReadonlyMap<string, Raw>,
): RawPod {
  const spec = specOf(pod);
  const told: SidecarSettings = {
    formatVersion: 1,
    operator: settings.operator,
    databases: targets.map(servedDatabase),
    ...(settings.logLevel === undefined ? {} : { logLevel: settings.logLevel }),
  };
  const edit = (value: unknown): readonly Raw[] => records(value).map((each) => edited.get(String(each['name'])) ?? each);
  const init = edit(spec['initContainers']);
  const hostAliases = mergeHostAliases(pod, targets);
  const metadata = record(pod['metadata']) ?? {};
  const annotations = annotationsOf(pod);
  const first = text(records(spec['containers'])[0]?.['name']);
  return {
    ...pod,
    metadata: {
      ...metadata,
      labels: { ...record(metadata['labels']), [INJECTED_LABEL]: 'true' },
      annotations: {
        ...annotations,
        ...Object.fromEntries(
          [DEFAULT_CONTAINER, DEFAULT_LOGS_CONTAINER]
            .filter((name) => first !== undefined && !Object.hasOwn(annotations, name))
            .map((name) => [name, first]),
        ),
      },
    },
    spec: {
      ...spec,
      initContainers: init.toSpliced(sidecarPosition(init), 0, sidecarContainer(settings, told, resources)),
      containers: edit(spec['containers']),
      volumes: [...records(spec['volumes']), ...sidecarVolumes()],
      ...(hostAliases.length === 0 ? {} : { hostAliases }),
    },
  };
}

/**
 * Sealed. A pod that comes with a sidecar must come with our seal: over the container as it is, or, where another webhook has changed it, over the
 * container as we make it. The first keeps its volumes and, where it means the same, itself, defaults of the API server included.
 */
function settle(
  { pod: before, seals }: InjectionInput,
  subject: { readonly namespace: string; readonly serviceAccount: string },
  injected: RawPod,
  claimed: boolean,
): RawPod | undefined {
  const render = canonicalRender(injected);
  if (render === undefined) return undefined;
  const present = claimed ? canonicalRender(before) : undefined;
  const seal = annotation(before, RENDER_ANNOTATION);
  const verifies = (text: string): boolean => seal !== undefined && seals.verify(subject, text, seal);
  if (claimed && !(present !== undefined && (verifies(present) || verifies(render)))) return undefined;
  const kept = present === render ? keep(before, injected) : injected;
  return withAnnotation(
    kept,
    RENDER_ANNOTATION,
    seal !== undefined && claimed && verifies(render) ? seal : seals.seal(subject, render),
  );
}

/** Container, volumes and mounts as they are; only their place is ours to say. */
function keep(before: RawPod, injected: RawPod): RawPod {
  const [old, spec] = [specOf(before), specOf(injected)];
  const sidecar = onlySidecar(before);
  const mounts = new Map(containersOf(before).map(({ name, container }) => [name, records(container['volumeMounts'])]));
  const restore = (value: unknown): readonly Raw[] =>
    records(value).map((each) => {
      if (each['name'] === CONTAINER_NAME && sidecar !== undefined) return sidecar;
      const as = mounts.get(String(each['name'])) ?? [];
      const same =
        as.length === records(each['volumeMounts']).length && as.some((mount) => mount['name'] === CLIENT_CA_MOUNT.name);
      return same ? { ...each, volumeMounts: as } : each;
    });
  const volumes = records(old['volumes']);
  const ours = volumes.filter((each) => SIDECAR_VOLUMES.includes(String(each['name'])));
  return {
    ...injected,
    spec: {
      ...spec,
      initContainers: restore(spec['initContainers']),
      containers: restore(spec['containers']),
      volumes: ours.length === SIDECAR_VOLUMES.length ? volumes : spec['volumes'],
    },
  };
}

function withAnnotation(pod: RawPod, name: string, value: string): RawPod {
  const metadata = record(pod['metadata']) ?? {};
  return { ...pod, metadata: { ...metadata, annotations: { ...record(metadata['annotations']), [name]: value } } };
}
