/** Policy files: what is read, and how each mistake is named and placed. */
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from './diagnostic.ts';
import { type Documents, loadDocuments } from './documents.ts';

const load = (text: string): Documents => loadDocuments([{ name: 'policy.yaml', text }]);
const said = (text: string): readonly string[] => load(text).diagnostics.map(formatDiagnostic);

const policy = (spec: string): string => `apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: support-agent, namespace: data-platform}
spec:
  databaseRef: {name: orders}
  subjects:
    - serviceAccount: {namespace: ai-agents, name: support-agent}
${spec}`;

describe('loading', () => {
  it('fills in defaults as the API server does', () => {
    const [loaded] = load(policy('')).policies;
    expect(loaded?.spec).toEqual({
      databaseRef: { name: 'orders' },
      subjects: [{ serviceAccount: { namespace: 'ai-agents', name: 'support-agent' } }],
      mode: 'Enforce',
      grants: [],
      functions: [],
      session: { temporaryTables: false, listen: [], notify: [], advisoryLocks: false },
      guardrails: { requireWhere: false },
      limits: {},
    });
  });

  it('reads several documents, Secrets of both spellings, and says what it ignores', () => {
    const documents = load(`apiVersion: v1
kind: Secret
metadata: {name: login, namespace: data-platform}
data: {username: cG9zdGdyZXM=}
stringData: {password: p:w}
---
apiVersion: apps/v1
kind: Deployment
---
# nothing but a comment
---
${policy('  mode: Observe')}`);
    expect(documents.secrets).toEqual([
      { namespace: 'data-platform', name: 'login', data: { username: 'postgres', password: 'p:w' } },
    ]);
    expect(documents.policies).toHaveLength(1);
    expect(documents.diagnostics.map(formatDiagnostic)).toEqual(['policy.yaml:8:7 kind: apps/v1 Deployment is ignored']);
    expect(documents.diagnostics[0]?.severity).toBe('notice');
  });

  it('an object without namespace is in "default"', () => {
    expect(load(policy('').replace(', namespace: data-platform', '')).policies[0]?.metadata.namespace).toBe('default');
  });

  it('reads JSON, the other spelling of the same thing', () => {
    const text = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, stringData: { a: 'b' } });
    expect(load(text).secrets).toEqual([{ namespace: 'default', name: 'x', data: { a: 'b' } }]);
  });
});

describe('text that is meant to be dear to read', () => {
  it.each<[string, string, RegExp]>([
    ['nested lists', `  mode: ${'['.repeat(10_000)}`, /nested too deeply$/],
    ['nested fields', `  mode: ${'{a: '.repeat(5_000)}`, /nested too deeply$/],
    ['a long tag', `  mode: ${'!'.repeat(10_000)}`, /!!…$/],
    ['many aliases', `  a: &a x\n${Array.from({ length: 20_000 }, (_, n) => `  b${n}: *a\n`).join('')}`, /more than 500 aliases/],
    ['a long field', `  ? ${'x'.repeat(60_000)}\n  : 1`, /unknown field "x{77}\.\.\."/],
    ['many keys', Array.from({ length: 20_000 }, (_, n) => `  b${n}: 1\n`).join(''), /unknown field/],
    ['what it stands in', '  mode: Enforce\nstatus: &s [*s]', /stands inside of what it refers to$/],
  ])('%s', (_name, spec, expected) => {
    const [first, ...rest] = said(policy(spec));
    expect(first).toMatch(expected);
    expect(first?.length).toBeLessThan(500);
    expect(rest.length).toBeLessThan(50);
  });
});

