/** Grants of several policies on one table: what adds up and what contradicts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLASSES, bundleOf, compile, found, look, messages, read } from '../../test/support/compile-policy.ts';

describe('conflicts', () => {
  const masked = (kind: string) =>
    `grants: [{tables: [public.customers], actions: [Select], masks: [{columns: [email], mask: {${kind}: {}}}]}]`;
  const filtered = (filter: string, columns = '') =>
    `grants: [{tables: [public.customers], actions: [Select], rowFilter: "${filter}"${columns}}]`;

  it('two different explicit masks: the newer policy is left out, both are named', () => {
    const result = compile({ a: masked('hash'), b: masked('redact') });
    expect(look(result, 'public.customers')).toContain('email:hash');
    expect(bundleOf(result).policies.map((policy) => policy.name)).toEqual(['a']);
    expect(found(result)).toMatchObject([
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
    expect(found(result)).toEqual([]);
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
    expect(found(result)).toMatchObject([{ severity: 'warning', message: expect.stringMatching(/^columns has no effect/) }]);
    expect(bundleOf(result).relations).toHaveLength(1);
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
