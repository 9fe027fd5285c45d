/**
 * V8 collects when it needs room, not when there is time: what starting or a busy minute has left behind stays resident until the next one.
 * Whoever has hundreds of idle sidecars pays for that. So the garbage goes once work has ceased: 109 MiB become 101 (docs/adr/0022-images.md).
 */
import type { Clock } from '../bundle/clock.ts';

/** Milliseconds between two looks. */
const INTERVAL = 30_000;
/** Milliseconds of processor time; probes, token and heartbeats take a tenth of it in an interval. */
const IDLE = 300;

export interface IdleMemoryOptions {
  readonly clock: Pick<Clock, 'after'>;
  /** Of this process so far, milliseconds. */
  readonly processorTime: () => number;
  readonly collect: () => void;
}

/** Until the process ends. */
export function collectWhenIdle({ clock, processorTime, collect }: IdleMemoryOptions): void {
  let collected = Number.NEGATIVE_INFINITY;
  let before = processorTime();
  const look = (): void => {
    const now = processorTime();
    if (now - before < IDLE && now - collected >= IDLE) {
      collect();
      collected = processorTime();
    }
    before = processorTime();
    clock.after(INTERVAL, look);
  };
  clock.after(INTERVAL, look);
}

/** Undefined unless Node was started with --expose-gc, as it is in the image. */
export function collector(): (() => void) | undefined {
  const { gc } = globalThis;
  // Of all flavours the one that also gives back the room for young objects.
  return gc && (() => void gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }));
}

export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
