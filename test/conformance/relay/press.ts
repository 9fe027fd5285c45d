/** Backpressure: whoever fills a relay's buffers waits, as it would without the relay. */
import type { Socket } from 'node:net';

/** After a write to `to` of what came from `from`. */
export function press(from: Socket, to: Socket): void {
  if (!to.writableNeedDrain || from.isPaused()) return;
  from.pause();
  to.once('drain', () => from.resume());
}
