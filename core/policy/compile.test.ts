import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bundle, ReadRule } from './bundle.ts';
import { type CompileResult, compileBundle } from './compile.ts';
import { loadDocuments } from './documents.ts';
import { type SmallRelation, smallCatalog } from './small-catalog.ts';

const RELATIONS: readonly SmallRelation[] = [
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
const catalog = smallCatalog(RELATIONS);
const NOW = Date.parse('2026-06-01T00:00:00Z');

/** Policies by name, each as the YAML of its spec without databaseRef and subjects. */
function compile(policies: Readonly<Record<string, string>>, database = '', on = catalog): CompileResult {
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
    now: NOW,
  });
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

function bundleOf(result: CompileResult): Bundle {
  if (result.bundle === undefined) throw new Error(result.diagnostics.map((each) => each.message).join('; '));
  return result.bundle;
}

function read(result: CompileResult, name: string): ReadRule | undefined {
  return bundleOf(result).relations.find((relation) => `${relation.schema}.${relation.name}` === name)?.select;
}

/** `email:partial`, `name` … by column name. */
function look(result: CompileResult, name: string): readonly string[] {
  const relation = RELATIONS.find((each) => each.name === name);
  return (read(result, name)?.columns ?? []).map(({ attnum, mask }) => {
    const column = relation?.columns[attnum - 1]?.split(' ')[0] ?? '?';
    return mask === undefined ? column : `${column}:${mask.kind}`;
  });
}

const messages = (result: CompileResult): string => result.diagnostics.map((each) => `${each.reason} ${each.message}`).join('\n');
const CLASSES = `sensitivity:
  columns:
    - {table: public.customers, column: email, class: pii.email}
    - {table: public.customers, column: phone, class: pii.phone}
    - {table: public.customers, column: ssn, class: pii.national-id}
    - {table: public.customers, column: born, class: pii.birth-date}`;

describe('what is granted', () => {
  it('nothing without a policy, with the reason', () => {
    const result = compile({});
    expect(result.bundle).toBeUndefined();
    expect(messages(result)).toContain('no policy in force has ai/agent as a subject');
  });

  it('the listed columns of the listed tables, and nothing else', () => {
    const result = compile({ a: 'grants: [{tables: [public.customers], actions: [Select], columns: [id, name]}]' });
    expect(look(result, 'public.customers')).toEqual(['id', 'name']);
    expect(bundleOf(result).relations).toHaveLength(1);
    expect(bundleOf(result).allowAll).toBe(false);
    expect(bundleOf(result).protectedColumns).toContain('16000.3');
    expect(bundleOf(result).protectedColumns).toContain('16001.1');
    expect(bundleOf(result).protectedColumns).not.toContain('16000.1');
  });

  it('wildcards leave out the system and what extensions brought', () => {
    const result = compile({ a: 'grants: [{tables: ["*.*"], actions: ["*"]}]' });
    const names = bundleOf(result).relations.map((relation) => `${relation.schema}.${relation.name}`);
    expect(names).toEqual(['public.customers', 'public.tickets', 'public.tickets_id_seq', 'archive.old']);
    expect(bundleOf(result)).toMatchObject({ allowAll: true, createIn: ['archive', 'public'], protectedColumns: ['16005.1'] });
    expect(messages(compile({ a: 'grants: [{tables: [pg_catalog.pg_class], actions: [Select]}]' }))).toContain(
      'belongs to the system',
    );
  });

  it('a wildcard of one schema stays there', () => {
    const result = compile({ a: 'grants: [{tables: ["archive.*"], actions: [Select, Create]}]' });
    expect(bundleOf(result).relations.map((relation) => relation.name)).toEqual(['old']);
    expect(bundleOf(result).createIn).toEqual(['archive']);
  });

  it('a sequence follows Insert on its table', () => {
    const sequence = (policy: string) =>
      bundleOf(compile({ a: policy })).relations.find((relation) => relation.name === 'tickets_id_seq');
    expect(sequence('grants: [{tables: [public.tickets], actions: [Select]}]')).toBeUndefined();
    expect(sequence('grants: [{tables: [public.tickets], actions: [Insert]}]')).toMatchObject({
      insert: { columns: [] },
      actions: [],
    });
  });

  it('allowAll is not said when a class masks something', () => {
    expect(bundleOf(compile({ a: 'grants: [{tables: ["*.*"], actions: ["*"]}]' }, CLASSES)).allowAll).toBe(false);
  });

  it('protection.deny wins over every grant', () => {
    const bundle = bundleOf(
      compile({ a: 'grants: [{tables: ["*.*"], actions: ["*"]}]' }, 'protection: {deny: [Drop, Truncate, Create]}'),
    );
    expect(bundle.relations.flatMap((relation) => relation.actions)).not.toContain('Drop');
    expect(bundle.createIn).toEqual([]);
    expect(bundle.protectionDeny).toEqual(['Create', 'Drop', 'Truncate']);
  });

  it('a filtered grant gives nothing that ignores filters', () => {
    const result = compile({
      a: `grants: [{tables: [public.customers], actions: [Select, Truncate, Drop], rowFilter: "tenant = 'x'"}]`,
    });
    expect(bundleOf(result).relations[0]?.actions).toEqual([]);
    expect(messages(result)).toContain('Truncate, Drop would reach rows outside the rowFilter');
  });
});

