import { describe, expect, it } from 'vitest';
import { detect } from './detect.ts';
import type { ColumnFacts, TableFacts } from './facts.ts';
import { ColumnProfiler } from './profiler.ts';
import type { ColumnProfile } from './profile.ts';

type Column = Partial<ColumnFacts> & { readonly name: string; readonly sample?: readonly (string | null)[] };

let oid = 16_384;

type Table = readonly [name: string, columns: readonly Column[]];

function scan(...tables: readonly Table[]) {
  const profiles = new Map<number, Map<number, ColumnProfile>>();
  const facts = tables.map(([name, columns]): TableFacts => {
    oid++;
    const full = columns.map(
      ({ sample: _, ...column }, i): ColumnFacts => ({
        attnum: i + 1,
        kind: 'text',
        type: 'text',
        array: false,
        notNull: false,
        primaryKey: false,
        unique: false,
        checks: [],
        ...column,
      }),
    );
    const table = new Map<number, ColumnProfile>();
    columns.forEach(({ sample }, i) => {
      if (sample === undefined) return;
      const profiler = new ColumnProfiler(full[i]!);
      for (const value of sample) profiler.add(value);
      table.set(i + 1, profiler.profile());
    });
    profiles.set(oid, table);
    return { oid, schema: 'public', name, kind: 'table', estimatedRows: 100, pages: 1, columns: full };
  });
  const verdicts = detect(facts, profiles);
  return facts.map((table) =>
    Object.fromEntries(
      table.columns.map((column) => [
        column.name,
        verdicts.find((each) => each.oid === table.oid && each.attnum === column.attnum)!,
      ]),
    ),
  );
}

function classes(...tables: readonly Table[]): Record<string, string | undefined> {
  return Object.assign(
    {},
    ...scan(...tables).map((table) => Object.fromEntries(Object.entries(table).map(([name, verdict]) => [name, verdict.class]))),
  );
}

