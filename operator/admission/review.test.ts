/** From the bytes of a review to the bytes of an answer. With a real API server: test/kube/admission.test.ts. */
import pino from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { INJECT_ANNOTATION } from '../../core/injection/names.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import { ApiError, type KubeObject } from '../api/kube-api.ts';
import { applyJsonPatch } from './apply-json-patch.ts';
import { MAX_REVIEW_BYTES } from './admission-review.ts';
import { documents, SETTINGS, seals } from './golden-cluster.fixture.ts';
import { type LiveObjects, liveObjects } from './live-objects.ts';
import { createRefusalEvents } from './refusal-events.ts';
import { type ReviewContext, type ReviewOutcome, reviewAdmission } from './review.ts';
import { reviewTelemetry } from './telemetry.ts';

const NOTHING: LiveObjects = {
  policyNamespaces: ['data-platform', 'staging'],
  database: async () => undefined,
  policiesOf: async () => [],
};

function setUp(overrides: Partial<ReviewContext> = {}) {
  const outcomes: ReviewOutcome[] = [];
  const clock = manualClock();
  const context: ReviewContext = {
    view: {
      synced: Promise.resolve(),
      hasSynced: true,
      databases: () => documents.databases,
      policiesOf: ({ metadata }) =>
        documents.policies.filter(
          (each) => each.metadata.namespace === metadata.namespace && each.spec.databaseRef.name === metadata.name,
        ),
    },
    live: NOTHING,
    settings: () => SETTINGS,
    seals,
    clock,
    report: (outcome) => outcomes.push(outcome),
    ...overrides,
  };
  return { context, outcomes, clock };
}

const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'agent-5d8f', uid: 'u-1', controller: true };

function review(asked: string | undefined, request: Record<string, unknown> = {}): Buffer {
  const pod = {
    metadata: {
      generateName: 'agent-',
      ownerReferences: [{ kind: 'Other' }, OWNER],
      ...(asked === undefined ? {} : { annotations: { [INJECT_ANNOTATION]: asked } }),
    },
    spec: { serviceAccountName: 'support-agent', containers: [{ name: 'app', image: 'app:1' }] },
  };
  return Buffer.from(
    JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: 'r-1',
        kind: { group: '', version: 'v1', kind: 'Pod' },
        operation: 'CREATE',
        namespace: 'ai-agents',
        object: pod,
        ...request,
      },
    }),
  );
}

