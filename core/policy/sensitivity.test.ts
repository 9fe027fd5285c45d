/** Classes and where they follow: views, generated columns, partitions. */
import { describe, expect, it } from 'vitest';
import { Catalog } from '../catalog/catalog.ts';
import { CLASSES, RELATIONS, bundleOf, compile, found } from '../../test/support/compile-policy.ts';
import { type SmallRelation, smallCatalog } from '../../test/support/small-catalog.ts';

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

  it('a view column has the class of where it is plainly taken from, expressions of a view that uses a class carry it', () => {
    const columnOrigins = { 1: id, 2: email, 3: email };
    expect(
      classesOf(
        withView({ columns: ['id integer', 'email text', 'contact text', 'n bigint'], dependsOn: [id, email], columnOrigins }),
      ),
    ).toEqual({ 2: 'pii.email', 3: 'pii.email', 4: 'pii.email' });
  });

  it('a harmless name proves nothing', () => {
    expect(classesOf(withView({ columns: ['id integer'], dependsOn: [id, ssn] }))).toEqual({ 1: 'pii.national-id' });
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

  it('a column that holds rows of a table, or arrays of them, carries the most severe class of the table', () => {
    const { data } = smallCatalog([
      ...RELATIONS.slice(0, 2),
      { name: 'public.v', columns: ['id integer', 'old text', 'all_old text', 'n integer'] },
    ]);
    const row = { schema: 'public', category: 'C' };
    const on = new Catalog({
      ...data,
      types: [
        ...data.types,
        { ...row, oid: 900, name: 'customers', kind: 'composite', relationOid: 16_000 },
        { ...row, oid: 901, name: '_customers', kind: 'base', category: 'A', elementOid: 900 },
      ],
      relations: data.relations.map((relation) =>
        relation.name === 'v'
          ? {
              ...relation,
              columns: relation.columns.map((column) =>
                column.name.includes('old') ? { ...column, typeOid: column.name === 'old' ? 900 : 901 } : column,
              ),
            }
          : relation,
      ),
    });
    expect(classesOf(on)).toEqual({ 2: 'pii.national-id', 3: 'pii.national-id' });
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

describe('a column declared twice', () => {
  it.each([
    ['pii.email', 'none', 'pii.email'],
    ['pii.email', 'pii.national-id', 'pii.national-id'],
  ])('%s and %s: the one that shows least counts, in either order', (first, second, expected) => {
    for (const classes of [
      [first, second],
      [second, first],
    ]) {
      const columns = classes.map((each) => `{table: public.customers, column: email, class: ${each}}`).join(', ');
      const result = compile(
        { a: 'grants: [{tables: [public.customers], actions: [Select]}]' },
        `sensitivity: {columns: [${columns}]}`,
      );
      expect(bundleOf(result).relations[0]?.classes).toEqual({ 3: expected });
      expect(found(result)).toMatchObject([{ reason: 'Conflict', path: 'spec.sensitivity.columns[1].class' }]);
    }
  });
});

describe('a granted view', () => {
  const on = smallCatalog([
    { name: 'public.customers', columns: ['id integer', 'email text', 'phone text', 'ssn text', 'born date', 'tenant text'] },
    { name: 'public.inner_view', kind: 'view', columns: ['id integer'], dependsOn: [[16_000, 1]] },
    { name: 'public.v', kind: 'view', columns: ['id integer'], dependsOn: [[16_001, 1]] },
  ]);
  const warned = (customers: string) =>
    found(
      compile(
        { a: `grants: [{tables: [public.customers], actions: [Select], ${customers}}, {tables: [public.v], actions: [Select]}]` },
        CLASSES,
        on,
      ),
    );

  it('does not inherit row filters and explicit masks, and says so, through other views too', () => {
    for (const restriction of [`rowFilter: "tenant = 'x'"`, 'masks: [{columns: [tenant], mask: {redact: {}}}]']) {
      expect(warned(restriction)).toMatchObject([
        {
          severity: 'warning',
          reason: 'View',
          message: expect.stringContaining('view public.v is granted and reads public.customers'),
        },
      ]);
    }
  });

  it('is silent where only classes mask, which do follow', () => {
    expect(warned('columns: [id, email]')).toEqual([]);
  });
});
