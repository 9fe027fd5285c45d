/** How the operator's own HTTP servers begin and end: an address that cannot be had is an error, and nobody who stays connected holds up the end. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Of node:http and node:https alike. */
type AnyServer = Pick<Server, 'listen' | 'once' | 'off' | 'address' | 'close' | 'closeAllConnections'>;

/** Resolves with the port; `port` 0: any free one. Rejects with what listening fails with. */
export function listenOn(server: AnyServer, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Ends what is under way, too. */
export function closeNow(server: AnyServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