describe('a review', () => {
  it('answers with a patch that injects', async () => {
    const { context, outcomes } = setUp();
    const body = review('orders');
    const { response, ...rest } = await reviewAdmission(body, context);
    expect(rest).toEqual({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' });
    expect(response).toMatchObject({
      uid: 'r-1',
      allowed: true,
      patchType: 'JSONPatch',
      auditAnnotations: { reason: 'Injected' },
    });
    const patch = JSON.parse(Buffer.from(response.patch!, 'base64').toString());
    const pod = applyJsonPatch(JSON.parse(body.toString()).request.object, patch);
    expect(pod).toMatchObject({ spec: { initContainers: [{ name: 'sluice' }] }, metadata: { generateName: 'agent-' } });
    expect(outcomes).toEqual([
      expect.objectContaining({
        result: 'injected',
        reason: 'Injected',
        namespace: 'ai-agents',
        serviceAccount: 'support-agent',
        pod: 'agent-*',
        owner: OWNER,
      }),
    ]);
    const again = await reviewAdmission(review('orders', { object: pod }), context);
    expect(again.response).toEqual({ uid: 'r-1', allowed: true, auditAnnotations: { reason: 'Unchanged' } });
  });

  it('refuses with all problems, each with what to do, and one reason for log, metric and Event', async () => {
    const { context, outcomes } = setUp();
    const { response } = await reviewAdmission(review('ordres,tickets=80'), context);
    expect(response).toMatchObject({ allowed: false, status: { code: 403, reason: 'Forbidden' } });
    expect(response.status?.message).toBe(
      'Sluice cannot govern this pod: annotation sluice.dev/inject: port 80 of tickets cannot be used; choose one from 1024 to 65535 other than 15490',
    );
    const two = await reviewAdmission(review('ordres,nowhere/x'), context);
    expect(two.response.status?.message).toMatch(
      /^Sluice cannot govern this pod, for 2 reasons:\n- there is no .*\n- there is no /,
    );
    expect(outcomes.map((each) => each.reason)).toEqual(['PortInvalid', 'DatabaseUnknown']);
  });

  it.each([
    [undefined, 'NotRequested'],
    ['false', 'Declined'],
  ])('lets a pod with the annotation %j pass as it is', async (asked, reason) => {
    const { context } = setUp();
    expect((await reviewAdmission(review(asked), context)).response).toEqual({
      uid: 'r-1',
      allowed: true,
      auditAnnotations: { reason },
    });
  });

  it('of a dry run leaves no trace', async () => {
    const { context, outcomes } = setUp();
    expect((await reviewAdmission(review('orders', { dryRun: true }), context)).response.allowed).toBe(true);
    expect((await reviewAdmission(review('nothing', { dryRun: true }), context)).response.allowed).toBe(false);
    expect(outcomes).toEqual([]);
  });

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['no JSON', Buffer.from('{')],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['too much', Buffer.alloc(MAX_REVIEW_BYTES + 1, 0x20)],
    ['too deep', Buffer.from('['.repeat(1_000_000))],
    ['null', Buffer.from('null')],
    ['a list', Buffer.from('[]')],
    ['another kind', Buffer.from('{"kind":"Pod","apiVersion":"v1"}')],
    ['another version', Buffer.from(review('orders').toString().replace('admission.k8s.io/v1', 'admission.k8s.io/v1beta1'))],
    ['no uid', review('orders', { uid: '' })],
    ['another resource', review('orders', { kind: { group: 'apps', version: 'v1', kind: 'Deployment' } })],
    ['an update', review('orders', { operation: 'UPDATE' })],
    ['no pod', review('orders', { object: null })],
    ['no namespace', review('orders', { namespace: '' })],
  ])('that is %s is refused as malformed', async (_, body) => {
    const { context, outcomes } = setUp();
    expect((await reviewAdmission(body, context)).response).toMatchObject({ allowed: false, status: { code: 400 } });
    expect(outcomes).toMatchObject([{ result: 'refused', reason: 'ReviewMalformed' }]);
  });

  it('of a pod without anything is refused as a pod', async () => {
    const { context } = setUp();
    const object = { metadata: { annotations: { [INJECT_ANNOTATION]: 'orders' } } };
    expect((await reviewAdmission(review('', { object }), context)).response.status).toMatchObject({
      code: 403,
      message: expect.stringContaining('spec is missing'),
    });
  });

  it('is refused while Databases are not known yet, after some patience', async () => {
    let ready = (): void => undefined;
    let hasSynced = false;
    const synced = new Promise<void>((resolve) => (ready = resolve));
    const { context, clock } = setUp();
    const starting: ReviewContext = {
      ...context,
      view: {
        ...context.view,
        synced,
        get hasSynced() {
          return hasSynced;
        },
      },
    };
    const early = reviewAdmission(review('orders'), starting);
    await clock.advance(3000);
    expect((await early).response).toMatchObject({ allowed: false, status: { code: 503 } });
    const patient = reviewAdmission(review('orders'), starting);
    await clock.advance(1000);
    hasSynced = true;
    ready();
    expect((await patient).response.allowed).toBe(true);
    const noAuthority = { ...context, settings: () => undefined };
    expect((await reviewAdmission(review('orders'), noAuthority)).response.auditAnnotations).toEqual({ reason: 'NotReady' });
  });

  it('that fails is refused without a word of the pod, whatever telemetry does', async () => {
    const { context, outcomes } = setUp({
      seals: {
        seal: () => {
          throw new Error('orders s3cret');
        },
        verify: () => false,
      },
    });
    const answer = await reviewAdmission(review('orders'), context);
    expect(answer.response).toMatchObject({ allowed: false, status: { code: 503 } });
    expect(JSON.stringify([answer, outcomes])).not.toContain('s3cret');
    const loud = { ...setUp().context, report: () => expect.fail('telemetry is down') };
    expect((await reviewAdmission(review('orders'), loud)).response.allowed).toBe(true);
  });
});

