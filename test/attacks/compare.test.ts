/** Two servers may disagree on process ids, transaction ids and the time, and on nothing beside them. */
import { describe, expect, it } from 'vitest';
import type { BackendMessage } from '../support/backend.ts';
import { firstDifference } from './compare.ts';
import type { Fleeting } from './fleeting.ts';

const NOON = Date.UTC(2026, 10, 28, 12);
const A: Fleeting = { processes: new Set([7309]), transactions: [846, 848], clock: [NOON, NOON + 60_000] };
const B: Fleeting = { processes: new Set([7310]), transactions: [771, 772], clock: [NOON, NOON + 60_000] };

function told(a: readonly BackendMessage[], b: readonly BackendMessage[], fleeting: readonly [Fleeting, Fleeting] = [A, B]) {
  const outcome = (messages: readonly BackendMessage[]) => ({ messages, errors: [], ended: false });
  return firstDifference(outcome(a), outcome(b), { ordered: false, newestOid: 20_000, fleeting });
}

function row(...values: (string | Buffer)[]): BackendMessage {
  const parts = values.flatMap((value) => {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
    return [int4(bytes.length), bytes];
  });
  return { type: 'D', body: Buffer.concat([Buffer.from([0, values.length]), ...parts]) };
}

function int4(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function timestamp(milliseconds: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(milliseconds - Date.UTC(2000, 0, 1)) * 1000n);
  return bytes;
}

/** As record_send: number of fields, then type, length and value of each. */
const record = (...values: readonly Buffer[]): Buffer =>
  Buffer.concat([int4(values.length), ...values.flatMap((value) => [int4(25), int4(value.length), value])]);

interface Activity {
  readonly pid: number;
  readonly xmin: number;
  readonly at: string;
  readonly state: string;
}
const OF_A: Activity = { pid: 7309, xmin: 846, at: '12:00:01.25', state: 'active' };
const OF_B: Activity = { pid: 7310, xmin: 771, at: '12:00:01.268758', state: 'active' };

const SHOWN: readonly (readonly [string, (activity: Activity) => BackendMessage])[] = [
  ['columns', ({ pid, xmin, at, state }) => row(`${pid}`, `${xmin}`, `2026-11-28 ${at}+00`, state)],
  [
    'JSON under other names',
    ({ pid, xmin, at, state }) =>
      row(
        `{"v0": "16385", "v2": ${pid}, "state": "${state}", "backend_xmin": "${xmin}", "xact_start": "2026-11-28T${at}+00:00"}`,
      ),
  ],
  ['a row as text', ({ pid, xmin, at, state }) => row(`(16385,shop,${pid},,"2026-11-28 ${at}+00",,${state},,${xmin})`)],
  ['without a time zone', ({ at, state }) => row(`${state} 2026-11-28 ${at}`)],
  ['in another time zone', ({ at, state }) => row(`${state} 2026-11-28 ${at.replace('12', '17')}+05`)],
  ['binary columns', ({ pid, xmin, at, state }) => row(int4(pid), int4(xmin), timestamp(Date.parse(`2026-11-28T${at}Z`)), state)],
  [
    'a binary row',
    ({ pid, xmin, at, state }) =>
      row(record(int4(pid), timestamp(Date.parse(`2026-11-28T${at}Z`)), Buffer.from(state), int4(xmin), Buffer.from('shop'))),
  ],
  ['COPY', ({ pid, xmin, state }) => ({ type: 'd', body: Buffer.from(`${pid}\t${state}\t${xmin}\n`) })],
];

describe('the own row of pg_stat_activity', () => {
  it.each(SHOWN)('%s: is no difference', (_what, shown) => {
    expect(told([shown(OF_A)], [shown(OF_B)])).toBeNull();
  });

  it.each(SHOWN)('%s: hides none that stands beside it', (_what, shown) => {
    expect(told([shown(OF_A)], [shown({ ...OF_B, state: 'idle' })])).toMatch(/active.*idle/s);
  });

  it.each(SHOWN)('%s: is told where nothing fleeting is expected', (_what, shown) => {
    const none: Fleeting = { processes: new Set(), transactions: [1, 0], clock: [1, 0] };
    expect(told([shown(OF_A)], [shown(OF_B)], [none, none])).not.toBeNull();
  });
});

describe('what is like them and none of theirs', () => {
  it.each([
    ['a number', '845', '770'],
    ['one side’s number', '846', '770'],
    ['a process of the other server', '7310', '7309'],
    ['a part of a number', '8460', '7710'],
    ['a fraction', '846.5', '771.5'],
    ['a time before', '2026-11-28 11:59:59+00', '2026-11-28 11:59:58+00'],
    ['a date', '2026-11-28', '2026-11-29'],
    ['a word that holds one', 'x846', 'x771'],
    ['one where the other has none', '2026-11-28 12:00:01+00', 'nothing'],
  ])('%s counts', (_what, a, b) => {
    expect(told([row(a)], [row(b)])).not.toBeNull();
  });

  it('counts in the binary format too', () => {
    expect(told([row(int4(845))], [row(int4(770))])).not.toBeNull();
    expect(told([row(timestamp(NOON - 1))], [row(timestamp(NOON - 2))])).not.toBeNull();
    expect(told([row(record(int4(845)))], [row(record(int4(770)))])).not.toBeNull();
  });

  it('counts where the same thing is there once more', () => {
    expect(told([row('7309')], [row('7310'), row('7310')])).not.toBeNull();
  });
});
