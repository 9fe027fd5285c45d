import fc from 'fast-check';
import { parse as parseServerStream } from 'pg-protocol';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  decodeBind,
  decodeClose,
  decodeCopyFail,
  decodeDescribe,
  decodeEmpty,
  decodeExecute,
  decodeParse,
  decodeQuery,
} from './client-messages.ts';
import { ProtocolError } from './protocol-error.ts';
import * as request from './request.ts';
import {
  decodeBackendKeyData,
  decodeCommandComplete,
  decodeCopyResponse,
  decodeNotification,
  decodeParameterDescription,
  decodeParameterStatus,
  decodeReadyForQuery,
  decodeReport,
  decodeRowDescription,
  scanRowDescription,
} from './server-messages.ts';
import * as write from './write.ts';

const body = (bytes: Buffer): Buffer => bytes.subarray(5);
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const name = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\0', ''));

/** A decoder that accepts exactly `good`: every shorter and every longer body is refused with a non-fatal 08P01 error. */
function exact(decode: (bytes: Buffer) => unknown, good: Buffer, code: string): void {
  decode(good);
  for (const bad of [
    ...Array.from({ length: good.length }, (_, n) => good.subarray(0, n)),
    Buffer.concat([good, latin1('\0')]),
    Buffer.concat([good, latin1('x')]),
  ]) {
    let error: unknown;
    try {
      decode(bad);
    } catch (caught) {
      error = caught;
    }
    expect(error, bad.toString('latin1')).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ fatal: false, denial: { code } });
  }
}

describe('client messages', () => {
  it('account for every byte', () => {
    exact(decodeQuery, latin1('SELECT 1\0'), 'SLUICE-501');
    exact(decodeParse, body(request.parse('s1', 'SELECT $1', [25])), 'SLUICE-501');
    exact(decodeBind, body(request.bind('p', 's', ['abc', null, ''])), 'SLUICE-501');
    exact(decodeDescribe, body(request.describe('S', 'x')), 'SLUICE-501');
    exact(decodeClose, body(request.close('P', '')), 'SLUICE-501');
    exact(decodeExecute, body(request.execute('p', 7)), 'SLUICE-501');
    exact(decodeCopyFail, body(request.copyFail('why')), 'SLUICE-501');
    expect(() => decodeEmpty(latin1('x'), 'Sync')).toThrow(ProtocolError);
  });

  it('read back what the builders wrote', () => {
    fc.assert(
      fc.property(
        name,
        name,
        fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 5 }),
        fc.array(fc.option(name)),
        (first, second, types, values) => {
          expect(decodeParse(body(request.parse(first, second, types)))).toEqual({
            statement: first,
            sql: Buffer.from(second),
            parameterTypes: types,
          });
          expect(decodeBind(body(request.bind(first, second, values)))).toEqual({
            portal: first,
            statement: second,
            parameterCount: values.length,
            resultFormats: [],
          });
          expect(decodeDescribe(body(request.describe('P', first)))).toEqual({ kind: 'P', name: first });
        },
      ),
    );
    expect(decodeExecute(body(request.execute('', -1)))).toEqual({ portal: '', maxRows: 0 });
  });

  it('reads the head of a Bind that is held in part, and refuses one whose head is not there', () => {
    const whole = body(request.bind('p', 's', ['x'.repeat(1000)]));
    expect(decodeBind(whole.subarray(0, 20), whole.length)).toEqual({ portal: 'p', statement: 's', parameterCount: 1 });
    expect(() => decodeBind(whole.subarray(0, 5), whole.length)).toThrow(ProtocolError);
  });

  it.each<[string, Buffer]>([
    ['length below -1', latin1('\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0')],
    ['length beyond the message', latin1('\0\0\0\0\0\x01\x7f\xff\xff\xff\0\0')],
    ['more formats than parameters', latin1('\0\0\0\x02\0\0\0\0\0\0\0\0')],
    ['65,535 parameters that are not there', latin1('\0\0\0\0\xff\xff')],
  ])('refuses a Bind with %s', (_name, bytes) => {
    expect(() => decodeBind(bytes)).toThrow(ProtocolError);
  });

  it('refuses names that are not UTF-8 and unknown kinds', () => {
    expect(() => decodeParse(latin1('\xff\0SELECT 1\0\0\0'))).toThrow('invalid byte sequence');
    expect(() => decodeClose(latin1('X\0'))).toThrow('invalid CLOSE message subtype');
  });
});

