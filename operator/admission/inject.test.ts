/** What golden files cannot show: properties over pods of any shape, and pods that another webhook has had in its hands. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as names from '../../core/injection/names.ts';
import { canonicalRender, sidecarContainer } from '../render/canonical-render.ts';
import { applyJsonPatch } from './apply-json-patch.ts';
import { goldenInput, seals } from './golden-cluster.fixture.ts';
import { inject } from './inject.ts';
import type { Injection, RawPod } from './injection.ts';
import { annotation } from './raw-pod.ts';

// biome-ignore lint/suspicious/noExplicitAny: pods are cut up freely here
type Json = Record<string, any>;

const SUBJECT = { namespace: 'ai-agents', serviceAccount: 'support-agent' };

function plain(): Json {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'agent', namespace: 'ai-agents', annotations: { [names.INJECT_ANNOTATION]: 'orders' } },
    spec: { serviceAccountName: 'support-agent', containers: [{ name: 'app', image: 'app:1' }] },
  };
}

function injected(pod: RawPod, settings = {}): RawPod {
  const result = inject(goldenInput(pod, settings));
  if (result.outcome !== 'injected') throw new Error(JSON.stringify(result));
  return applyJsonPatch(pod, result.patch) as RawPod;
}

function reasons(result: Injection): readonly string[] {
  return result.outcome === 'refused' ? result.problems.map((each) => each.reason) : [result.outcome];
}

function sidecar(pod: Json): Json {
  return pod['spec'].initContainers.find((each: Json) => each['name'] === 'sluice');
}

describe('a pod that says no', () => {
  it.each(['\ufefffalse', 'false\u00a0', '\u2028false'])(
    'in %j: not in white space that the API server may see otherwise',
    (value) => {
      const pod = plain();
      pod['metadata'].annotations[names.INJECT_ANNOTATION] = value;
      expect(reasons(inject(goldenInput(pod)))).toEqual(['AnnotationInvalid']);
    },
  );
});

describe('a pod that does not ask', () => {
  it.each([
    ['has no annotation', undefined, 'NotRequested'],
    ['says no', 'false', 'Declined'],
  ])('because it %s is left alone', (_, value, reason) => {
    const pod = plain();
    pod['metadata'].annotations = value === undefined ? { constructor: 'x' } : { [names.INJECT_ANNOTATION]: value };
    expect(inject(goldenInput(pod))).toEqual({ outcome: 'skipped', reason });
  });
});

describe('asked again', () => {
  it('puts right what another webhook has made of the sidecar', () => {
    const before = injected(plain());
    for (const change of [
      (pod: Json) => (sidecar(pod)['image'] = 'evil:1'),
      (pod: Json) => sidecar(pod)['env'].push({ name: 'NODE_OPTIONS', value: '--inspect' }),
      (pod: Json) => sidecar(pod)['volumeMounts'].push({ name: 'shared', mountPath: '/x' }),
      (pod: Json) => delete sidecar(pod)['restartPolicy'],
      (pod: Json) => (pod['spec'].volumes = pod['spec'].volumes.filter((each: Json) => each['name'] !== 'sluice-state')),
      (pod: Json) => (pod['spec'].volumes.find((each: Json) => each['name'] === 'sluice-state').emptyDir = {}),
    ]) {
      const changed = structuredClone(before) as Json;
      change(changed);
      expect(canonicalRender(injected(changed))).toBe(canonicalRender(before));
    }
  });

  it('moves it behind a mesh’s native proxy that came later, and in front of others', () => {
    const pod = structuredClone(injected(plain())) as Json;
    pod['spec'].initContainers = [
      { name: 'vault-agent-init', image: 'v:1' },
      ...pod['spec'].initContainers,
      { name: 'istio-proxy', image: 'i:1', restartPolicy: 'Always' },
      { name: 'migrate', image: 'm:1' },
    ];
    const result = injected(pod) as Json;
    expect(result['spec'].initContainers.map((each: Json) => each['name'])).toEqual([
      'vault-agent-init',
      'istio-proxy',
      'sluice',
      'migrate',
    ]);
  });

  it('serves the container that came later, too', () => {
    const pod = structuredClone(injected(plain())) as Json;
    pod['spec'].containers.push({ name: 'late', image: 'l:1', env: [{ name: 'PGHOST', value: 'orders-db.data-platform.svc' }] });
    const late = (injected(pod) as Json)['spec'].containers[1];
    expect(late.env[0]).toEqual({ name: 'PGHOST', value: '127.0.0.1' });
    expect(late.volumeMounts).toEqual([{ name: 'sluice-ca', mountPath: names.CLIENT_CA_PATH, readOnly: true }]);
  });

  it('leaves alone what the API server and its plugins have written into the sidecar', () => {
    const pod = structuredClone(injected(plain())) as Json;
    Object.assign(sidecar(pod), { imagePullPolicy: 'Always', resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' } } });
    sidecar(pod)['livenessProbe'].initialDelaySeconds = 0;
    sidecar(pod)['volumeMounts'][1].readOnly = false;
    pod['spec'].volumes.reverse();
    expect(inject(goldenInput(pod))).toMatchObject({ patch: [] });
  });

  it('renders anew what was sealed under other settings', () => {
    const old = injected(plain(), { image: 'sluice-sidecar:0.9' });
    const result = injected(old) as Json;
    expect(sidecar(result)['image']).toContain('@sha256:');
    expect(seals.verify(SUBJECT, canonicalRender(result)!, annotation(result, names.RENDER_ANNOTATION)!)).toBe(true);
  });
});

describe('a container of our name', () => {
  const sealOf = (pod: RawPod): string => annotation(pod, names.RENDER_ANNOTATION)!;

  it.each<[string, (pod: Json) => void]>([
    ['has no seal', (pod) => delete pod['metadata'].annotations[names.RENDER_ANNOTATION]],
    ['is sealed for another service account', (pod) => (pod['spec'].serviceAccountName = 'analyst')],
    ['stands among the containers, too', (pod) => pod['spec'].containers.push({ name: 'sluice', image: 'x' })],
    ['is there twice', (pod) => pod['spec'].initContainers.push(structuredClone(sidecar(pod)))],
    ['stands among the containers', (pod) => pod['spec'].containers.push(pod['spec'].initContainers.shift())],
  ])('that %s is refused', (_, change) => {
    const pod = structuredClone(injected(plain())) as Json;
    pod['metadata'].annotations[names.INJECT_ANNOTATION] = 'data-platform/orders';
    change(pod);
    expect(reasons(inject(goldenInput(pod)))).toContain('ImpostorContainer');
  });

  it('with the seal of another render is refused, unless it is the one we would make', () => {
    const other = plain();
    other['metadata'].annotations[names.INJECT_ANNOTATION] = 'tickets';
    const pod = structuredClone(injected(plain())) as Json;
    sidecar(pod)['image'] = 'evil:1';
    pod['metadata'].annotations[names.RENDER_ANNOTATION] = sealOf(injected(other));
    expect(reasons(inject(goldenInput(pod)))).toEqual(['ImpostorContainer']);
  });

  it('that is ours does not excuse mounts of ours elsewhere', () => {
    for (const mount of [
      { name: 'sluice-token', mountPath: '/t' },
      { name: 'sluice-state', mountPath: '/s', readOnly: true },
      { name: 'sluice-ca', mountPath: names.CLIENT_CA_PATH },
      { name: 'sluice-ca', mountPath: names.CLIENT_CA_PATH, readOnly: false },
      { name: 'sluice-ca', mountPath: names.CLIENT_CA_PATH, readOnly: true, subPath: 'x' },
    ]) {
      const pod = structuredClone(injected(plain())) as Json;
      pod['spec'].containers[0].volumeMounts = [mount];
      expect(reasons(inject(goldenInput(pod)))).toContain('ReservedMount');
    }
  });
});

/** Pods of all kinds of parts, none of which is a reason to refuse. */
const someName = fc.constantFrom('app', 'worker', 'exporter', 'istio-proxy', 'linkerd-proxy', 'migrate', 'a~b/c');
const variable = fc.oneof(
  fc.record({
    name: fc.constantFrom('PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER', 'PGPASSWORD', 'PGSSLROOTCERT', 'URL', 'X'),
    value: fc.oneof(
      fc.constantFrom(
        '',
        'orders-db.data-platform.svc',
        'tickets-db.data-platform',
        'localhost',
        '127.0.0.1',
        '5432',
        '5433',
        'orders',
        'tickets',
        '$(X)',
        '$$(X)',
        'postgres://a:b@orders-db.data-platform.svc/orders?sslmode=require',
        'postgres://a:b@orders-db.data-platform/$(X)',
        'host=orders-db.data-platform.svc user=orders',
      ),
      fc.string(),
    ),
  }),
  fc.record({
    name: fc.constantFrom('PGHOST', 'PGPASSWORD', 'Y'),
    valueFrom: fc.constant({ secretKeyRef: { name: 's', key: 'k' } }),
  }),
);
const container = fc.record(
  {
    image: fc.constant('app:1'),
    env: fc.array(variable, { maxLength: 6 }),
    envFrom: fc.constant([{ secretRef: { name: 's' } }]),
    volumeMounts: fc.constant([{ name: 'data', mountPath: '/data' }]),
    restartPolicy: fc.constant('Always'),
    future: fc.jsonValue(),
  },
  { requiredKeys: ['image'] },
);
const containers = (minLength: number, maxLength: number) =>
  fc
    .uniqueArray(fc.tuple(someName, container), { minLength, maxLength, selector: ([name]) => name })
    .map((all) => all.map(([name, each]) => ({ name, ...each })));
