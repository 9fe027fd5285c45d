/**
 * Bodies of requests, up to a size each, and up to a size together: an API server sends a review within a moment, so where there is too much, the
 * one that has been coming for longest is given up. What has come counts until it has been answered.
 */
import type { IncomingMessage } from 'node:http';

export class BodyTooLargeError extends Error {
  constructor(limit: number) {
    super(`the body is longer than ${limit} bytes`);
    this.name = 'BodyTooLargeError';
  }
}

/** Others hold all the memory there is for bodies. */
export class TooManyBodiesError extends Error {
  constructor() {
    super('too much is being sent at once; try again');
    this.name = 'TooManyBodiesError';
  }
}

export interface BodyLimits {
  /** Bytes of one. */
  readonly one: number;
  /** Bytes of all. */
  readonly all: number;
}

interface Reading {
  bytes: number;
  readonly giveUp: () => void;
}

export class RequestBodies {
  readonly #limits: BodyLimits;
  /** Those that are still coming, oldest first. */
  readonly #reading = new Set<Reading>();
  #held = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  /** Reads it, and holds it until `use` is done. @throws BodyTooLargeError, TooManyBodiesError as soon as it is known */
  async with<T>(request: IncomingMessage, use: (body: Buffer) => Promise<T>): Promise<T> {
    const { one } = this.#limits;
    if (Number(request.headers['content-length'] ?? 0) > one) throw new BodyTooLargeError(one);
    let givenUp = false;
    const reading: Reading = {
      bytes: 0,
      giveUp: () => {
        givenUp = true;
        request.destroy();
      },
    };
    this.#reading.add(reading);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        if (reading.bytes + chunk.length > one) throw new BodyTooLargeError(one);
        this.#makeRoom(chunk.length, reading);
        reading.bytes += chunk.length;
        this.#held += chunk.length;
        chunks.push(chunk);
      }
      this.#reading.delete(reading);
      return await use(Buffer.concat(chunks.splice(0), reading.bytes));
    } catch (error) {
      throw givenUp ? new TooManyBodiesError() : error;
    } finally {
      this.#drop(reading);
    }
  }

  #makeRoom(bytes: number, asking: Reading): void {
    while (this.#held + bytes > this.#limits.all) {
      const [oldest] = this.#reading;
      if (oldest === undefined || oldest === asking) throw new TooManyBodiesError();
      this.#drop(oldest);
      oldest.giveUp();
    }
  }

  #drop(reading: Reading): void {
    this.#reading.delete(reading);
    this.#held -= reading.bytes;
    reading.bytes = 0;
  }
}
