/** How the two connections of a session are left: the client reads the last error, and the server stops what it was doing. */
import type { Socket } from 'node:net';
import * as request from '../../core/wire/request.ts';
import { cancelUntilClosed } from './last-cancel.ts';

/** `busy`: it is still at something. `last`: there is time to see that it stops. `linger`: milliseconds until it is cut. */
export function leaveServer(
  socket: Socket,
  { busy, last, linger, cancel }: { busy: boolean; last: boolean; linger: number; cancel: () => Promise<void> },
): void {
  if (socket.destroyed) return;
  socket.removeAllListeners('data');
  socket.resume();
  socket.end(request.TERMINATE);
  if (busy && last) {
    cancelUntilClosed(socket, cancel);
    return;
  }
  if (busy) cancel().catch(() => {});
  destroyLater(socket, linger);
}

/** `say` writes what the client is told last. */
export function leaveClient(
  socket: Socket,
  { say, linger, closed }: { say: () => void; linger: number; closed: () => void },
): void {
  if (socket.destroyed || !socket.writable) {
    socket.destroy();
    closed();
    return;
  }
  socket.once('close', closed);
  socket.removeAllListeners('data');
  // What a client still sends is read and forgotten: closing with unread bytes would reset the connection and lose the error.
  socket.resume();
  say();
  socket.end();
  destroyLater(socket, linger);
}

function destroyLater(socket: Socket, linger: number): void {
  const timer = setTimeout(() => socket.destroy(), linger);
  socket.once('close', () => clearTimeout(timer));
}