describe('mistakes about what exists', () => {
  it('a table that does not exist grants nothing and names the nearest', () => {
    const result = compile({ a: 'grants: [{tables: [public.custmers, public.tickets], actions: [Select]}]' });
    expect(result.diagnostics).toMatchObject([
      {
        severity: 'error',
        reason: 'UnknownTable',
        path: 'spec.grants[0].tables[0]',
        object: 'DatabaseAccessPolicy platform/a',
        message: expect.stringContaining('did you mean "public.customers"?'),
      },
    ]);
    expect(bundleOf(result).relations.map((relation) => relation.name)).toEqual(['tickets']);
  });

  it('a mistyped column under masks takes the grant out of force: it would be shown in clear', () => {
    const result = compile({
      a: 'grants: [{tables: [public.customers], actions: [Select], masks: [{columns: [emial], mask: {redact: {}}}]}]',
    });
    expect(bundleOf(result).relations).toEqual([]);
    expect(messages(result)).toContain('did you mean "email"?');
  });

  it('a mistyped column under columns is only left out', () => {
    const result = compile({ a: 'grants: [{tables: [public.customers], actions: [Select], columns: [id, nmae]}]' });
    expect(look(result, 'public.customers')).toEqual(['id']);
    expect(messages(result)).toContain('did you mean "name"?');
  });

  it('a row filter that does not fit grants nothing on that table', () => {
    const result = compile({
      a: `grants: [{tables: [public.customers, public.tickets], actions: [Select], rowFilter: "tenant = 'x'"}]`,
    });
    expect(bundleOf(result).relations.map((relation) => relation.name)).toEqual(['customers']);
    expect(messages(result)).toContain('public.tickets has no column "tenant"');
  });
});

describe('how sensitive columns look', () => {
  const bare = 'grants: [{tables: [public.customers], actions: [Select]}]';

  it('masked by class with no line in any policy', () => {
    expect(look(compile({ a: bare }, CLASSES), 'public.customers')).toEqual([
      'id',
      'name',
      'email:email',
      'phone:partial',
      'tenant',
      'region',
      'ssn:redact',
      'born:date',
    ]);
  });

  it('reveal beats a class, not a floor', () => {
    const policy = 'grants: [{tables: [public.customers], actions: [Select], reveal: [email, ssn]}]';
    const result = compile({ a: policy }, `${CLASSES}\nprotection: {neverReveal: [pii.national-id]}`);
    expect(look(result, 'public.customers')).toContain('email');
    expect(look(result, 'public.customers')).toContain('ssn:redact');
    expect(read(result, 'public.customers')?.columns[6]?.mask?.rule).toBe('protection');
    expect(messages(result)).toContain('Protected column "ssn" of public.customers stays hidden');
  });

  it('an explicit mask on a floor holds only if it shows nothing of the value', () => {
    const with_ = (mask: string) =>
      look(
        compile(
          { a: `grants: [{tables: [public.customers], actions: [Select], masks: [{columns: [ssn], mask: ${mask}}]}]` },
          `${CLASSES}\nprotection: {neverReveal: [pii.national-id]}`,
        ),
        'public.customers',
      );
    expect(with_('{hash: {}}')).toContain('ssn:hash');
    expect(with_('{partial: {keepLast: 3}}')).toContain('ssn:redact');
  });

  it('an explicit mask beats a bare grant, of whichever policy', () => {
    const masked =
      'grants: [{tables: [public.customers], actions: [Select], columns: [email], masks: [{columns: [email], mask: {hash: {}}}]}]';
    for (const policies of [
      { a: bare, b: masked },
      { a: masked, b: bare },
    ]) {
      const result = compile(policies);
      expect(look(result, 'public.customers')).toContain('email:hash');
      expect(look(result, 'public.customers')).toHaveLength(8);
      expect(bundleOf(result).usesMaskKey).toBe(true);
    }
  });

  it('a mask that does not fit the type redacts and is reported', () => {
    const result = compile({
      a: 'grants: [{tables: [public.customers], actions: [Select], masks: [{columns: [id], mask: {email: {}}}]}]',
    });
    expect(look(result, 'public.customers')).toContain('id:redact');
    expect(messages(result)).toContain('Mask column "id" of public.customers is redacted: mask email does not apply to integer');
  });
});