describe('server messages', () => {
  const row = write.textRowDescription(['a', 'b']);
  it('account for every byte', () => {
    exact(decodeRowDescription, body(row), 'SLUICE-706');
    exact((bytes) => scanRowDescription(bytes, () => true), body(row), 'SLUICE-706');
    exact(decodeParameterDescription, body(write.parameterDescription([23, 25])), 'SLUICE-706');
    exact(decodeCommandComplete, latin1('SELECT 5\0'), 'SLUICE-706');
    exact(decodeReadyForQuery, latin1('I'), 'SLUICE-706');
    exact(decodeParameterStatus, latin1('TimeZone\0UTC\0'), 'SLUICE-706');
    exact(decodeCopyResponse, body(write.copyInResponse(0, 3)), 'SLUICE-706');
    exact(decodeNotification, latin1('\0\0\0\x01ch\0pay\0'), 'SLUICE-706');
    exact(decodeReport, latin1('SERROR\0C42P01\0Mno\0\0'), 'SLUICE-706');
    expect(() => decodeBackendKeyData(latin1('\0\0\0\x01abc'))).toThrow(ProtocolError);
    expect(() => decodeReadyForQuery(latin1('X'))).toThrow(ProtocolError);
  });

  it.each([
    ['SELECT 5', 5],
    ['INSERT 0 12', 12],
    ['COPY 3', 3],
    ['BEGIN', null],
    ['CREATE TABLE', null],
    ['MERGE 0', 0],
    ['SELECT 99999999999999999999', null],
  ])('row count of %s', (tag, rows) => {
    expect(decodeCommandComplete(latin1(`${tag}\0`))).toEqual({ tag, rows });
  });

  it('visits origins in order and stops when told', () => {
    const seen: number[][] = [];
    const bytes = Buffer.concat([
      write.int16(2),
      ...[
        [16384, -7],
        [0xffffffff, 32767],
      ].flatMap(([oid, attnum]) => [write.cstring('c'), write.int32(oid!), write.int16(attnum!), Buffer.alloc(12)]),
    ]);
    expect(scanRowDescription(bytes, (...origin) => seen.push(origin) > 0)).toBe(true);
    expect(seen).toEqual([
      [16384, -7, 0],
      [0xffffffff, 32767, 1],
    ]);
    expect(scanRowDescription(bytes, () => false)).toBe(false);
  });

  it.each<[string, string]>([
    ['a field twice', 'SERROR\0C42P01\0Ma\0Mb\0\0'],
    ['a field code that is no letter', 'SERROR\0\x011\0\0'],
    ['no terminator', 'SERROR\0C42P01\0Mno\0'],
    ['a field without terminator', 'SERROR\0C42P01'],
    ['bytes after the end', 'SERROR\0\0x'],
    ['nothing', ''],
  ])('refuses a report with %s', (_name, text) => {
    expect(() => decodeReport(latin1(text))).toThrow(ProtocolError);
  });

  it('leaves out the field that a cut report ends in', () => {
    const text = latin1('SERROR\0C42P01\0Mvery long');
    expect([...decodeReport(text, 100_000).keys()]).toEqual(['S', 'C']);
  });
});

describe('builders', () => {
  it('write what an independent client parser reads', async () => {
    const seen: { name: string; [key: string]: unknown }[] = [];
    const bytes = Buffer.concat([
      write.authenticationOk(),
      write.parameterStatus('TimeZone', 'UTC'),
      write.backendKeyData(77, latin1('abcd')),
      write.textRowDescription(['Zahl']),
      write.dataRow(['ü', null]),
      write.commandComplete('SELECT 1'),
      write.errorResponse({
        severity: 'ERROR',
        sqlstate: '42501',
        message: 'm\0m',
        detail: 'd',
        hint: 'h',
        position: 3,
        names: [['t', 'users']],
      }),
      write.noticeResponse({ severity: 'NOTICE', sqlstate: '00000', message: 'n' }),
      write.PARSE_COMPLETE,
      write.BIND_COMPLETE,
      write.CLOSE_COMPLETE,
      write.NO_DATA,
      write.EMPTY_QUERY,
      write.PORTAL_SUSPENDED,
      write.parameterDescription([23]),
      write.readyForQuery('E'),
    ]);
    await parseServerStream(Readable.from([bytes]), (one) => void seen.push(one as unknown as { name: string }));
    expect(seen.map((one) => one.name)).toEqual([
      'authenticationOk',
      'parameterStatus',
      'backendKeyData',
      'rowDescription',
      'dataRow',
      'commandComplete',
      'error',
      'notice',
      'parseComplete',
      'bindComplete',
      'closeComplete',
      'noData',
      'emptyQuery',
      'portalSuspended',
      'parameterDescription',
      'readyForQuery',
    ]);
    expect(seen[4]).toMatchObject({ fields: ['ü', null] });
    expect(seen[6]).toMatchObject({
      message: 'm\ufffdm',
      code: '42501',
      detail: 'd',
      hint: 'h',
      position: '3',
      table: 'users',
      severity: 'ERROR',
    });
  });

  it('put code, rule and position of a denial where the contract says', () => {
    const sql = Buffer.from("SELECT 'ü€😀', ssn");
    const at = sql.indexOf('ssn');
    const bytes = write.denialResponse(
      {
        code: 'SLUICE-202',
        sqlstate: '42501',
        message: 'no',
        detail: 'granted: id',
        rule: 'data-platform/support-agent',
        location: at,
      },
      { sql },
    );
    const fields = decodeReport(body(bytes));
    expect(fields.get('D')?.toString()).toBe('SLUICE-202 (policy data-platform/support-agent): granted: id');
    expect(fields.get('P')?.toString()).toBe('15');
    expect(write.denialDetail({ code: 'SLUICE-303', sqlstate: '42501', message: 'no', rule: 'protection' })).toBe(
      'SLUICE-303 (protection)',
    );
  });

  it('map byte offsets and character positions onto each other', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const sql = Buffer.from(text);
        const characters = [...sql.toString()];
        for (let i = 0; i <= characters.length; i++) {
          const offset = Buffer.byteLength(characters.slice(0, i).join(''));
          expect(write.characterPosition(sql, offset)).toBe(i + 1);
          expect(write.byteOffset(sql, i + 1)).toBe(offset);
        }
        expect(write.byteOffset(sql, characters.length + 2)).toBeUndefined();
      }),
    );
    expect(write.byteOffset(latin1('abc'), 0)).toBeUndefined();
    expect(write.byteOffset(latin1('abc'), 1.5)).toBeUndefined();
    expect(write.characterPosition(latin1('abc'), 4)).toBeUndefined();
  });

  it('refuse a zero byte inside a string', () => {
    expect(() => request.query('a\0b')).toThrow('zero byte');
  });
});
