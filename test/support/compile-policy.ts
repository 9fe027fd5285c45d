/** Test support: policies as YAML against a catalog of a few tables, and short words for what came out. */
import { expect } from 'vitest';
import type { Bundle, ReadRule } from '../../core/policy/bundle.ts';
import { type CompileResult, compileBundle } from '../../core/policy/compile.ts';
import { loadDocuments } from '../../core/policy/documents.ts';
import { type SmallRelation, smallCatalog } from './small-catalog.ts';

export const RELATIONS: readonly SmallRelation[] = [
  {
    name: 'public.customers',
    columns: ['id integer!', 'name text!', 'email text!', 'phone text', 'tenant text', 'region text', 'ssn text!', 'born date'],
  },
  { name: 'public.tickets', columns: ['id integer!', 'customer_id integer', 'body text'] },
  { name: 'public.tickets_id_seq', kind: 'sequence', ownedBy: [16_001, 1], columns: ['last_value bigint'] },
  { name: 'archive.old', columns: ['id integer!', 'email text'] },
  { name: 'pg_catalog.pg_class', columns: ['oid integer'] },
  { name: 'public.pg_stat_statements', kind: 'view', extension: 'pg_stat_statements', columns: ['query text'] },
];
export const catalog = smallCatalog(RELATIONS);
export const NOW = Date.parse('2026-06-01T00:00:00Z');

/** Policies by name, each as the YAML of its spec without databaseRef and subjects. */
export function compile(policies: Readonly<Record<string, string>>, database = '', on = catalog): CompileResult {
  const documents = Object.entries(policies).map(
    ([name, spec]) => `apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: ${name}, namespace: platform}
spec:
  databaseRef: {name: shop}
  subjects: [{serviceAccount: {namespace: ai, name: agent}}]
${indent(spec)}`,
  );
  const text = [
    `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: shop, namespace: platform}
spec:
  endpoint: {host: db, database: shop}
${indent(database)}`,
    ...documents,
  ].join('\n---\n');
  const loaded = loadDocuments([{ name: 'test.yaml', text }]);
  expect(loaded.diagnostics).toEqual([]);
  const [object] = loaded.databases;
  if (object === undefined) throw new Error('no Database');
  return compileBundle({
    database: object,
    policies: loaded.policies,
    identity: { namespace: 'ai', serviceAccount: 'agent' },
    catalog: on,
    detected: new Map(),
    now: NOW,
  });
}

export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

export function bundleOf(result: CompileResult): Bundle {
  if (result.bundle === undefined) throw new Error(result.diagnostics.map((each) => each.message).join('; '));
  return result.bundle;
}

export function read(result: CompileResult, name: string): ReadRule | undefined {
  return bundleOf(result).relations.find((relation) => `${relation.schema}.${relation.name}` === name)?.select;
}

/** `email:partial`, `name` … by column name. */
export function look(result: CompileResult, name: string): readonly string[] {
  const relation = RELATIONS.find((each) => each.name === name);
  return (read(result, name)?.columns ?? []).map(({ attnum, mask }) => {
    const column = relation?.columns[attnum - 1]?.split(' ')[0] ?? '?';
    return mask === undefined ? column : `${column}:${mask.kind}`;
  });
}

/** Without what is said about every Database that leaves detection on. */
export const found = (result: CompileResult) => result.diagnostics.filter((each) => each.severity !== 'notice');
export const messages = (result: CompileResult): string =>
  result.diagnostics.map((each) => `${each.reason} ${each.message}`).join('\n');
export const CLASSES = `sensitivity:
  columns:
    - {table: public.customers, column: email, class: pii.email}
    - {table: public.customers, column: phone, class: pii.phone}
    - {table: public.customers, column: ssn, class: pii.national-id}
    - {table: public.customers, column: born, class: pii.birth-date}`;