describe('conflicts', () => {
  const masked = (kind: string) =>
    `grants: [{tables: [public.customers], actions: [Select], masks: [{columns: [email], mask: {${kind}: {}}}]}]`;
  const filtered = (filter: string, columns = '') =>
    `grants: [{tables: [public.customers], actions: [Select], rowFilter: "${filter}"${columns}}]`;

  it('two different explicit masks: the newer policy is left out, both are named', () => {
    const result = compile({ a: masked('hash'), b: masked('redact') });
    expect(look(result, 'public.customers')).toContain('email:hash');
    expect(bundleOf(result).policies.map((policy) => policy.name)).toEqual(['a']);
    expect(result.diagnostics).toMatchObject([
      {
        reason: 'Conflict',
        object: 'DatabaseAccessPolicy platform/b',
        message: expect.stringMatching(/platform\/a .* and platform\/b /),
      },
    ]);
  });

  it('a mask and a reveal of the same column', () => {
    const result = compile(
      { a: masked('hash'), b: 'grants: [{tables: [public.customers], actions: [Select], reveal: [email]}]' },
      CLASSES,
    );
    expect(messages(result)).toContain('mask and reveal column "email"');
    expect(look(result, 'public.customers')).toContain('email:hash');
  });

  it('different row filters with the same columns are OR-ed', () => {
    const result = compile({ a: filtered("tenant = 'x'"), b: filtered("region = 'eu'") });
    const filter = read(result, 'public.customers')?.filter;
    expect(filter?.rules).toEqual(['platform/a', 'platform/b']);
    expect(filter?.columns).toEqual([5, 6]);
    expect(filter?.template.join('')).toMatch(/^\(\(.*\) OR \(.*\)\)$/);
  });

  it('different row filters with different columns conflict', () => {
    const result = compile({ a: filtered("tenant = 'x'"), b: filtered("region = 'eu'", ', columns: [id]') });
    expect(messages(result)).toContain('have different row filters for Select on public.customers');
    expect(bundleOf(result).policies).toHaveLength(1);
  });

  it('a filter and none are different; the same columns without a filter open all rows', () => {
    expect(
      messages(compile({ a: filtered("tenant = 'x'"), b: 'grants: [{tables: ["*.*"], actions: [Select], columns: [id]}]' })),
    ).toContain('Conflict');
    expect(
      read(compile({ a: filtered("tenant = 'x'"), b: 'grants: [{tables: ["*.*"], actions: [Select]}]' }), 'public.customers')
        ?.filter,
    ).toBeUndefined();
  });

  it('the same filter written differently is the same filter', () => {
    const result = compile({ a: filtered("tenant = 'x'"), b: filtered("( tenant   = 'x' )", ', columns: [id]') });
    expect(result.diagnostics).toEqual([]);
    expect(look(result, 'public.customers')).toHaveLength(8);
  });

  it('a policy that contradicts itself is left out whole', () => {
    const result = compile({
      a: `grants: [{tables: [public.customers], actions: [Select], rowFilter: "tenant = 'x'"}, {tables: [public.customers], actions: [Select], columns: [id]}]`,
      b: 'grants: [{tables: [archive.old], actions: [Select]}]',
    });
    expect(messages(result)).toContain('spec.grants[0] and spec.grants[1] of platform/a');
    expect(bundleOf(result).relations.map((relation) => relation.name)).toEqual(['old']);
  });

  it('Delete has no columns to disagree about', () => {
    const result = compile({
      a: `grants: [{tables: [public.customers], actions: [Delete], rowFilter: "tenant = 'x'"}]`,
      b: `grants: [{tables: [public.customers], actions: [Delete], columns: [id], rowFilter: "tenant = 'y'"}]`,
    });
    expect(result.diagnostics).toEqual([]);
  });
});

