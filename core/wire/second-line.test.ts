import { describe, expect, it } from 'vitest';
import { ProtocolError } from './protocol-error.ts';
import {
  baselineViolation,
  findProtectedColumn,
  packColumn,
  parameterViolation,
  showsEvidence,
  protectedColumnSet,
  serverMajor,
} from './second-line.ts';
import { cstring, int16, int32 } from './write.ts';

const rowDescription = (...origins: [oid: number, attnum: number][]): Buffer =>
  Buffer.concat([
    int16(origins.length),
    ...origins.flatMap(([oid, attnum]) => [cstring('c'), int32(oid), int16(attnum), Buffer.alloc(12)]),
  ]);

describe('the column of evidence', () => {
  const named = (...names: string[]): Buffer =>
    Buffer.concat([int16(names.length), ...names.flatMap((name) => [cstring(name), Buffer.alloc(18)])]);

  it('is found wherever it is shown, by its whole name', () => {
    expect(showsEvidence(named('sluice:rows'), 0)).toBe(true);
    expect(showsEvidence(named('id', 'sluice:rows'), 0)).toBe(true);
    expect(showsEvidence(named('id', 'sluice:rows'), 1)).toBe(true);
    expect(showsEvidence(named('sluice:rows', 'id', 'sluice:rows'), 1)).toBe(true);
    expect(showsEvidence(named('sluice:rows', 'id'), 1)).toBe(false);
    expect(showsEvidence(named('my sluice:rows', 'sluice:rows2', 'id'), 0)).toBe(false);
    expect(showsEvidence(named('a sluice:rows', 'b', 'sluice:rows'), 0)).toBe(true);
    expect(showsEvidence(named(), 0)).toBe(false);
  });
});

describe('tripwire', () => {
  const set = protectedColumnSet(['16384.3', '4294967295.1600', '16385.-1']);

  it('finds a protected column anywhere in the result', () => {
    expect(findProtectedColumn(rowDescription([16384, 1], [0, 0], [16384, 3]), set)).toEqual({
      tableOid: 16384,
      attnum: 3,
      index: 2,
    });
    expect(findProtectedColumn(rowDescription([0xffffffff, 1600]), set)).toEqual({
      tableOid: 0xffffffff,
      attnum: 1600,
      index: 0,
    });
    expect(findProtectedColumn(rowDescription([16385, -1]), set)?.attnum).toBe(-1);
  });

  it('does not mix up tables, columns or expressions', () => {
    expect(
      findProtectedColumn(rowDescription([16384, 1], [16385, 3], [3, 16384], [0, 3], [16383, 65535 + 4]), set),
    ).toBeUndefined();
    expect(packColumn(1, -1)).not.toBe(packColumn(2, -1));
    expect(packColumn(1, -1)).toBe(65536 + 65535);
  });

  it('refuses a list that does not add up, where a column could hide', () => {
    const good = rowDescription([1, 1], [2, 2]);
    expect(() => findProtectedColumn(good.subarray(0, -1), set)).toThrow(ProtocolError);
    const fewer = Buffer.from(good);
    fewer.writeUInt16BE(1, 0);
    expect(() => findProtectedColumn(fewer, set)).toThrow(ProtocolError);
  });

  it.each(['x', '1', '1.2.3', '1.x', '16384 3', ''])('refuses the entry %j', (entry) => {
    expect(() => protectedColumnSet([entry])).toThrow('not oid.attnum');
  });
});

describe('parameter watch', () => {
  const baseline = new Map([
    ['client_encoding', 'UTF8'],
    ['standard_conforming_strings', 'on'],
    ['server_version', '18.1'],
    ['is_superuser', 'off'],
    ['TimeZone', 'UTC'],
  ]);
  it('lets the listed ones change and nothing else', () => {
    expect(parameterViolation(baseline, 'TimeZone', 'CET')).toBeUndefined();
    expect(parameterViolation(baseline, 'in_hot_standby', 'on')).toBeUndefined();
    expect(parameterViolation(baseline, 'is_superuser', 'off')).toBeUndefined();
    expect(parameterViolation(baseline, 'is_superuser', 'on')).toMatchObject({ code: 'SLUICE-705' });
    expect(parameterViolation(baseline, 'client_encoding', 'SJIS')).toMatchObject({ code: 'SLUICE-705' });
    expect(parameterViolation(baseline, 'standard_conforming_strings', 'off')).toMatchObject({ code: 'SLUICE-705' });
    expect(parameterViolation(baseline, 'surprise', '1')).toMatchObject({
      code: 'SLUICE-705',
      message: 'the server reported an unexpected setting',
    });
  });
  it('needs what the analysis relies on', () => {
    expect(baselineViolation(baseline)).toBeUndefined();
    for (const name of ['client_encoding', 'standard_conforming_strings', 'server_version']) {
      const without = new Map(baseline);
      without.delete(name);
      expect(baselineViolation(without)).toBeDefined();
    }
    expect(baselineViolation(new Map([...baseline, ['client_encoding', 'LATIN1']]))).toMatchObject({ code: 'SLUICE-807' });
  });
  it('reads server versions', () => {
    expect([serverMajor('18.1'), serverMajor('15.20 (Debian 15.20-0+deb12u1)'), serverMajor('19beta2')]).toEqual([18, 15, 19]);
    for (const bad of ['', 'x', '12345', 'v15']) expect(() => serverMajor(bad)).toThrow(ProtocolError);
  });
});