describe('mistakes, all at once, each in its place', () => {
  it.each([
    [
      '  grants:\n    - tables: [a.b]\n      actions: [Select, Selct]',
      'policy.yaml:10:25 spec.grants[0].actions[1]: "Selct" is not an action; did you mean "Select"?',
    ],
    ['  grants: [{tables: [a.b], actions: [Select], rowFilter: }]', 'spec.grants[0].rowFilter: "rowFilter" has no value'],
    ['  grants: [{tables: [a.b], actions: [Select], columns: null}]', '"columns" has no value; give it one or leave it out'],
    ['  mode: Enforce\n  "mode": Observe', 'policy.yaml:9:3: the key "mode" stands twice'],
    ['  limits: {1: a, "1": b}', 'policy.yaml:8:18: the key "1" stands twice'],
    ['  limits: {? [a] : b}', 'policy.yaml:8:14: a key must be a word'],
    ['  limits: &all {maxRows: *all}', 'policy.yaml:8:26: "*all" stands inside of what it refers to'],
    ['  guardrails: !!set {a}', 'policy.yaml:8:21: the tag !!set has no meaning here; leave it out'],
    ['  guardrails: !!omap [requireWhere: true]', 'policy.yaml:8:22: the tag !!omap has no meaning here'],
    ['  guardrails: !<tag:yaml.org,2002:set> {a}', 'the tag !!set has no meaning here'],
    ['  mode: !!binary "RW5mb3JjZQ=="', 'the tag !!binary has no meaning here'],
    ['  mode: !vault Enforce', 'the tag !vault has no meaning here'],
    ['  mode: enforce', 'policy.yaml:8:9 spec.mode: "enforce" is not valid here; did you mean "Enforce"?'],
    ['  grnts: []', 'policy.yaml:8:3 spec.grnts: unknown field "grnts"; did you mean "grants"?'],
    ['  zzz: 1', 'policy.yaml:8:3 spec.zzz: unknown field "zzz"; expected one of databaseRef, subjects'],
    [
      '  grants: [{tables: [customers], actions: [Select]}]',
      'spec.grants[0].tables[0]: "customers" is not a table with its schema as SQL writes it',
    ],
    ['  grants: [{tables: [a.b]}]', 'policy.yaml:8:12 spec.grants[0]: required field "actions" is missing'],
    ['  grants: [{tables: [a.b], actions: ["*", Select]}]', 'actions: "*" already means all actions'],
    ['  grants: [{tables: [a.b], actions: [Select, Select]}]', '"Select" is listed twice'],
    ['  grants: [{tables: [], actions: [Select]}]', 'policy.yaml:8:21 spec.grants[0].tables: expected at least one item'],
    [
      '  grants: [{tables: [a.b], actions: [Select], masks: [{columns: [x], mask: {}}]}]',
      'spec.grants[0].masks[0].mask: expected one of nullify, redact',
    ],
    [
      '  grants: [{tables: [a.b], actions: [Select], masks: [{columns: [x], mask: {hash: {}, redact: {}}}]}]',
      'expected only one of nullify',
    ],
    [
      '  grants: [{tables: [a.b], actions: [Select], masks: [{columns: [x], mask: {hash: {salt: 1}}}]}]',
      'unknown field "salt"; expected none',
    ],
    [
      '  grants: [{tables: [a.b], actions: [Select], columns: [1]}]',
      'expected a string, not the number 1; put it in quotes: "1"',
    ],
    [
      '  limits: {statementTimeout: 5}',
      'expected a duration: a whole number and ms, s, m or h, for example 5s, not the number 5',
    ],
    ['  limits: {maxRows: 1.5}', 'spec.limits.maxRows: expected a whole number, not the number 1.5'],
    ['  validUntil: 2027-01-31', 'policy.yaml:8:15 spec.validUntil: "2027-01-31" is not a time; expected RFC 3339'],
    ['  masking: Record', 'policy.yaml:5:3 spec: masking: Record needs mode: Observe'],
    ['  grants: {}', 'policy.yaml:8:11 spec.grants: expected a list, not fields'],
    [
      '  guardrails: true',
      'policy.yaml:8:15 spec.guardrails: expected fields (requireWhere, maxAffectedRows), not the boolean true',
    ],
  ])('%s', (spec, expected) => {
    const found = said(policy(spec));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it('a time is no object that leaves everything out', () => {
    expect(said(`%YAML 1.1\n---\n${policy('  guardrails: 2001-01-01')}`)).toEqual([
      'policy.yaml:10:15 spec.guardrails: expected fields (requireWhere, maxAffectedRows), not a time without quotes',
    ]);
  });

  it('the tags that say what is there anyway', () => {
    const [loaded] = load(policy('  guardrails: !!map {requireWhere: !!bool true}')).policies;
    expect(loaded?.spec.guardrails).toEqual({ requireWhere: true });
  });

  it('says them all', () => {
    expect(
      said(policy('  mode: X\n  limits: {maxRows: -1}\n  nonsense: 1\n  grants: [{tables: [x], actions: [Y]}]')),
    ).toHaveLength(5);
  });

  it('an object with mistakes is not used', () => {
    expect(load(policy('  mode: X')).policies).toEqual([]);
  });

  it.each([
    [
      policy('').replace('v1alpha1', 'v1beta1'),
      'policy.yaml:1:13 apiVersion: expected sluice.dev/v1alpha1, not "sluice.dev/v1beta1"',
    ],
    [
      policy('').replace('DatabaseAccessPolicy', 'DatabaseAccesPolicy'),
      'policy.yaml:2:7 kind: "DatabaseAccesPolicy" is not a kind of sluice.dev/v1alpha1; did you mean "DatabaseAccessPolicy"?',
    ],
    [
      policy('').replace('support-agent', 'Support_Agent'),
      'policy.yaml:3:18 metadata.name: "Support_Agent" is not the name of a Kubernetes object',
    ],
    [policy('').replace('spec:', 'spce:'), 'policy.yaml:4:1 spce: unknown field "spce"; did you mean "spec"?'],
    ['just text', 'policy.yaml:1:1: expected a Kubernetes object'],
    ['a: [b', 'policy.yaml:1:6: '],
    ['a: 1\nb: [*.*]', 'policy.yaml:2:5: "*.*" begins with * and so refers to an anchor that does not exist; put it in quotes'],
    [
      'kind: Secret\napiVersion: v1\nmetadata: {name: x}\ndata: {a: "not base64!"}',
      'policy.yaml:4:11 data.a: expected base64; use stringData',
    ],
  ])('%#', (text, expected) => {
    expect(said(text).join('\n')).toContain(expected);
  });

  it('never repeats the value of a Secret', () => {
    expect(
      said('kind: Secret\napiVersion: v1\nmetadata: {name: x}\ndata: {a: "hunter2!"}\nstringData: {b: 123456}').join(),
    ).not.toMatch(/hunter2|123456/);
  });

  it('an object that stands twice is a mistake', () => {
    const text = `${policy('')}\n---\n${policy('')}`;
    expect(said(text)).toEqual([
      'policy.yaml:12:18 metadata.name: DatabaseAccessPolicy data-platform/support-agent stands in policy.yaml already',
    ]);
  });

  it('finds the place of what a later stage reports, through anchors too', () => {
    const documents = load(
      policy('  grants:\n    - {tables: &t [a.b, c.d], actions: [Select]}\n    - {tables: *t, actions: [Insert]}'),
    );
    const at = (path: string): readonly (number | undefined)[] => {
      const { line, column } = documents.locate({
        severity: 'error',
        reason: 'UnknownTable',
        message: '',
        object: 'DatabaseAccessPolicy data-platform/support-agent',
        path,
      });
      return [line, column];
    };
    expect(at('spec.grants[0].tables[1]')).toEqual([9, 25]);
    expect(at('spec.grants[1].tables[1]')).toEqual([9, 25]);
    expect(at('spec.grants[1].actions')).toEqual([10, 29]);
    expect(at('spec.limits.maxRows')).toEqual([5, 3]);
  });

  it('is not hung by aliases that multiply', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let n = 1; n < 12; n += 1) lines.push(`a${n}: &a${n} [${Array.from({ length: 10 }, () => `*a${n - 1}`).join(', ')}]`);
    expect(said(lines.join('\n'))[0]).toContain('alias');
  });
});
