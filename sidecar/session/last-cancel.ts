/**
 * Ends what the server is doing for a client that has left. A cancel request travels on a connection of its own and may arrive
 * before the statement it is meant for: then the server ignores it, runs the statement to its end and keeps its locks. So it is
 * asked again until it has closed the connection.
 */
import type { Socket } from 'node:net';

/** Milliseconds before each further request. */
const PAUSES: readonly number[] = [50, 200, 500, 1_000, 3_000, 5_000, 10_000, 20_000];

/**
 * `socket` has been ended by us; it is destroyed when the server does not close it for all our asking. That it is closed may
 * be the word of something in between, so the server is asked once more after that.
 */
export function cancelUntilClosed(socket: Socket, cancel: () => Promise<void>, pauses: readonly number[] = PAUSES): void {
  let closed = false;
  socket.once('close', () => {
    closed = true;
  });
  const ask = (index: number, last: boolean): void => {
    cancel()
      .catch(() => {})
      .then(() => {
        if (last) return;
        const pause = pauses[index];
        if (pause === undefined) socket.destroy();
        else setTimeout(() => ask(index + 1, closed), pause);
      });
  };
  ask(0, false);
}