const pods = fc
  .record({
    main: containers(1, 3),
    init: fc.option(containers(0, 3), { nil: undefined }),
    volumes: fc.option(fc.constant([{ name: 'data', emptyDir: {} }]), { nil: undefined }),
    aliases: fc.option(fc.constant([{ ip: '10.0.0.9', hostnames: ['cache.internal'] }]), { nil: undefined }),
    labels: fc.option(fc.dictionary(fc.constantFrom('a', 'b/c', 'd~e', 'sluice.dev/injected'), fc.string()), { nil: undefined }),
    asked: fc.constantFrom('orders', 'orders,tickets', 'tickets=6000, orders', 'legacy,orders', 'data-platform/billing'),
    future: fc.jsonValue(),
  })
  .map(({ main, init, volumes, aliases, labels, asked, future }): Json => {
    const pod = plain();
    pod['metadata'].annotations[names.INJECT_ANNOTATION] = asked;
    if (labels !== undefined) pod['metadata'].labels = labels;
    const main2 = main.map((each) => ({ ...each, name: `main-${each.name}` }));
    Object.assign(pod['spec'], { containers: main2, future });
    if (init !== undefined) pod['spec'].initContainers = init;
    if (volumes !== undefined) pod['spec'].volumes = volumes;
    if (aliases !== undefined) pod['spec'].hostAliases = aliases;
    return pod;
  });

