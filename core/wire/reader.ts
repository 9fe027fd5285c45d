/**
 * Reads the fields of one message body with exact accounting: nothing past the end, nothing left over. Strings are views or
 * decoded strictly; a name that is not UTF-8 is refused because two different byte strings must never become the same name.
 */
import { isUtf8 } from 'node:buffer';
import type { Code } from '../errors/codes.ts';
import { malformed } from './protocol-error.ts';

export class BodyReader {
  readonly body: Buffer;
  readonly #what: string;
  readonly #code: Code;
  /** Offset of the next byte. */
  at = 0;

  /** `what` names the message in errors; `code` is SLUICE-501 for a client's, SLUICE-706 for a server's. */
  constructor(body: Buffer, what: string, code: Code) {
    this.body = body;
    this.#what = what;
    this.#code = code;
  }

  uint8(): number {
    const value = this.body[this.at];
    if (value === undefined) throw this.fail('ends early');
    this.at += 1;
    return value;
  }

  int16(): number {
    return (this.uint16() << 16) >> 16;
  }

  uint16(): number {
    if (this.at + 2 > this.body.length) throw this.fail('ends early');
    const value = this.body.readUInt16BE(this.at);
    this.at += 2;
    return value;
  }

  int32(): number {
    if (this.at + 4 > this.body.length) throw this.fail('ends early');
    const value = this.body.readInt32BE(this.at);
    this.at += 4;
    return value;
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** A zero-terminated string as a view without its terminator. */
  cstring(): Buffer {
    const end = this.body.indexOf(0, this.at);
    if (end < 0) throw this.fail('has a string without terminator');
    const value = this.body.subarray(this.at, end);
    this.at = end + 1;
    return value;
  }

  /** A zero-terminated name. */
  name(): string {
    const value = this.cstring();
    if (value.length === 0) return '';
    if (!isUtf8(value))
      throw malformed(`invalid byte sequence for encoding "UTF8" in ${this.#what} message`, { sqlstate: '22021' }, this.#code);
    return value.toString('utf8');
  }

  skip(bytes: number): void {
    if (this.at + bytes > this.body.length) throw this.fail('ends early');
    this.at += bytes;
  }

  take(bytes: number): Buffer {
    this.skip(bytes);
    return this.body.subarray(this.at - bytes, this.at);
  }

  /** Every byte must have been read. */
  finish(): void {
    if (this.at !== this.body.length) throw this.fail('has extra bytes at its end');
  }

  fail(problem: string): Error {
    return malformed(`invalid message format: ${this.#what} message ${problem}`, {}, this.#code);
  }
}
