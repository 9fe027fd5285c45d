import { describe, expect, it } from 'vitest';
import { smallCatalog } from '../../test/support/small-catalog.ts';
import { SharedSystemObjects } from './system-objects.ts';

const catalog = (table: string) =>
  structuredClone(smallCatalog([{ name: `public.${table}`, oid: 20_000, columns: ['id integer!'] }]).data);

describe('system objects', () => {
  it('of two databases alike are the same objects, users’ are not, and nothing else differs', () => {
    const shared = new SharedSystemObjects();
    const [one, two] = [catalog('a'), catalog('b')];
    const expected = structuredClone(two);
    expect(shared.share(one)).toBe(one);
    const result = shared.share(two);
    expect(result).toEqual(expected);
    expect(result.types[0]).toBe(one.types[0]);
    expect(result.operators[0]).toBe(one.operators[0]);
    expect(result.relations[0]).toBe(two.relations[0]);
  });

  it('of another release stay its own', () => {
    const shared = new SharedSystemObjects();
    const one = catalog('a');
    shared.share(one);
    const two = catalog('b');
    const other = { ...two, types: two.types.slice(1) };
    expect(shared.share(other).types[0]).toBe(other.types[0]);
  });
});