/** The pod without all that the contract names; where only the injector's work differs, this does not. */
function outside(pod: Json): Json {
  const copy = structuredClone(pod);
  const { metadata, spec } = copy;
  for (const key of [
    names.RENDER_ANNOTATION,
    'kubectl.kubernetes.io/default-container',
    'kubectl.kubernetes.io/default-logs-container',
  ])
    delete metadata.annotations[key];
  delete metadata.labels?.[names.INJECTED_LABEL];
  if (Object.keys(metadata.labels ?? {}).length === 0) delete metadata.labels;
  spec.initContainers = (spec.initContainers ?? []).filter((each: Json) => each['name'] !== 'sluice');
  spec.volumes = (spec.volumes ?? []).filter((each: Json) => !each['name'].startsWith('sluice-'));
  spec.hostAliases = (spec.hostAliases ?? []).filter((each: Json) => !each['ip'].startsWith('127.77.'));
  for (const each of [...spec.initContainers, ...spec.containers]) {
    each.volumeMounts = (each.volumeMounts ?? []).filter((mount: Json) => mount['name'] !== 'sluice-ca');
    each.env = (each.env ?? []).filter((entry: Json) => !/^(PG|URL|X$)/.test(entry['name']));
  }
  return copy;
}

describe('for any pod', () => {
  it('what comes out is sealed, means nothing new the second time, and is the pod it was outside of what the contract names', () => {
    let done = 0;
    fc.assert(
      fc.property(pods, (pod) => {
        const input = goldenInput(pod);
        const frozen = JSON.stringify(pod);
        const result = inject(input);
        expect(JSON.stringify(pod)).toBe(frozen);
        if (result.outcome === 'refused') {
          expect(result.problems.every((each) => each.message.length > 20)).toBe(true);
          return;
        }
        done += 1;
        if (result.outcome !== 'injected') throw new Error('skipped');
        const after = applyJsonPatch(pod, result.patch) as Json;
        expect(inject({ ...input, pod: after })).toEqual({ ...result, patch: [] });
        expect(outside(after)).toEqual(outside(pod));
        expect(seals.verify(SUBJECT, canonicalRender(after)!, annotation(after, names.RENDER_ANNOTATION)!)).toBe(true);
        const at = after['spec'].initContainers.findIndex((each: Json) => each['name'] === 'sluice');
        const before = after['spec'].initContainers.slice(0, at).at(-1);
        expect(before === undefined || ['istio-proxy', 'linkerd-proxy'].includes(before.name)).toBe(true);
        expect(sidecarContainer(after)?.['restartPolicy']).toBe('Always');
      }),
      { numRuns: 500 },
    );
    expect(done).toBeGreaterThan(100);
  });
});

