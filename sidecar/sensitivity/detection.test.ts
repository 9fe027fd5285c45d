/** When tables are looked at, what counts meanwhile, and what a schema that moves on does to it; the server is a script. */
import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { Findings } from '../../core/sensitivity/findings.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import { smallCatalog } from '../../test/support/small-catalog.ts';
import { QueryError, type SimpleQueryConnection } from '../catalog/reader.ts';
import { Detection } from './detection.ts';

const NOTHING = [
  ['sizes', null],
  ['comments', null],
  ['keys', null],
] as const;
const PLAIN = ['red', 'green', 'blue', 'red', 'green', 'blue'];
const ADDRESSES = ['ada', 'bea', 'eve', 'kim', 'lou', 'max'].map((name) => `${name}@example.com`);

interface Scripted extends SimpleQueryConnection {
  readonly asked: string[];
  /** Values of the one sampled column, by table; an Error is thrown. */
  readonly values: Map<string, readonly (string | null)[] | Error>;
  /** Called before a sample is answered. */
  before: () => void;
  close(): void;
}

function script(): Scripted {
  const scripted: Scripted = {
    asked: [],
    values: new Map(),
    before: () => {},
    close: () => {},
    simpleQuery: async (sql, onRow) => {
      const table = /FROM "public"\."(\w+)"/.exec(sql)?.[1];
      if (table === undefined) return sql === 'ROLLBACK' ? [] : [NOTHING];
      scripted.asked.push(table);
      scripted.before();
      const values = scripted.values.get(table) ?? [];
      if (values instanceof Error) throw values;
      for (const value of values) onRow?.([value]);
      return [];
    },
  };
  return scripted;
}

const table = (name: string, column = 'c1 text'): Catalog => smallCatalog([{ name: `public.${name}`, columns: [column] }]);

function start(server: Scripted, more: Partial<ConstructorParameters<typeof Detection>[0]> = {}) {
  const clock = manualClock();
  const logged: string[] = [];
  const detection = new Detection({
    connect: async () => server,
    clock,
    telemetry: { sensitiveColumns: () => {}, tableSampled: () => {} },
    log: (_level, event) => logged.push(event),
    ...more,
  });
  const classOf = (catalog: Catalog): string | undefined =>
    detection.classes(catalog).get(catalog.relationNamed('public', 't')!.oid)?.get(1);
  return { clock, logged, detection, classOf };
}

describe('a column', () => {
  it('is free text until it has been looked at, then what was seen in it', async () => {
    for (const [values, expected] of [
      [PLAIN, undefined],
      [ADDRESSES, 'pii.email'],
    ] as const) {
      const server = script();
      server.values.set('t', values);
      const { detection, classOf } = start(server);
      const catalog = table('t');
      let changes = 0;
      detection.onChange(() => (changes += 1));
      await detection.describe(catalog, server);
      expect(classOf(catalog)).toBe('pii.free-text');
      await detection.sample();
      expect([classOf(catalog), changes]).toEqual([expected, 1]);
      await detection.sample();
      expect(server.asked).toEqual(['t']);
    }
  });

  it('keeps what the server said of it when an older schema is asked about in between', async () => {
    const server = script();
    const { detection, classOf } = start(server);
    const [before, after] = [table('t'), table('t')];
    const said = [
      ['sizes', null],
      ['comments', `[[${after.data.relations[0]!.oid},1,"password"]]`],
      ['keys', null],
    ];
    await detection.describe(after, { ...server, simpleQuery: async () => [said as (string | null)[][]] });
    const described = classOf(after);
    expect(described).toBe('secret');
    expect(classOf(before)).toBe('pii.free-text');
    expect(classOf(after)).toBe(described);
  });

  it('that changed, or stands under the same name in another table, is a new one', async () => {
    const server = script();
    server.values.set('t', PLAIN);
    const { detection, classOf } = start(server);
    await detection.describe(table('t'), server);
    await detection.sample();
    const changed = table('t', 'c1 text!');
    // The table was dropped and made again: another OID.
    const again = smallCatalog([
      { name: 'public.other', columns: [] },
      { name: 'public.t', columns: ['c1 text'] },
    ]);
    for (const catalog of [changed, again]) {
      await detection.describe(catalog, server);
      expect(classOf(catalog)).toBe('pii.free-text');
      await detection.sample();
      expect(classOf(catalog)).toBeUndefined();
    }
    expect(server.asked).toEqual(['t', 't', 't']);
  });

  it('whose schema moved on while it was looked at counts as not looked at', async () => {
    const server = script();
    server.values.set('t', PLAIN);
    const { detection, classOf } = start(server);
    const after = table('t', 'c1 text!');
    await detection.describe(table('t'), server);
    server.before = () => {
      server.before = () => {};
      // As if it had been read again just now.
      detection.classes(after);
      expect(classOf(after)).toBe('pii.free-text');
    };
    await detection.sample();
    // The round that was under way is followed by another one, of the column as it is.
    expect(server.asked).toEqual(['t', 't']);
    expect(classOf(after)).toBeUndefined();
  });
});

describe('a table', () => {
  it('without values is looked at again, ever more seldom, until there are some', async () => {
    const server = script();
    const { detection, classOf, clock } = start(server);
    const catalog = table('t');
    await detection.describe(catalog, server);
    await detection.sample();
    const times: number[] = [];
    for (let seconds = 1; seconds <= 80; seconds += 1) {
      const before = server.asked.length;
      await clock.advance(1_000);
      await detection.sample();
      if (server.asked.length > before) times.push(seconds);
    }
    expect(times).toEqual([5, 15, 35, 75]);
    expect(classOf(catalog)).toBe('pii.free-text');
    server.values.set('t', PLAIN);
    await clock.advance(80_000);
    await detection.sample();
    expect(classOf(catalog)).toBeUndefined();
  });

  it('that cannot be read stays masked; what the server says of it goes nowhere', async () => {
    const server = script();
    server.values.set('t', new QueryError('22021', 'invalid byte sequence: "canary"'));
    const { detection, classOf, logged } = start(server);
    const catalog = table('t');
    await detection.describe(catalog, server);
    await detection.sample();
    expect(classOf(catalog)).toBe('pii.free-text');
    expect(logged).toEqual(['values-sampled']);
  });

  it('is not lost to a connection that breaks', async () => {
    const server = script();
    server.values.set('t', new Error('gone'));
    const { detection, classOf, logged } = start(server);
    const catalog = table('t');
    await detection.describe(catalog, server);
    await detection.sample();
    expect([logged, classOf(catalog)]).toEqual([['values-not-sampled'], 'pii.free-text']);
    server.values.set('t', PLAIN);
    await detection.sample();
    expect(classOf(catalog)).toBeUndefined();
  });
});

it('findings of an earlier run count at once, and new ones are kept', async () => {
  const server = script();
  server.values.set('t', ADDRESSES);
  let kept: Findings | undefined;
  const first = start(server, { save: async (findings) => void (kept = findings) });
  await first.detection.describe(table('t'), server);
  await first.detection.sample();
  const later = start(server, { findings: kept! });
  const catalog = table('t');
  await later.detection.describe(catalog, server);
  expect(later.classOf(catalog)).toBe('pii.email');
  await later.detection.sample();
  expect(server.asked).toEqual(['t']);
});