describe('detect', () => {
  it('is not put at ease by a value or two', () => {
    const of = (...sample: string[]) => scan(['things', [{ name: 'c8', sample }]])[0]!['c8'];
    expect(of('red', 'blue')).toMatchObject({ class: 'pii.free-text', provisional: true });
    expect(of('red', 'blue', 'red', 'green', 'red')).toMatchObject({ provisional: false });
    expect(of('red', 'blue', 'red', 'green', 'red')!.class).toBeUndefined();
    expect(of('ada@example.com')).toMatchObject({ class: 'pii.email', provisional: false });
  });

  it('knows a table of people by its columns', () => {
    const columns: Column[] = [
      { name: 'id', kind: 'integer', primaryKey: true },
      { name: 'first_name' },
      { name: 'name' },
      { name: 'e_mail' },
      { name: 'dob', kind: 'date' },
      { name: 'city' },
      { name: 'created_at', kind: 'timestamp' },
      { name: 'is_email_verified', kind: 'boolean' },
      { name: 'email_count', kind: 'integer' },
      { name: 'phone_type' },
      { name: 'status' },
    ];
    expect(classes(['t001', columns])).toEqual({
      id: undefined,
      first_name: 'pii.name',
      name: 'pii.name',
      e_mail: 'pii.email',
      dob: 'pii.birth-date',
      city: 'pii.address',
      created_at: undefined,
      is_email_verified: undefined,
      email_count: undefined,
      phone_type: undefined,
      status: undefined,
    });
  });

  it('knows the steps of a login by their company', () => {
    const random = Array.from({ length: 20 }, (_, i) => `kR8sT2vX9qLmZ4wB7nYc3dF6gH1jK5p${i.toString(36)}`);
    const columns: Column[] = [
      { name: 'id', primaryKey: true, sample: random },
      { name: 'client_id', sample: random.map((_, i) => `shop-${i}`) },
      { name: 'state', sample: random },
      { name: 'nonce', sample: random },
      { name: 'redirect_uri', sample: random.map((_, i) => `https://app${i}.example.com/callback`) },
    ];
    expect(classes(['auth_request', columns])).toEqual({
      id: 'secret',
      client_id: undefined,
      state: 'secret',
      nonce: 'secret',
      redirect_uri: undefined,
    });
  });

  it('knows messages by sender and body, and maps by their keys', () => {
    const written = Array.from(
      { length: 12 },
      (_, i) => `Please call me back when you are at home, it is about the ${i + 1} keys.`,
    );
    const [event, map] = scan(
      [
        'events',
        [
          { name: 'sender', sample: written.map((_, i) => `@user${i}:example.org`) },
          { name: 'content', sample: written },
        ],
      ],
      ['t7', [{ name: 'c1', kind: 'json', sample: written.map((_, i) => `{"jane${i}@example.com": true}`) }]],
    );
    expect(event!['sender']!.class).toBe('pii.name');
    expect(event!['content']!.class).toBe('pii.free-text');
    expect(map!['c1']!.class).toBe('pii.email');
  });

  it('knows what was measured of a patient', () => {
    const columns: Column[] = [
      { name: 'patient_id', kind: 'integer' },
      { name: 'value', kind: 'decimal' },
    ];
    expect(classes(['observations', columns])).toEqual({ patient_id: undefined, value: 'pii.health' });
    expect(classes(['observations', [{ name: 'station_id', kind: 'integer' }, columns[1]!]])).toEqual({
      station_id: undefined,
      value: undefined,
    });
  });

  it('leaves the names and texts of things alone', () => {
    const columns: Column[] = [{ name: 'name' }, { name: 'description' }, { name: 'sku' }, { name: 'address', sample: [] }];
    expect(classes(['products', columns])).toEqual({
      name: undefined,
      description: undefined,
      sku: undefined,
      address: 'pii.free-text',
    });
  });

  it('takes text that nobody has looked at for free text', () => {
    const [table] = scan([
      't',
      [{ name: 'blurb' }, { name: 'payload', kind: 'json' }, { name: 'currency' }, { name: 'f', maxLength: 2 }],
    ]);
    expect(table!['blurb']).toMatchObject({ class: 'pii.free-text', provisional: true, evidence: [{ rule: 'unsampled.text' }] });
    expect(table!['payload']).toMatchObject({
      class: 'pii.free-text',
      provisional: true,
      evidence: [{ rule: 'unsampled.json' }],
    });
    for (const name of ['value', 'meta_value', 'cancel_reason', 'settings'])
      expect(scan(['t', [{ name }]])[0]![name]!.class).toBeDefined();
    expect(table!['currency']!.class).toBeUndefined();
    expect(table!['f']!.class).toBeUndefined();
  });

  it('lifts the precaution when values are harmless, and believes values against names', () => {
    const ids = Array.from({ length: 40 }, (_, i) => `ORD-2024-${1000 + i}`);
    const emails = Array.from({ length: 40 }, (_, i) => `user${i}@mail.example`);
    expect(
      classes([
        't',
        [
          { name: 'c1', sample: ids },
          { name: 'c2', sample: emails },
          { name: 'phone_type', sample: emails },
        ],
      ]),
    ).toEqual({
      c1: undefined,
      c2: 'pii.email',
      phone_type: 'pii.email',
    });
  });

  it('does not take order numbers for telephone numbers', () => {
    const numbers = Array.from({ length: 100 }, (_, i) => String(10_000_000_000 + i * 7919));
    expect(
      classes([
        'orders',
        [
          { name: 'order_number', sample: numbers },
          { name: 'c', sample: numbers },
        ],
      ]),
    ).toEqual({
      order_number: undefined,
      c: undefined,
    });
  });

  it('judges JSON by its paths', () => {
    const sample = Array.from({ length: 20 }, (_, i) =>
      JSON.stringify({ contact: { email: `u${i}@mail.example` }, items: [{ sku: `X${i}` }] }),
    );
    const [table] = scan(['t', [{ name: 'data', kind: 'json', sample }]]);
    expect(table!['data']).toMatchObject({ class: 'pii.email', provisional: false });
    expect(table!['data']!.evidence[0]!.rule).toMatch(/^json\.contact\.email:/);
  });

  it('follows foreign keys in both directions', () => {
    const emails = Array.from({ length: 40 }, (_, i) => `user${i}@mail.example`);
    const [, second] = scan(
      ['accounts', [{ name: 'login_key', primaryKey: true, sample: emails }]],
      ['visits', [{ name: 'who_ref', references: [oid + 1, 1] }]],
    );
    expect(second!['who_ref']).toMatchObject({ class: 'pii.email' });
  });

  it('says the same whatever the order of rows and tables', () => {
    const names = ['Jane Doe', 'Peter Schmidt', 'Maria Lopez', 'Ivan Petrov', 'Sofia Rossi'];
    const forward = scan(['a', [{ name: 'c', sample: names }]])[0]!['c']!;
    const backward = scan(['a', [{ name: 'c', sample: names.toReversed() }]])[0]!['c']!;
    expect({ ...forward, oid: 0 }).toEqual({ ...backward, oid: 0 });
    expect(forward.class).toBe('pii.name');
  });
});
