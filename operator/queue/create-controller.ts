/** Takes keys from a work queue and reconciles them, some at a time, while we lead. */
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../../sidecar/bundle/clock.ts';
import { ApiError } from '../api/kube-api.ts';
import type { Leadership } from '../leader/leadership.ts';
import { type Controller, type Reconcile, TerminalError } from './controller.ts';
import { type ControllerTelemetry, SILENT_CONTROLLER } from './telemetry.ts';
import { WorkQueue } from './work-queue.ts';

export interface ControllerOptions {
  /** In logs and metrics. */
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  /** Without one it works always. Keys wait while another leads; what is in work when leadership ends is aborted and waits as well. */
  readonly leadership?: Pick<Leadership, 'isLeader' | 'onChange'>;
  /** Keys in work at a time: 2. */
  readonly concurrency?: number;
  /** Its signal fires when a reconcile takes longer. Milliseconds, 5 minutes. */
  readonly timeout?: number;
  readonly clock?: Clock;
  readonly telemetry?: ControllerTelemetry;
}

export function createController(options: ControllerOptions): Controller {
  const { name, reconcile, log, leadership, concurrency = 2, timeout = 300_000 } = options;
  const { clock = systemClock, telemetry = SILENT_CONTROLLER } = options;
  const working = new Map<string, AbortController>();
  let running = false;
  let pumping = false;
  let unsubscribe: (() => void) | undefined;

  const queue = new WorkQueue({ clock, onReady: pumpSoon });

  /** Never within `enqueue`: its caller is a handler of an informer. */
  function pumpSoon(): void {
    if (pumping) return;
    pumping = true;
    queueMicrotask(() => {
      pumping = false;
      while (running && leadership?.isLeader !== false && queue.inWork < concurrency) {
        const key = queue.take();
        if (key === undefined) break;
        void work(key);
      }
      telemetry.depth(queue.depth, queue.inWork);
    });
  }

  async function work(key: string): Promise<void> {
    const abort = new AbortController();
    working.set(key, abort);
    const cancel = clock.after(timeout, () => abort.abort(new Error(`reconciling took longer than ${timeout} ms`)));
    const began = clock.monotonic();
    const finished = (result: Parameters<ControllerTelemetry['finished']>[0]): void =>
      telemetry.finished(result, (clock.monotonic() - began) / 1_000);
    try {
      const answer = await reconcile(key, abort.signal);
      queue.forget(key);
      if (answer?.requeueAfterMs !== undefined) queue.addAfter(key, answer.requeueAfterMs);
      finished(answer?.requeueAfterMs === undefined ? 'success' : 'requeued');
    } catch (error) {
      if (abort.signal.reason === NO_LONGER) {
        // Not its fault. It waits for the next time that we lead.
        queue.add(key);
        finished('abandoned');
      } else if (error instanceof TerminalError) {
        queue.forget(key);
        log.warn({ controller: name, key, err: error }, 'reconcile-ended');
        finished('terminal');
      } else {
        const retryAfter = error instanceof ApiError ? error.retryAfterMs : undefined;
        const wait = queue.addFailed(key, retryAfter);
        log.warn({ controller: name, key, err: error, again: Math.round(wait) }, 'reconcile-failed');
        telemetry.retried();
        finished('error');
      }
    } finally {
      cancel();
      working.delete(key);
      queue.done(key);
      pumpSoon();
    }
  }

  function onLeadership(isLeader: boolean): void {
    if (isLeader) pumpSoon();
    else for (const abort of working.values()) abort.abort(NO_LONGER);
  }

  return {
    enqueue(key) {
      if (queue.add(key)) telemetry.added();
    },
    enqueueAfter: (key, milliseconds) => queue.addAfter(key, milliseconds),
    start() {
      if (running) return;
      running = true;
      unsubscribe = leadership?.onChange(onLeadership);
      pumpSoon();
    },
    async stop() {
      running = false;
      unsubscribe?.();
      for (const abort of working.values()) abort.abort(NO_LONGER);
      await queue.close();
    },
  };
}

/** Why a signal fired; also what fetches and requests that listen to it reject with. */
const NO_LONGER = new DOMException('this replica does not reconcile any more', 'AbortError');
