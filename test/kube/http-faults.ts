/** Faults above TLS: an undici interceptor between the client and its real connections. */
import type { Dispatcher } from 'undici';

export type HttpFault =
  /** Answers without asking the server. */
  | 'throttled'
  | 'failed'
  | 'expired'
  /** The server does what it was asked to, and the answer is another. */
  | 'answer-lost'
  /** Within a watch, instead of what the server sent, which is lost: so is the rest. */
  | 'expired-in-stream'
  | 'error-in-stream'
  | 'garbage-in-stream';

export interface HttpFaults {
  readonly interceptor: Dispatcher.DispatcherComposeInterceptor;
  /** What becomes of a request, or of a chunk of a watch; undefined: nothing. */
  draw: (moment: 'request' | 'chunk', options: Dispatcher.DispatchOptions) => HttpFault | undefined;
  readonly counts: Map<HttpFault, number>;
}

const status = (code: number, reason: string): string =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: `${reason}, says the test` });

const ANSWERS: Partial<
  Record<HttpFault, { readonly code: number; readonly body: string; readonly headers: Record<string, string> }>
> = {
  throttled: { code: 429, body: status(429, 'TooManyRequests'), headers: { 'retry-after': '1' } },
  failed: { code: 500, body: status(500, 'InternalError'), headers: {} },
  expired: { code: 410, body: status(410, 'Expired'), headers: {} },
  'answer-lost': { code: 504, body: status(504, 'Timeout'), headers: {} },
};

const LINES: Partial<Record<HttpFault, string>> = {
  'expired-in-stream': `\n{"type":"ERROR","object":${status(410, 'Expired')}}\n`,
  'error-in-stream': `\n{"type":"ERROR","object":${status(500, 'InternalError')}}\n`,
  'garbage-in-stream': '{"type":"MODIFIED","object":{"metadata":\n',
};

export function httpFaults(): HttpFaults {
  const counts = new Map<HttpFault, number>();
  const drawn = (moment: 'request' | 'chunk', options: Dispatcher.DispatchOptions): HttpFault | undefined => {
    const fault = self.draw(moment, options);
    if (fault !== undefined) counts.set(fault, (counts.get(fault) ?? 0) + 1);
    return fault;
  };
  const self: HttpFaults = {
    counts,
    draw: () => undefined,
    interceptor: (dispatch) => (options, handler) => {
      const fault = drawn('request', options);
      const answer = fault === undefined ? undefined : ANSWERS[fault];
      if (answer === undefined)
        return dispatch(options, isWatch(options) ? inStream(handler, () => drawn('chunk', options)) : handler);
      if (fault === 'answer-lost') return dispatch(options, instead(handler, answer));
      const controller = new Canned(handler);
      handler.onRequestStart?.(controller, {});
      queueMicrotask(() => {
        if (controller.aborted) return;
        handler.onResponseStart?.(controller, answer.code, answer.headers, '');
        handler.onResponseData?.(controller, Buffer.from(answer.body));
        handler.onResponseEnd?.(controller, {});
      });
      return true;
    },
  };
  return self;
}

export const isWatch = (options: Dispatcher.DispatchOptions): boolean => options.path.includes('watch=true');

/** Of an answer that no connection stands behind. */
class Canned implements Dispatcher.DispatchController {
  readonly paused = false;
  aborted = false;
  reason: Error | null = null;
  readonly #handler: Dispatcher.DispatchHandler;

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler;
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#handler.onResponseError?.(this, reason);
  }

  pause(): void {}
  resume(): void {}
}

type Answer = NonNullable<(typeof ANSWERS)[HttpFault]>;

function instead(handler: Dispatcher.DispatchHandler, answer: Answer): Dispatcher.DispatchHandler {
  return {
    ...passing(handler),
    onResponseStart: (controller) => {
      handler.onResponseStart?.(controller, answer.code, answer.headers, '');
      handler.onResponseData?.(controller, Buffer.from(answer.body));
    },
    onResponseData: () => {},
  };
}

function inStream(handler: Dispatcher.DispatchHandler, draw: () => HttpFault | undefined): Dispatcher.DispatchHandler {
  let broken = false;
  return {
    ...passing(handler),
    onResponseData: (controller, chunk) => {
      if (broken) return;
      const line = LINES[draw() ?? 'failed'];
      if (line === undefined) return handler.onResponseData?.(controller, chunk);
      broken = true;
      handler.onResponseData?.(controller, Buffer.from(line));
    },
  };
}

function passing(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onResponseStart: (controller, code, headers, message) => handler.onResponseStart?.(controller, code, headers, message),
    onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
    onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  };
}