describe('strictest wins', () => {
  it('guardrails, limits, mode, masking', () => {
    const bundle = bundleOf(
      compile({
        a: 'mode: Observe\nguardrails: {maxAffectedRows: 100}\nlimits: {maxRows: 10, statementTimeout: 2m}',
        b: 'guardrails: {requireWhere: true}\nlimits: {maxRows: 20, statementTimeout: 5s, maxConnections: 3}',
      }),
    );
    expect(bundle).toMatchObject({
      mode: 'Enforce',
      masking: 'Enforce',
      guardrails: { requireWhere: true, maxAffectedRows: 100 },
      limits: { maxRows: 10, statementTimeout: 5000, maxConnections: 3 },
    });
    expect(bundle.effective).toBeUndefined();
  });

  it('Observe only if all observe; then everything is permitted but the floors', () => {
    const policy = 'mode: Observe\ngrants: [{tables: [public.customers], actions: [Select], columns: [id, email, ssn]}]';
    const floors = `${CLASSES}\nprotection: {neverReveal: [pii.national-id]}`;
    const record = bundleOf(compile({ a: policy, b: 'mode: Observe' }, floors));
    expect(record).toMatchObject({ mode: 'Observe', masking: 'Record' });
    const customers = record.effective?.find((relation) => relation.name === 'customers')?.select;
    expect(customers?.columns).toHaveLength(8);
    expect(customers?.columns.filter((column) => column.mask).map((column) => column.attnum)).toEqual([7]);
    expect(record.protectedColumns).toEqual(['16000.7']);
    expect(record.relations.map((relation) => relation.name)).toEqual(['customers']);
    const enforce = bundleOf(compile({ a: `${policy}\nmasking: Enforce`, b: 'mode: Observe' }, floors));
    expect(enforce.masking).toBe('Enforce');
    expect(enforce.protectedColumns).toEqual(['16000.3', '16000.4', '16000.7', '16000.8']);
  });
});

describe('binding', () => {
  it('a policy that has ended does not bind; the next end is announced', () => {
    const grants = 'grants: [{tables: [archive.old], actions: [Select]}]';
    expect(compile({ a: `${grants}\nvalidUntil: "2026-05-31T23:59:59Z"` }).bundle).toBeUndefined();
    const result = compile({
      a: `${grants}\nvalidUntil: "2026-06-02T00:00:00Z"`,
      b: `${grants}\nvalidUntil: "2026-06-03T00:00:00+02:00"`,
    });
    expect(result.nextChange).toBe(Date.parse('2026-06-02T00:00:00Z'));
  });
});

describe('lineage', () => {
  const withView = (view: Partial<SmallRelation>, extra: readonly SmallRelation[] = []) =>
    smallCatalog([...RELATIONS.slice(0, 2), { name: 'public.v', kind: 'view', columns: [], ...view }, ...extra]);
  const classesOf = (on: ReturnType<typeof smallCatalog>, database = CLASSES) =>
    bundleOf(compile({ a: 'grants: [{tables: ["*.*"], actions: [Select]}]' }, database, on)).relations.find(
      (relation) => relation.name === 'v',
    )?.classes;
  const [id, email, ssn] = [
    [16_000, 1],
    [16_000, 3],
    [16_000, 7],
  ] as const;

  it('a view column of the same name keeps its class, others of a view that uses it are taken to carry it', () => {
    expect(
      classesOf(withView({ columns: ['id integer', 'email text', 'contact text', 'n bigint'], dependsOn: [id, email] })),
    ).toEqual({ 2: 'pii.email', 3: 'pii.email', 4: 'pii.email' });
  });

  it('the most severe class stands for several', () => {
    expect(classesOf(withView({ columns: ['x text'], dependsOn: [email, ssn] }))).toEqual({ 1: 'pii.national-id' });
  });

  it('a whole-row reference leaves no column dependency: what can hold a row is taken to carry it', () => {
    expect(classesOf(withView({ columns: ['id integer', 'doc jsonb', 'n bigint'], dependsOn: [id] }))).toEqual({
      2: 'pii.national-id',
    });
  });

  it('a person may say none', () => {
    const database = `${CLASSES}\n    - {table: public.v, column: n, class: none}`;
    expect(classesOf(withView({ columns: ['email text', 'n bigint'], dependsOn: [email] }), database)).toEqual({
      1: 'pii.email',
    });
  });

  it('through a view on a view, a generated column, a partition', () => {
    const on = smallCatalog([
      {
        name: 'public.customers',
        columns: ['email text', 'phone text', 'ssn text', 'born date', 'shout text'],
        generatedFrom: { 5: [1] },
      },
      { name: 'public.part', columns: ['ssn text', 'email text'], parents: [16_000], isPartition: true },
      { name: 'public.inner_view', kind: 'view', columns: ['shout text'], dependsOn: [[16_000, 5]] },
      { name: 'public.v', kind: 'view', columns: ['whisper text'], dependsOn: [[16_002, 1]] },
    ]);
    const bundle = bundleOf(compile({ a: 'grants: [{tables: ["*.*"], actions: [Select]}]' }, CLASSES, on));
    expect(bundle.relations.map((relation) => relation.classes)).toMatchObject([
      { 5: 'pii.email' },
      { 1: 'pii.national-id', 2: 'pii.email' },
      { 1: 'pii.email' },
      { 1: 'pii.email' },
    ]);
  });

  it('an explicit mask on a parent holds on its partitions', () => {
    const on = smallCatalog([
      { name: 'public.events', kind: 'partitioned', columns: ['id integer', 'actor text'] },
      { name: 'public.events_1', columns: ['id integer', 'actor text'], parents: [16_000], isPartition: true },
    ]);
    const bundle = bundleOf(
      compile(
        {
          a: 'grants: [{tables: [public.events], actions: [Select], masks: [{columns: [actor], mask: {hash: {}}}]}]',
          b: 'grants: [{tables: ["*.*"], actions: [Select]}]',
        },
        '',
        on,
      ),
    );
    expect(bundle.relations.map((relation) => relation.select?.columns[1]?.mask?.kind)).toEqual(['hash', 'hash']);
  });
});

