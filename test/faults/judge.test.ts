/** A judge that finds nothing proves nothing: each complaint is seen once. */
import { describe, expect, it } from 'vitest';
import type { Intent, Outcome } from '../../core/audit/record.ts';
import type { BackendMessage } from '../support/backend.ts';
import { acknowledged, judge, judgeTrail, type Trail } from './judge.ts';
import type { Played } from './player.ts';
import { recordedSession } from './recording.ts';

const steps = recordedSession('000001');
const done = (tag: string): BackendMessage => ({ type: 'C', body: Buffer.from(`${tag}\0`) });
const ready: BackendMessage = { type: 'Z', body: Buffer.from('I') };
const error = (severity: string): BackendMessage => ({
  type: 'E',
  body: Buffer.from(`S${severity}\0V${severity}\0C22012\0Mdivision by zero\0\0`),
});
const suspended: BackendMessage = { type: 's', body: Buffer.alloc(0) };
const message = (answer: string): BackendMessage =>
  answer === 'E' ? error('ERROR') : answer === 'PortalSuspended' ? suspended : done(answer);

/** Everything as it should be. */
function faultless(): {
  played: Played & { steps: { name: string; messages: BackendMessage[] }[] };
  marks: Record<string, number>;
} {
  const played = steps.map(({ name, answers }) => ({ name, messages: [...answers.map(message), ready] }));
  const marks = Object.assign({}, ...steps.map((step) => step.marks)) as Record<string, number>;
  return { played: { login: [ready], steps: played, ending: 'played', torn: 0, milliseconds: 1 }, marks };
}

describe('the judge of a session', () => {
  it('has nothing against one that went well', () => {
    expect(judge({ steps, ...faultless(), unbroken: true })).toEqual([]);
  });

  it('has nothing against one that broke off, whether the last statement took effect or not', () => {
    const { played, marks } = faultless();
    Object.assign(played, { ending: 'closed' });
    played.steps.splice(1);
    played.steps[0]!.messages = [error('FATAL')];
    for (const simple of [0, 1]) expect(judge({ steps, played, marks: { simple } })).toEqual([]);
    expect(marks['simple']).toBe(1);
  });

  it.each<[string, (made: ReturnType<typeof faultless>) => void, RegExp]>([
    ['a client left hanging', ({ played }) => void Object.assign(played, { ending: 'hang' }), /left hanging/],
    ['bytes that are no messages', ({ played }) => void Object.assign(played, { ending: 'garbled' }), /no messages/],
    ['a session that ended early', ({ played }) => void Object.assign(played, { ending: 'closed' }), /not played to its end/],
    ['a statement done twice', ({ marks }) => void (marks['simple'] = 2), /2 marks "simple" instead of 1/],
    ['a success that was none', ({ marks }) => void (marks['extended'] = 0), /extended: reported done, but 0 of 1/],
    ['a commit that was none', ({ marks }) => void (marks['inside'] = 0), /inside: reported done/],
    ['half a batch', ({ marks }) => void (marks['two'] = 0), /batch: done in part/],
    ['half a COPY', ({ marks }) => void (marks['copy'] = 1), /1 of 2 marks/],
    ['what was rolled back', ({ marks }) => void (marks['undone'] = 1), /undone: 1 marks/],
    ['a message after FATAL', ({ played }) => void played.steps[0]!.messages.unshift(error('FATAL')), /after a FATAL error/],
    ['a session that goes on after FATAL', ({ played }) => void (played.steps[0]!.messages = [error('FATAL')]), /goes on after/],
    [
      'another answer',
      ({ played }) => void (played.steps[3]!.messages = [done('COMMIT'), ready]),
      /answered COMMIT, expected BEGIN/,
    ],
    ['one answer too many', ({ played }) => void played.steps[0]!.messages.unshift(done('INSERT 0 1')), /expected nothing/],
    ['no answer but ready', ({ played }) => void played.steps[0]!.messages.shift(), /ready after 0 of 1/],
    [
      'two errors at the login',
      ({ played }) => void Object.assign(played, { login: [error('FATAL'), error('FATAL')] }),
      /2 errors/,
    ],
    [
      'an error without fields',
      ({ played }) => void (played.steps[7]!.messages[0] = { type: 'E', body: Buffer.from('\0') }),
      /without sev/,
    ],
  ])('complains of %s', (_, spoil, complaint) => {
    const made = faultless();
    spoil(made);
    expect(judge({ steps, ...made, unbroken: true }).join('; ')).toMatch(complaint);
  });

  it('knows what the client was told', () => {
    const { played } = faultless();
    expect(steps.every((step) => acknowledged(step, played) || step.answers.includes('E'))).toBe(true);
    played.steps[0]!.messages.pop();
    expect(acknowledged(steps[0]!, played)).toBe(false);
  });
});

describe('the judge of a journal', () => {
  const { marks, played } = faultless();
  const entry = (decision: Intent['decision'], result: Outcome['result'] | undefined) => ({
    intent: { type: 'intent', decision } as Intent,
    outcome: result === undefined ? undefined : ({ type: 'outcome', result } as Outcome),
  });
  const whole = (): Map<string, ReturnType<typeof entry>[]> =>
    new Map(steps.flatMap((step) => step.traces.map((trace) => [trace, [entry('allow', 'ok')]] as const)));
  const complaints = (trail: Trail, found = marks) => judgeTrail({ steps, played, marks: found }, trail).join('; ');
  const first = steps[0]!.traces[0]!;

  it('has nothing against a whole one', () => expect(complaints(whole())).toBe(''));

  it.each<[string, ReturnType<typeof entry>[], RegExp]>([
    ['a repetition', [entry('allow', 'ok'), entry('allow', 'ok')], /2 intents for 1 executions/],
    ['an effect without an intent', [], /done without an intent/],
    ['an intent without an outcome', [entry('allow', undefined)], /without an outcome/],
    ['a failure that was none', [entry('allow', 'error')], /done, but the outcome is error/],
    ['a denial that was let through', [entry('deny', 'ok')], /denied, but the outcome is ok/],
  ])('complains of %s', (_, entries, complaint) => {
    expect(complaints(whole().set(first, entries))).toMatch(complaint);
  });

  it('complains of a success that was none', () => {
    expect(complaints(whole(), { ...marks, simple: 0 })).toMatch(/not done, but the outcome is ok/);
  });
});
