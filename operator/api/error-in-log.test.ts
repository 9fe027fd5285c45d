import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { errorInLog } from './error-in-log.ts';
import { ApiError, ApiUnreachableError } from './kube-api.ts';

/** As the operator's log writes it. */
function logged(error: unknown): unknown {
  let line = '';
  pino({ serializers: { err: errorInLog } }, { write: (text: string) => (line += text) }).warn({ err: error }, 'list-failed');
  expect(line.trim().split('\n')).toHaveLength(1);
  return (JSON.parse(line) as { err: unknown }).err;
}

describe('an error in the log', () => {
  it('of an answer: status, reason and what the API server said, which names verb and resource', () => {
    const message = 'pods is forbidden: User "system:serviceaccount:sluice-system:sluice" cannot list resource "pods"';
    expect(logged(new ApiError(403, 'Forbidden', message))).toEqual({ status: 403, reason: 'Forbidden', message });
    expect(logged(new ApiError(429, 'TooManyRequests', 'wait', 1000))).toMatchObject({ retryAfterMs: 1000 });
  });

  it('of no answer: how there came to be none, without its cause', () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:6443');
    expect(logged(new ApiUnreachableError('the API server cannot be reached', { cause, kind: 'refused' }))).toEqual({
      kind: 'refused',
      message: 'the API server cannot be reached',
    });
  });

  it('of a request that was given up: that it was', () => {
    expect(logged(new DOMException('no answer in time', 'TimeoutError'))).toEqual({
      kind: 'TimeoutError',
      message: 'no answer in time',
    });
  });

  it('of anything else keeps the stack: it is a defect', () => {
    expect(logged(new TypeError('x is not a function'))).toMatchObject({
      type: 'TypeError',
      stack: expect.stringContaining('error-in-log.test.ts'),
    });
  });
});