describe('a pod as large as they come', () => {
  it.each([
    [
      'of variables',
      () =>
        Array.from({ length: 20_000 }, (_, at) => ({ name: `V${at}`, value: 'postgres://orders-db.data-platform.svc/orders' })),
    ],
    ['of one variable', () => Array.from({ length: 20_000 }, () => ({ name: 'PGHOST', value: 'orders-db.data-platform.svc' }))],
    ['of a long one', () => [{ name: 'URL', value: `postgres://${'a@'.repeat(500_000)}#` }]],
  ])('%s is injected, in time that grows with its size', (_, env) => {
    const pod = plain();
    pod['spec'].containers[0].env = env();
    expect(inject(goldenInput(pod)).outcome).toBe('injected');
  });
});

describe('what is quoted of a pod', () => {
  it('cannot speak to a terminal', () => {
    const pod = plain();
    pod['metadata'].annotations[names.INJECT_ANNOTATION] = 'a\u001b[2J\u202eb\u2028c\n';
    expect(inject(goldenInput(pod))).toMatchObject({ problems: [{ message: expect.stringContaining('"a [2J b c"') }] });
  });
});

describe('an annotation or a name as long as a request', () => {
  const hundredThousand = Array.from({ length: 100_000 }, (_, at) => `x${at.toString(36)}`).join(',');
  it.each<readonly [string, Json]>([
    ['containers that there are not', { [names.CONTAINERS_ANNOTATION]: hundredThousand }],
    ['an amount of a million digits', { [names.MEMORY_LIMIT_ANNOTATION]: `${'1'.repeat(1_000_000)}x` }],
    ['one Database twice', { [names.INJECT_ANNOTATION]: `${'a'.repeat(90_000)},${'a'.repeat(90_000)}` }],
    ['a long path', {}],
  ])('%s: is refused in a few words, in time that grows with its size', (_, annotations) => {
    const pod = plain();
    Object.assign(pod['metadata'].annotations, annotations);
    pod['spec'].containers = Array.from({ length: 1000 }, (_each, at) => ({ name: 'c'.repeat(55) + at, image: 'app:1' }));
    pod['spec'].volumes = [{ name: 'host', hostPath: { path: `/proc${'/.'.repeat(500_000)}` } }];
    const result = inject(goldenInput(pod));
    if (result.outcome !== 'refused') throw new Error(result.outcome);
    expect(result.problems.length).toBeLessThan(5);
    expect(result.problems.every(({ message }) => message.length <= 1001)).toBe(true);
  });

  it('containers that there are not are named, the first of them', () => {
    const pod = plain();
    pod['metadata'].annotations[names.CONTAINERS_ANNOTATION] = `app,${hundredThousand}`;
    expect(inject(goldenInput(pod))).toMatchObject({
      problems: [
        { reason: 'ContainerUnknown', message: expect.stringMatching(/no container x0, x1, .* and 99990 more, only app$/) },
      ],
    });
  });
});

it.each<[string, (pod: Json) => void]>([
  ['volumes', (pod) => (pod['spec'].volumes = Array.from({ length: 5000 }, (_, at) => ({ name: `v${at}`, emptyDir: {} })))],
  [
    'containers',
    (pod) => (pod['spec'].containers = Array.from({ length: 5000 }, (_, at) => ({ name: `c${at}`, image: 'app:1' }))),
  ],
])('a pod of thousands of %s is refused: every replica would keep it', (_, change) => {
  const pod = plain();
  change(pod);
  expect(reasons(inject(goldenInput(pod)))).toEqual(['PodTooLarge']);
});
