/**
 * What is wrong with bytes on the wire, as a value the session can answer with. A malformed frame ends the connection (the
 * stream cannot be trusted any more); a malformed body of a well-framed message only fails that message, exactly as the
 * server does it (E1 to E3 are errors, E5 and E6 end the session).
 */
import { type Denial, type DenialDetails, denial } from '../errors/denial.ts';
import type { Code } from '../errors/codes.ts';

export class ProtocolError extends Error {
  readonly denial: Denial;
  /** True when the byte stream itself is lost: answer with FATAL and close. */
  readonly fatal: boolean;
  /** The client could not read an answer: it is only closed. */
  readonly unheard: boolean;

  constructor(reason: Denial, fatal: boolean, unheard = false) {
    super(reason.message);
    this.name = 'ProtocolError';
    this.denial = reason;
    this.fatal = fatal;
    this.unheard = unheard;
  }
}

/** A well-framed message with a malformed body: the message fails, the session lives. */
export function malformed(message: string, details: DenialDetails = {}, code: Code = 'SLUICE-501'): ProtocolError {
  return new ProtocolError(denial(code, message, details), false);
}

/** The framing itself is broken or the message may never be sent: the session ends. */
export function lostSync(message: string, code: Code = 'SLUICE-501', details: DenialDetails = {}): ProtocolError {
  return new ProtocolError(denial(code, message, details), true);
}
