/** The generator is seen to be what it says: the same dice draw the same cases, and its judge finds what is there to be found. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failures } from '../../scoreboard/suite.ts';
import { MAJOR } from '../laboratory.ts';
import { board } from '../suite.ts';
import { compose } from './compose.ts';
import { startField, type Field } from './laboratory.ts';
import { runGenerated, type Result } from './run.ts';

const indices = Array.from({ length: 2_000 }, (_, index) => index);

describe('the dice', () => {
  it('draw the same case from the same seed and number, and others from others', () => {
    const draw = (seed: number): string[] => indices.map((index) => compose(seed, index, false, 18)?.steps.join(';') ?? '');
    expect(draw(7)).toEqual(draw(7));
    expect(new Set(draw(7)).size).toBeGreaterThan(1_980);
    expect(draw(8)).not.toEqual(draw(7));
  });

  it('draw nothing for an honest client that is not granted', () => {
    const twins = indices.flatMap((index) => compose(7, index, true, 18)?.steps ?? []).join('\n');
    // A search path may name any schema.
    expect(twins).not.toMatch(
      /payroll|archive\.|events_2026|vip_customers|api_key|supplier_cost|query_to_xml|leak\(|MERGE INTO public/,
    );
  });

  it('ask for an order where several rows become one value, because it is the planner’s without', () => {
    const folding = indices
      .flatMap((index) => compose(7, index, false, 18)?.steps ?? [])
      .filter((sql) => sql.includes('xmlagg('));
    expect(folding.length).toBeGreaterThan(5);
    expect(folding.filter((sql) => !/xmlagg\(.*ORDER BY/s.test(sql))).toEqual([]);
  });

  it('draw nothing for 15 that only 18 has', () => {
    const old = indices.flatMap((index) => compose(7, index, false, 15)?.steps ?? []).join('\n');
    expect(old).not.toMatch(/JSON_TABLE|JSON_VALUE|merge_action|any_value/);
  });
});

describe('the judge', () => {
  let field: Field;
  let naked: Result;
  let behind: Result;
  beforeAll(async () => {
    field = await startField(MAJOR);
    const run = (on: Field, statements: number): Promise<Result> =>
      runGenerated(on, {
        seed: 20260101,
        major: MAJOR,
        until: Number.POSITIVE_INFINITY,
        statements,
        only: [],
        say: () => undefined,
      });
    behind = await run(field, 60);
    // Where Sluice should stand there is the bare relay.
    naked = await run({ ...field, a: { ...field.a, sluice: field.a.relay }, b: { ...field.b, sluice: field.b.relay } }, 60);
  });
  afterAll(() => field?.stop());

  const options = { seed: 1, major: MAJOR } as const;

  it('finds leaks, databases told apart and other answers where nothing protects', () => {
    expect(naked.bare.shows).toBeGreaterThan(10);
    expect(naked.leaks.filter(({ what }) => what === 'leaked').length).toBeGreaterThan(20);
    expect(naked.leaks.filter(({ what }) => what === 'told apart').length).toBeGreaterThan(10);
    expect(naked.differences.length).toBeGreaterThan(10);
    expect(failures(board(naked, options), {}).join('\n')).toMatch(/leaks.*\n.*differ/s);
  });

  it('finds nothing behind Sluice, where most twins work', () => {
    expect(behind.leaks).toEqual([]);
    expect(behind.attacks).toBeGreaterThan(20);
    expect(behind.twins.same).toBeGreaterThan(40);
    expect(board(behind, options).deaths).toBe(0);
  });
});
