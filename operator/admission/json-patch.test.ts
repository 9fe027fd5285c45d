import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyJsonPatch } from './apply-json-patch.ts';
import { jsonPatch, sameJson } from './json-patch.ts';

describe('a JSON patch', () => {
  it('leads from any document to any other', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
        expect(sameJson(applyJsonPatch(before, jsonPatch(before, after)), after)).toBe(true);
      }),
    );
  });

  it('leads from any list of named things to any other', () => {
    const list = fc.uniqueArray(fc.record({ name: fc.constantFrom(...'abcdef'), x: fc.nat(2) }), {
      selector: (each) => each.name,
    });
    fc.assert(
      fc.property(list, list, (before, after) => {
        expect(applyJsonPatch({ before }, jsonPatch({ before }, { before: after }))).toEqual({ before: after });
      }),
    );
  });

  it('is empty where nothing changes, whatever the order of keys', () => {
    expect(jsonPatch({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 })).toEqual([]);
  });

  it('puts one before others with one operation', () => {
    const [app, sluice] = [{ name: 'app', x: 1 }, { name: 'sluice' }];
    expect(jsonPatch([app], [sluice, app])).toEqual([{ op: 'add', path: '/0', value: sluice }]);
  });

  it('escapes keys (RFC 6901), and writes parents that are missing', () => {
    expect(jsonPatch({ labels: { 'a/b~c': '1' } }, { labels: { 'a/b~c': '2' } })).toEqual([
      { op: 'replace', path: '/labels/a~1b~0c', value: '2' },
    ]);
    expect(jsonPatch({ metadata: {} }, { metadata: { labels: { x: 'y' } } })).toEqual([
      { op: 'add', path: '/metadata/labels', value: { x: 'y' } },
    ]);
  });

  it('takes __proto__ for a name like any other', () => {
    const after = JSON.parse('{"__proto__": {"x": 1}}');
    const patched = applyJsonPatch({}, jsonPatch({}, after)) as object;
    expect(Object.hasOwn(patched, '__proto__')).toBe(true);
    expect(Object.getPrototypeOf(patched)).toBe(Object.prototype);
  });
});
