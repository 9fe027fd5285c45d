/** What a trace leaves out is what it says, and no more; and the watch at a relay hears a protected cell. */
import { describe, expect, it } from 'vitest';
import { CanaryOracle } from '../../oracle/canary-oracle.ts';
import { splitMessages } from '../../support/backend.ts';
import { message } from '../../support/frontend.ts';
import type { Origin } from './recording.ts';
import { Tracer, type Traced } from './trace.ts';
import { Watch } from './watch.ts';

const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const text = (value: string): Buffer => Buffer.from(`${value}\0`);
const row = (...values: readonly string[]): Buffer =>
  message('D', int16(values.length), ...values.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)]));
const described = (name: string, type: number): Buffer =>
  message('T', int16(1), text(name), int32(0), int16(0), int32(type), int16(4), int32(-1), int16(0));
const origin = (connection: number): Origin => ({ connection, application: 'suite/file', user: 'u', database: 'd' });

function traced(answers: readonly (readonly Buffer[])[]): readonly Traced[] {
  const tracer = new Tracer();
  for (const [index, answer] of answers.entries()) {
    const asked = index === 0 ? { messages: 'startup', sql: [] } : { messages: 'Q', sql: ['s'] };
    tracer.onExchange({ ...asked, answer: splitMessages(Buffer.concat(answer)).messages }, origin(1));
  }
  return tracer.traces[0]?.exchanges ?? [];
}

describe('a trace', () => {
  const lines = (...answer: readonly Buffer[]): readonly string[] =>
    traced([[message('K', int32(4711), int32(1))], answer])[1]?.lines ?? [];

  it('keeps values, and leaves out new OIDs in columns of type oid alone', () => {
    expect(lines(described('x', 23), row('16399'))).not.toEqual(lines(described('x', 23), row('16400')));
    expect(lines(described('x', 26), row('16399'))).toEqual(lines(described('x', 26), row('16400')));
    expect(lines(described('x', 26), row('42'))).not.toEqual(lines(described('x', 26), row('43')));
    expect(lines(described('x', 16999))).toEqual(lines(described('x', 17000)));
    expect(lines(described('x', 23))).not.toEqual(lines(described('x', 25)));
  });

  it('tells long answers apart by what is not shown of them', () => {
    const many = (last: string): readonly Buffer[] => [
      ...Array.from({ length: 100 }, (_, i) => row(`${i}`)),
      row(last),
      row('a'),
      row('b'),
    ];
    expect(lines(...many('x'))).toEqual(lines(...many('x')));
    expect(lines(...many('x'))).not.toEqual(lines(...many('y')));
  });

  it('knows whose a process id is, and compares notifications apart', () => {
    const notification = (pid: number): Buffer => message('A', int32(pid), text('channel'), text('payload'));
    const heard = (own: number, sender: number): readonly Traced[] =>
      traced([[message('K', int32(own), int32(1))], [notification(sender), message('Z', Buffer.from('I'))]]);
    expect(heard(11, 11)).toEqual(heard(12, 12));
    expect(heard(11, 11)).not.toEqual(heard(11, 12));
    expect(heard(11, 11).map(({ lines: each }) => each.map((line) => line[0]).join(''))).toEqual(['', 'Z', 'A']);
  });
});

describe('the watch', () => {
  const watch = (): Watch => new Watch(new CanaryOracle([{ value: 'bcdfghjkmnpq', column: 'public.t.secret', type: 'text' }]));
  const says = (listener: Watch, answer: readonly Buffer[], sql: string): void => {
    for (const bytes of answer) listener.hooks.onTargetData?.(bytes, 1);
    listener.hooks.onExchange({ messages: 'Q', sql: [sql], answer: splitMessages(Buffer.concat(answer)).messages }, origin(1));
  };

  it('names the file and the statement that showed a protected cell', () => {
    const listener = watch();
    says(listener, [row('public')], 'SELECT 1');
    says(listener, [row('qpnmkjhgfdcb')], 'SELECT reverse(secret) FROM t');
    expect(listener.findings).toEqual([
      { file: 'file', column: 'public.t.secret', encoding: 'reversed', sql: 'SELECT reverse(secret) FROM t' },
    ]);
    expect([listener.statements, listener.withRows, listener.refused]).toEqual([2, 2, 0]);
  });

  it('hears nothing of what ran behind the back, and counts refusals', () => {
    const listener = watch();
    listener.hooks.onExchange({ messages: 'Q', sql: ['x'], answer: splitMessages(row('bcdfghjkmnpq')).messages }, origin(1));
    says(listener, [message('E', text('SERROR'), text('C42501'), text('Mno'), text('DSLUICE-201'), Buffer.from([0]))], 'y');
    expect([listener.findings.length, listener.refused]).toEqual([0, 1]);
  });
});
