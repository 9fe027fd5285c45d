/** Which policies bind whom. */
import { describe, expect, it } from 'vitest';
import { bindPolicies, policyName } from './bind.ts';
import { loadDocuments } from './documents.ts';

const database = `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: shop, namespace: platform}
spec: {endpoint: {host: db, database: shop}}`;
const policy = (name: string, subject: string, more = '', metadata = ''): string => `apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: ${name}, namespace: platform${metadata}}
spec:
  databaseRef: {name: shop}
  subjects: [{serviceAccount: {${subject}}}]
${more}`;

function bind(policies: readonly string[], now = 0) {
  const documents = loadDocuments([{ name: 'x', text: [database, ...policies].join('\n---\n') }]);
  expect(documents.diagnostics).toEqual([]);
  const [object] = documents.databases;
  if (object === undefined) throw new Error('no Database');
  const bound = bindPolicies(object, documents.policies, { namespace: 'ai', serviceAccount: 'agent' }, now);
  return { names: bound.policies.map((each) => policyName(each).split('/')[1]), diagnostics: bound.diagnostics };
}

describe('a policy binds', () => {
  it('its service account, and no other of the same name elsewhere', () => {
    expect(
      bind([
        policy('a', 'namespace: ai, name: agent'),
        policy('b', 'namespace: other, name: agent'),
        policy('c', 'namespace: ai, name: agen'),
      ]).names,
    ).toEqual(['a']);
  });

  it('every service account of a namespace by "*", and of that namespace only', () => {
    expect(bind([policy('a', 'namespace: ai, name: "*"'), policy('b', 'namespace: ai2, name: "*"')]).names).toEqual(['a']);
  });

  it('not on a Database of another name', () => {
    expect(
      bind([policy('a', 'namespace: ai, name: agent').replace('databaseRef: {name: shop}', 'databaseRef: {name: shop2}')]).names,
    ).toEqual([]);
  });

  it('not from another namespace than the Database, and says so', () => {
    const { names, diagnostics } = bind([
      policy('a', 'namespace: ai, name: agent').replace('namespace: platform', 'namespace: ai'),
    ]);
    expect(names).toEqual([]);
    expect(diagnostics).toMatchObject([
      { reason: 'NamespaceNotTrusted', object: 'DatabaseAccessPolicy ai/a', path: 'metadata.namespace' },
    ]);
  });

  it('until the very millisecond it ends', () => {
    const ending = [policy('a', 'namespace: ai, name: agent', '  validUntil: "2026-01-01T00:00:00Z"')];
    const end = Date.parse('2026-01-01T00:00:00Z');
    expect(bind(ending, end - 1).names).toEqual(['a']);
    expect(bind(ending, end)).toMatchObject({ names: [], diagnostics: [{ reason: 'Expired' }] });
  });

  it('oldest first, by name where no age is known', () => {
    const at = (name: string, time: string) => policy(name, 'namespace: ai, name: agent', '', `, creationTimestamp: "${time}"`);
    expect(
      bind([at('b', '2026-01-02T00:00:00Z'), at('a', '2026-01-03T00:00:00Z'), at('c', '2026-01-01T00:00:00Z')]).names,
    ).toEqual(['c', 'b', 'a']);
    expect(bind([policy('b', 'namespace: ai, name: agent'), policy('a', 'namespace: ai, name: agent')]).names).toEqual([
      'a',
      'b',
    ]);
  });
});
