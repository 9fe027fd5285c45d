/**
 * A copy of the audit records on standard output, for whoever collects the container's log. The segments are what was promised; the copy must
 * hold nothing up, so what nobody takes is counted and left out, and a line says how much.
 */
import { writeSync } from 'node:fs';

/** Bytes that may wait for a reader. */
const MOST_WAITING = 4 * 1024 * 1024;
const RETRY_MS = 20;

export interface OutputCopy {
  write(lines: Buffer): void;
  /** Bytes that were left out. */
  readonly lost: number;
}

/** `write`: as fs.writeSync; may throw EAGAIN. */
export function copyToOutput(descriptor = 1, write: (descriptor: number, bytes: Buffer) => number = writeSync): OutputCopy {
  let waiting: Buffer[] = [];
  let size = 0;
  let lost = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    timer = undefined;
    while (waiting.length > 0) {
      const [first] = waiting as [Buffer];
      let written: number;
      try {
        written = write(descriptor, first);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
          timer = setTimeout(flush, RETRY_MS).unref();
          return;
        }
        // Nobody will ever read it.
        lost += size;
        waiting = [];
        size = 0;
        return;
      }
      size -= written;
      if (written === first.length) waiting.shift();
      else waiting[0] = first.subarray(written);
    }
  };
  return {
    write: (lines) => {
      if (size + lines.length > MOST_WAITING) {
        lost += lines.length;
        return;
      }
      waiting.push(lines);
      size += lines.length;
      if (timer === undefined) flush();
    },
    get lost() {
      return lost;
    },
  };
}