describe('what the view does not have yet', () => {
  const [orders] = documents.databases;
  const live = (asked: string[], late = false): LiveObjects => ({
    policyNamespaces: ['data-platform', 'staging'],
    async database(namespace, name, signal) {
      asked.push(`${namespace}/${name}`);
      if (late) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('late'))));
      return namespace === 'data-platform' && name === 'orders' ? orders : undefined;
    },
    policiesOf: async ({ metadata }) => documents.policies.filter((each) => each.spec.databaseRef.name === metadata.name),
  });

  it('is asked for once, in trusted namespaces only', async () => {
    const asked: string[] = [];
    const { context } = setUp({ live: live(asked) });
    const empty: ReviewContext = { ...context, view: { ...context.view, databases: () => [], policiesOf: () => [] } };
    expect((await reviewAdmission(review('orders'), empty)).response.allowed).toBe(true);
    expect(asked).toEqual(['data-platform/orders', 'staging/orders']);
    asked.length = 0;
    expect((await reviewAdmission(review('evil/orders'), empty)).response.allowed).toBe(false);
    expect(asked).toEqual([]);
  });

  it('includes a policy that has only just been written', async () => {
    const { context } = setUp({ live: live([]) });
    const without: ReviewContext = { ...context, view: { ...context.view, policiesOf: () => [] } };
    expect((await reviewAdmission(review('data-platform/orders'), without)).response.allowed).toBe(true);
  });

  it('is not asked for where the view suffices, nor for more than a few', async () => {
    const asked: string[] = [];
    const { context } = setUp({ live: live(asked) });
    await reviewAdmission(review('orders'), context);
    expect(asked).toEqual([]);
    await reviewAdmission(review(Array.from({ length: 32 }, (_, at) => `x${at}`).join(',')), context);
    expect(asked.length).toBe(16);
    const many = await reviewAdmission(review(Array.from({ length: 50_000 }, (_, at) => `x${at}`).join(',')), context);
    expect(many.response.status?.message).toContain('lists 50000 Databases; a pod can have 32');
  });

  it('refuses the pod when it does not come in time', async () => {
    const { context, clock } = setUp({ live: live([], true) });
    const empty: ReviewContext = { ...context, view: { ...context.view, databases: () => [] } };
    const answer = reviewAdmission(review('orders'), empty);
    await clock.advance(2000);
    expect((await answer).response.auditAnnotations).toEqual({ reason: 'DatabaseUnknown' });
  });
});

describe('objects asked for live', () => {
  it('are so many a second, whoever asks', async () => {
    const clock = manualClock();
    let asked = 0;
    const get = async (): Promise<never> => {
      asked += 1;
      throw new ApiError(404, 'NotFound', 'no');
    };
    const live = liveObjects({ get, list: get }, ['data-platform'], clock);
    const ask = () => live.database('data-platform', 'x', new AbortController().signal).catch(() => undefined);
    for (let turn = 0; turn < 1000; turn += 1) await ask();
    expect(asked).toBe(200);
    await clock.advance(1000);
    for (let turn = 0; turn < 1000; turn += 1) await ask();
    expect(asked).toBe(250);
  });
});

describe('telemetry', () => {
  it('counts, logs, and writes an Event on the controller, once in ten minutes', async () => {
    const clock = manualClock();
    const events: KubeObject[] = [];
    const lines: Record<string, unknown>[] = [];
    const registry = new Registry();
    const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const refusals = createRefusalEvents(
      {
        create: async (_, object) => {
          events.push(object);
          return object;
        },
      },
      clock,
      log,
      'operator-0',
    );
    const { context } = setUp({ report: reviewTelemetry(registry, log, refusals) });
    for (let turn = 0; turn < 3; turn += 1) await reviewAdmission(review('nothing'), context);
    await reviewAdmission(review('orders'), context);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      metadata: { namespace: 'ai-agents' },
      reason: 'DatabaseUnknown',
      type: 'Warning',
      regarding: { kind: 'ReplicaSet', name: 'agent-5d8f', namespace: 'ai-agents' },
      note: expect.stringContaining('there is no Database nothing'),
    });
    clock.jump(600_000);
    await reviewAdmission(review('nothing'), context);
    expect(events).toHaveLength(2);
    expect(await registry.metrics()).toContain(
      'sluice_operator_admission_reviews_total{result="refused",reason="DatabaseUnknown"} 4',
    );
    expect(lines[0]).toMatchObject({ reason: 'DatabaseUnknown', namespace: 'ai-agents', msg: 'pod-refused' });
    expect(lines[3]).toMatchObject({ reason: 'Injected', msg: 'pod-injected' });
  });

  it('Events are few, however many refusals there are, and about objects that can be', async () => {
    const clock = manualClock();
    const events: KubeObject[] = [];
    const create = async <T extends KubeObject>(_: unknown, object: T): Promise<T> => {
      events.push(object);
      return object;
    };
    const refusals = createRefusalEvents({ create }, clock, pino({ level: 'silent' }), 'operator-0');
    const refuse = (namespace: string, name: string, kind = 'ReplicaSet') =>
      refusals.refused({
        result: 'refused',
        reason: 'NoPolicy',
        problems: [{ reason: 'NoPolicy', message: 'no' }],
        namespace,
        owner: { apiVersion: 'apps/v1', kind, name, uid: name },
        milliseconds: 1,
      });
    for (let turn = 0; turn < 1000; turn += 1) refuse('one', `agent-${turn}`);
    expect(events).toHaveLength(25);
    for (let turn = 0; turn < 1000; turn += 1) refuse(`ns-${turn}`, `agent-${turn}`);
    expect(events).toHaveLength(100);
    await clock.advance(60_000);
    refuse('two', 'agent\u001b[2J');
    refuse('two', 'agent', 'Replica\nSet');
    expect(events).toHaveLength(100);
    refuse('two', 'agent');
    expect(events).toHaveLength(101);
  });
});
