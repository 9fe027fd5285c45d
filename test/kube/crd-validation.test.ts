/** What a person sees of the CRDs: the API server's words for each mistake, kubectl's columns and explanations, and who owns the status. */
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadDocuments } from '../../core/policy/documents.ts';
import { needsKubernetes } from './binaries.ts';
import { applyCrds } from './chart.ts';
import { COMPLETE_DATABASE, COMPLETE_POLICY } from './complete-objects.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

const { skip, title } = needsKubernetes('the CRDs');

const DATABASE = `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: orders, namespace: default}
spec:
  endpoint: {host: orders-db, database: orders}
`;
const POLICY = `apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: support-agent, namespace: default}
spec:
  databaseRef: {name: orders}
  subjects:
    - serviceAccount: {namespace: ai-agents, name: support-agent}
`;
const granted = (text: string) => `${POLICY}  grants:\n    - {tables: [public.customers], actions: [Select], ${text}}\n`;

/** What is wrong, the object, and the API server's own words. */
const MISTAKES: readonly (readonly [string, string, RegExp])[] = [
  ['no endpoint', DATABASE.replace(/ {2}endpoint.*\n/, '  environment: production\n'), /spec.endpoint: Required value/],
  ['no host', DATABASE.replace('host: orders-db, ', ''), /spec.endpoint.host: Required value/],
  [
    'a port in the host',
    DATABASE.replace('orders-db', '"orders-db:5432/x"'),
    /spec.endpoint.host: Invalid value: "string": expected a host name or an IP address, without port/,
  ],
  [
    'a port that is none',
    DATABASE.replace('database:', 'port: 70000, database:'),
    /spec.endpoint.port: .*less than or equal to 65535/,
  ],
  ['a port in quotes', DATABASE.replace('database:', 'port: "5432", database:'), /spec.endpoint.port: .*must be of type integer/],
  ['an unknown field', `${DATABASE}  enviroment: production\n`, /unknown field "spec.enviroment"/],
  ['an unknown field further down', DATABASE.replace('database:', 'db: x, database:'), /unknown field "spec.endpoint.db"/],
  [
    'an unknown TLS mode',
    `${DATABASE}  tls: {mode: verify-full}\n`,
    /spec.tls.mode: Unsupported value: "verify-full": supported values: "VerifyFull"/,
  ],
  [
    'a CA that nothing is checked with',
    `${DATABASE}  tls: {mode: Require, caSecretRef: {name: ca}}\n`,
    /tls.caSecretRef has no effect with mode Require or Disable/,
  ],
  [
    'an environment of two words',
    `${DATABASE}  environment: my production\n`,
    /spec.environment: .*expected a word such as production/,
  ],
  [
    'Off without quotes',
    `${DATABASE}  sensitivity: {detection: Off}\n`,
    /spec.sensitivity.detection: .*must be of type string: "boolean"/,
  ],
  [
    'a table without schema',
    `${DATABASE}  sensitivity: {columns: [{table: customers, column: ssn, class: secret}]}\n`,
    /expected a table with its schema, for example public.customers/,
  ],
  [
    'an unknown class',
    `${DATABASE}  sensitivity: {columns: [{table: a.b, column: c, class: pii.ssn}]}\n`,
    /class: Unsupported value: "pii.ssn": supported values: "pii.email"/,
  ],
  ['a floor twice', `${DATABASE}  protection: {deny: [Drop, Drop]}\n`, /spec.protection.deny\[1\]: Duplicate value: "Drop"/],
  [
    'a duration without unit',
    `${DATABASE}  maxStaleness: "600"\n`,
    /spec.maxStaleness: .*expected a duration: a whole number and ms, s, m or h/,
  ],
  ['no subject', POLICY.replace(/ {2}subjects:\n.*\n/, '  subjects: []\n'), /spec.subjects: .*should have at least 1 items/],
  [
    'a subject by label',
    POLICY.replace('namespace: ai-agents, name: support-agent', 'namespace: ai-agents, name: "support*"'),
    /expected the name of a service account, or "\*" for all of the namespace/,
  ],
  ['all namespaces', POLICY.replace('namespace: ai-agents', 'namespace: "*"'), /expected the name of a namespace/],
  [
    'a Database of another namespace',
    POLICY.replace('name: orders', 'name: other/orders'),
    /spec.databaseRef.name: .*expected the name of a Kubernetes object/,
  ],
  [
    'an unknown action',
    granted('columns: [id]').replace('Select', 'Read'),
    /spec.grants\[0\].actions\[0\]: Unsupported value: "Read"/,
  ],
  [
    'everything and more',
    granted('columns: [id]').replace('Select', '"*", Select'),
    /"\*" already means all actions; list it alone/,
  ],
  ['a bare table', granted('columns: [id]').replace('public.customers', 'customers'), /expected a table with its schema/],
  ['no column at all', granted('columns: []'), /spec.grants\[0\].columns: .*should have at least 1 items/],
  ['a column twice', granted('columns: [id, id]'), /Duplicate value: "id"/],
  [
    'two masks in one',
    granted('masks: [{columns: [a], mask: {email: {}, hash: {}}}]'),
    /mask: Too many: 2: must have at most 1 item/,
  ],
  ['no mask', granted('masks: [{columns: [a], mask: {}}]'), /should have at least 1 properties/],
  [
    'a mask of another kind',
    granted('masks: [{columns: [a], mask: {blur: {}}}]'),
    /unknown field "spec.grants\[0\].masks\[0\].mask.blur"/,
  ],
  ['an empty filter', granted('rowFilter: ""'), /spec.grants\[0\].rowFilter: .*should be at least 1 chars long/],
  [
    'a mode that is none',
    `${POLICY}  mode: Audit\n`,
    /spec.mode: Unsupported value: "Audit": supported values: "Enforce", "Observe"/,
  ],
  ['recording while enforcing', `${POLICY}  masking: Record\n`, /masking: Record needs mode: Observe/],
  [
    'a day as an end',
    `${POLICY}  validUntil: "2027-01-31"\n`,
    /spec.validUntil: .*expected a time as RFC 3339 writes it, such as 2027-01-31T00:00:00Z/,
  ],
  ['the 30th of February', `${POLICY}  validUntil: "2027-02-30T00:00:00Z"\n`, /spec.validUntil: .*expected a day that exists/],
  ['a negative limit', `${POLICY}  limits: {maxRows: -1}\n`, /spec.limits.maxRows: .*greater than or equal to 0/],
  [
    'a hundred and twenty-nine grants',
    `${POLICY}  grants: ${JSON.stringify(Array(129).fill({ tables: ['a.b'], actions: ['Select'] }))}\n`,
    /spec.grants: Too many: 129: must have at most 128 items/,
  ],
];

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  beforeAll(async () => {
    kube = await startControlPlane({ controllerManager: false });
    applyCrds(kube);
    kube.kubectl(['wait', '--for=condition=Established', 'crd/databases.sluice.dev', 'crd/databaseaccesspolicies.sluice.dev']);
  });
  afterAll(() => kube?.stop());

  const apply = (text: string) => kube.kubectl(['apply', '--server-side', '-f', '-'], text);

  test.each(MISTAKES)('%s is refused, in words', (_, text, words) => {
    expect(() => kube.kubectl(['apply', '-f', '-'], text)).toThrow(words);
    const { databases, policies } = loadDocuments([{ name: 'mistake.yaml', text }]);
    // The loader reads YAML 1.2, where Off is a string.
    if (!text.includes('Off')) expect([...databases, ...policies]).toEqual([]);
  });

  test('complete objects are stored as they are', () => {
    for (const object of [COMPLETE_DATABASE, COMPLETE_POLICY]) {
      apply(stringify(object));
      const stored = kube.kubectl(['get', object.kind, object.metadata.name, '-n', 'default', '-o', 'yaml']);
      expect(parse(stored)).toMatchObject({ spec: object.spec });
      kube.kubectl(['delete', object.kind, object.metadata.name, '-n', 'default']);
    }
  });

  test('what is left out has its default, as in files', () => {
    apply(DATABASE);
    apply(granted('columns: [id]'));
    const { databases, policies } = loadDocuments([{ name: 'both.yaml', text: `${DATABASE}---\n${granted('columns: [id]')}` }]);
    for (const object of [...databases, ...policies]) {
      const stored = parse(kube.kubectl(['get', object.kind, object.metadata.name, '-n', 'default', '-o', 'yaml']));
      expect(stored.spec).toEqual(object.spec);
    }
  });

  test('without strict validation an unknown field is dropped, never stored', async () => {
    const { status, body } = await kube.request<{ spec: Record<string, unknown> }>(
      'PATCH',
      '/apis/sluice.dev/v1alpha1/namespaces/default/databases/orders?fieldValidation=Ignore',
      { spec: { unheardOf: 'x' } },
      { contentType: 'application/merge-patch+json' },
    );
    expect(status).toBe(200);
    expect(body.spec).not.toHaveProperty('unheardOf');
  });

  describe('status', () => {
    const condition = (status: string, at: string) => ({
      type: 'Ready',
      status,
      reason: 'Reachable',
      message: 'the catalog was read; 2 policies are in force',
      lastTransitionTime: at,
      observedGeneration: 1,
    });
    const write = (manager: string, status: unknown, path = 'databases/orders', kind = 'Database') =>
      kube.request<{ status?: Record<string, unknown>; spec: { environment?: string }; message?: string }>(
        'PATCH',
        `/apis/sluice.dev/v1alpha1/namespaces/default/${path}/status?fieldManager=${manager}`,
        { apiVersion: 'sluice.dev/v1alpha1', kind, metadata: { name: path.split('/')[1] }, ...(status as object) },
        { contentType: 'application/apply-patch+yaml' },
      );

    test('is written by server-side apply; conditions are merged by type', async () => {
      const ready = condition('True', '2026-11-28T00:00:00Z');
      const more = { observedGeneration: 1, policies: 2, boundPods: 3, sensitiveColumns: 7, serverVersion: '18.1' };
      expect((await write('sluice', { status: { ...more, conditions: [ready] } })).status).toBe(200);
      const other = { ...ready, type: 'Somebody', reason: 'Else' };
      const { body } = await write('somebody-else', { status: { conditions: [other] } });
      expect(body.status).toEqual({ ...more, conditions: [ready, other] });
      const { body: without } = await write('somebody-else', { status: {} });
      expect(without.status).toEqual({ ...more, conditions: [ready] });
    });

    test('through it, nothing of the spec changes; through the spec, nothing of it', async () => {
      const { body } = await write('sluice', { spec: { environment: 'forged' }, status: { policies: 2 } });
      expect(body.spec.environment).toBeUndefined();
      apply(DATABASE.replace('spec:', 'status: {boundPods: 99}\nspec:'));
      const stored = parse(kube.kubectl(['get', 'database', 'orders', '-n', 'default', '-o', 'yaml']));
      expect(stored.status?.boundPods).not.toBe(99);
    });

    test('a condition must be one', async () => {
      const { status, body } = await write('sluice', {
        status: { conditions: [{ ...condition('Maybe', '2026-11-28T00:00:00Z') }] },
      });
      expect(status).toBe(422);
      expect(body.message).toMatch(/conditions\[0\].status: Unsupported value: "Maybe"/);
    });

    test('kubectl get answers the first questions', async () => {
      await write('sluice', {
        status: {
          conditions: [condition('True', '2026-11-28T00:00:00Z')],
          policies: 2,
          boundPods: 3,
          sensitiveColumns: 7,
          serverVersion: '18.1',
        },
      });
      const policy = { conditions: [condition('True', '2026-11-28T00:00:00Z')], boundPods: 3, programmedPods: 2 };
      await write('sluice', { status: policy }, 'databaseaccesspolicies/support-agent', 'DatabaseAccessPolicy');
      const shown = (...args: string[]) => kube.kubectl(['get', ...args, '-n', 'default']).replace(/\d+m?s$/gm, 'AGE');
      expect(shown('databases')).toMatchInlineSnapshot(`
        "NAME     READY   HOST        DATABASE   POLICIES   PODS   AGE
        orders   True    orders-db   orders     2          3      AGE
        "
      `);
      expect(shown('databases', '-o', 'wide')).toMatchInlineSnapshot(`
        "NAME     READY   HOST        DATABASE   POLICIES   PODS   ENVIRONMENT   SENSITIVE   SERVER   REASON                                          AGE
        orders   True    orders-db   orders     2          3                    7           18.1     the catalog was read; 2 policies are in force   AGE
        "
      `);
      expect(shown('dap')).toMatchInlineSnapshot(`
        "NAME            READY   DATABASE   MODE      PODS   AGE
        support-agent   True    orders     Enforce   3      AGE
        "
      `);
      expect(shown('dap', '-o', 'wide')).toMatchInlineSnapshot(`
        "NAME            READY   DATABASE   MODE      PODS   PROGRAMMED   UNTIL   REASON                                          AGE
        support-agent   True    orders     Enforce   3      2                    the catalog was read; 2 policies are in force   AGE
        "
      `);
      expect(kube.kubectl(['get', 'sluice', '-n', 'default', '-o', 'name'])).toBe(
        'databaseaccesspolicy.sluice.dev/support-agent\ndatabase.sluice.dev/orders\n',
      );
    });
  });

  describe('kubectl explain', () => {
    test('has a text for every field', () => {
      for (const kind of ['database', 'databaseaccesspolicy'])
        for (const part of ['spec', 'status']) {
          const fields = kube.kubectl(['explain', `${kind}.${part}`, '--recursive']);
          expect(fields).toContain('FIELDS:');
          expect(kube.kubectl(['explain', `${kind}.${part}`])).not.toContain('<no description>');
        }
    });

    test('answers what a newcomer asks', () => {
      const said = (path: string) => kube.kubectl(['explain', path]).replaceAll(/\s+/g, ' ');
      expect(said('databaseaccesspolicy')).toContain('Nothing is allowed that no policy grants');
      expect(said('databaseaccesspolicy.spec.grants.rowFilter')).toContain("region = 'eu' AND tenant = identity.namespace");
      expect(said('databaseaccesspolicy.spec.grants.columns')).toContain('What is not listed does not exist for the subjects');
      expect(said('databaseaccesspolicy.spec.subjects.serviceAccount')).toContain('spec.serviceAccountName of the pods');
      expect(said('database.spec.credentialsSecretRef')).toContain('Governed pods never see it');
      expect(said('database')).toContain('sluice.dev/inject');
    });
  });
});
