/**
 * A TCP proxy in front of a real API server that breaks what passes, whenever it is told to. What TLS hides from it (429, 500, 410, garbage
 * in a stream) is the business of http-faults.ts.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface FaultProxy {
  readonly port: number;
  /** Connections that are open. */
  readonly connections: number;
  /** RST to both ends of each. */
  reset(): void;
  /** FIN to both ends of each. */
  close(): void;
  /** Each takes so many bytes more towards the client, and then an RST: most likely within an event. */
  cut(bytes: number): void;
  /** What is open stays open and silent for ever; with `newcomers`, so do those that come until `heal`. */
  blackhole(newcomers: boolean): void;
  /** All bytes of both directions are late by so many milliseconds. */
  delay(milliseconds: number): void;
  /** Nobody listens, until `heal`. */
  refuse(): Promise<void>;
  /** Newcomers are served again, at once. */
  heal(): Promise<void>;
  stop(): Promise<void>;
}

export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const lines = new Set<Line>();
  let swallow = false;
  let late = 0;
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;

  function listen(on: number): Promise<Server> {
    const created = createServer({ noDelay: true }, (client) => {
      const line = new Line(client, connect({ host: '127.0.0.1', port: targetPort, noDelay: true }), () => late);
      lines.add(line);
      if (swallow) line.blackhole();
      void line.closed.then(() => lines.delete(line));
    });
    return new Promise((resolve, reject) => {
      created.once('error', reject);
      created.listen(on, '127.0.0.1', () => resolve(created));
    });
  }

  const each = (run: (line: Line) => void): void => {
    for (const line of lines) run(line);
  };
  return {
    port,
    get connections() {
      return lines.size;
    },
    reset: () => each((line) => line.reset()),
    close: () => each((line) => line.close()),
    cut: (bytes) => each((line) => line.cutAfter(bytes)),
    blackhole(newcomers) {
      swallow = newcomers;
      each((line) => line.blackhole());
    },
    delay: (milliseconds) => void (late = milliseconds),
    async refuse() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      each((line) => line.reset());
      await closed;
    },
    async heal() {
      swallow = false;
      late = 0;
      if (!server.listening) server = await listen(port);
    },
    async stop() {
      each((line) => line.reset());
      if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** One connection: the client's half and the server's. */
class Line {
  readonly closed: Promise<void>;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #late: () => number;
  #swallowing = false;
  /** Bytes towards the client until it is cut. */
  #left = Number.POSITIVE_INFINITY;

  constructor(client: Socket, upstream: Socket, late: () => number) {
    this.#client = client;
    this.#upstream = upstream;
    this.#late = late;
    this.#join(client, upstream, (chunk) => chunk);
    this.#join(upstream, client, (chunk) => this.#spend(chunk));
    this.closed = Promise.all(
      [client, upstream].map((socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve()))),
    ).then(() => undefined);
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.#upstream.resetAndDestroy();
  }

  close(): void {
    this.#client.end();
    this.#upstream.end();
  }

  cutAfter(bytes: number): void {
    this.#left = bytes;
  }

  blackhole(): void {
    this.#swallowing = true;
  }

  #spend(chunk: Buffer): Buffer {
    const passed = chunk.subarray(0, this.#left);
    this.#left -= passed.length;
    return passed;
  }

  #join(from: Socket, to: Socket, pass: (chunk: Buffer) => Buffer): void {
    // Chunks that are late keep their order, also when the delay changes.
    let last = 0;
    const later = (run: () => void): void => {
      const now = performance.now();
      last = Math.max(last, now + this.#late());
      if (last <= now) run();
      else setTimeout(run, last - now);
    };
    from.on('error', () => undefined);
    from.on('data', (chunk: Buffer) => {
      if (this.#swallowing) return;
      later(() => {
        const passed = pass(chunk);
        if (passed.length > 0 && to.writable && !to.write(passed)) from.pause();
        // What was written must be on its way before the RST overtakes it.
        if (this.#left <= 0) to.write('', () => this.reset());
      });
    });
    to.on('drain', () => from.resume());
    // A host that has vanished says no goodbye either.
    from.on('end', () => later(() => void (this.#swallowing || to.end())));
    from.on('close', (failed) => {
      if (this.#swallowing && from === this.#upstream) return;
      if (failed || this.#swallowing) to.resetAndDestroy();
      else later(() => void to.end());
    });
  }
}
