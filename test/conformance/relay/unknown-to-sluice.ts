/** What Sluice cannot know of a session because it was done behind its back, and the floor that is the reason for each. */
import type { ServerMessage } from '../../support/backend.ts';
import { type ClientMessage, statementOf } from './client-stream.ts';
import type { OpenExchange } from './open-exchange.ts';
import type { Refusal } from './probe.ts';

const READING = /^\s*(?:set|reset)\s+(?:session\s+|local\s+)?standard_conforming_strings\b(.*)/is;

export class UnknownToSluice {
  readonly #statements = new Map<string, string>();
  /** How strings are read was changed. */
  #reading: string | null = null;

  /** The floor that explains a prepared statement which Sluice has never seen. */
  statement(messages: readonly ClientMessage[]): string | null {
    for (const message of messages) {
      const name = statementOf(message);
      const floor = name === null || message.type === 'P' ? undefined : this.#statements.get(name);
      if (floor !== undefined) return floor;
    }
    return null;
  }

  /** The floor that explains why Sluice takes for a mistake what is none. */
  reading({ code }: Refusal): string | null {
    return code === 'SLUICE-101' ? this.#reading : null;
  }

  /** Syntax errors carry no code of Sluice's. */
  misread(fields: ServerMessage): Refusal | null {
    return this.#reading !== null && fields['C'] === '42601' ? { code: 'SLUICE-101', message: fields['M'] ?? '' } : null;
  }

  learn({ bytes, floor, aborted, sql }: OpenExchange): void {
    for (const text of sql) {
      const set = READING.exec(text);
      if (set !== null) this.#reading = floor !== undefined && /\b(?:off|false|no|0)\b/i.test(set[1] ?? '') ? floor : null;
    }
    for (const message of bytes) {
      if (message[0] !== 0x50) continue;
      const name = statementOf({ type: 'P', body: message.subarray(5), bytes: message }) ?? '';
      if (floor === undefined || aborted) this.#statements.delete(name);
      else this.#statements.set(name, floor);
    }
  }
}