describe('properties', () => {
  const grant = fc.record({
    tables: fc.subarray(['public.customers', 'public.tickets', 'archive.old', '"*.*"'], { minLength: 1 }),
    actions: fc.subarray(['Select', 'Insert', 'Update', 'Delete'], { minLength: 1 }),
    columns: fc.option(fc.subarray(['id', 'email', 'tenant', 'phone'], { minLength: 1 }), { nil: undefined }),
    rowFilter: fc.option(fc.constantFrom("tenant = 'x'", "tenant = 'y'", 'id = 1'), { nil: undefined }),
    mask: fc.option(fc.constantFrom('hash', 'redact'), { nil: undefined }),
  });
  const spec = fc
    .array(grant, { maxLength: 3 })
    .map((grants) =>
      [
        'grants:',
        ...grants.map(
          (each) =>
            `  - {tables: [${each.tables}], actions: [${each.actions}]${each.columns ? `, columns: [${each.columns}]` : ''}${each.rowFilter ? `, rowFilter: "${each.rowFilter}"` : ''}${each.mask ? `, masks: [{columns: [email], mask: {${each.mask}: {}}}]` : ''}}`,
        ),
      ].join('\n'),
    )
    .map((text) => (text === 'grants:' ? 'grants: []' : text));

  it('the order in which policies arrive decides nothing', () => {
    fc.assert(
      fc.property(fc.tuple(spec, spec, spec), fc.constantFrom([0, 1, 2], [2, 1, 0], [1, 2, 0]), (specs, order) => {
        const names = ['a', 'b', 'c'];
        const plain = compile(Object.fromEntries(names.map((name, index) => [name, specs[index] ?? ''])), CLASSES);
        const shuffled = compile(Object.fromEntries(order.map((index) => [names[index] ?? '', specs[index] ?? ''])), CLASSES);
        expect(shuffled.bundle).toEqual(plain.bundle);
      }),
      { numRuns: 150 },
    );
  });

  it('another policy never takes away columns, rows without a filter, or a mask', () => {
    fc.assert(
      fc.property(spec, spec, (first, second) => {
        const alone = compile({ a: first }, CLASSES).bundle;
        const both = compile({ a: first, b: second }, CLASSES).bundle;
        for (const relation of alone?.relations ?? []) {
          const wider = both?.relations.find((each) => each.oid === relation.oid);
          const columns = new Map(wider?.select?.columns.map((column) => [column.attnum, column.mask]));
          for (const column of relation.select?.columns ?? []) {
            expect(columns.has(column.attnum)).toBe(true);
            if (column.mask !== undefined) expect(columns.get(column.attnum)).toBeDefined();
          }
          if (relation.select !== undefined && relation.select.filter === undefined)
            expect(wider?.select?.filter).toBeUndefined();
        }
      }),
      { numRuns: 150 },
    );
  });
});
