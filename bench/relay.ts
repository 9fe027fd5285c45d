/**
 * The peer that says what Node itself costs: a TCP relay that looks at nothing. Runs as a process of its own:
 * `node bench/relay.ts TARGET_PORT` prints the port it listens on. Loopback only.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

const targetPort = Number(process.argv[2]);

/** Copies with backpressure, as any honest relay must. */
function copy(from: Socket, to: Socket): void {
  from.on('data', (chunk) => {
    if (!to.write(chunk)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('end', () => to.end());
  from.on('close', () => to.destroy());
  from.on('error', () => to.destroy());
}

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ host: '127.0.0.1', port: targetPort, noDelay: true });
  copy(client, upstream);
  copy(upstream, client);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.on('SIGTERM', () => process.exit(0));
