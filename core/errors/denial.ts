/**
 * A refusal as a value. Everything Sluice refuses, on any path, is one of these; the wire layer turns it into an
 * ErrorResponse (https://www.postgresql.org/docs/current/protocol-error-fields.html) and the journal records it.
 */
import { CODES, type Code } from './codes.ts';

export interface Denial {
  /** Stable code, documented one for one in docs/reference/errors.md. */
  readonly code: Code;
  /** Five characters, Appendix A of the PostgreSQL manual. */
  readonly sqlstate: string;
  /** One sentence. */
  readonly message: string;
  /** Which policy and which rule decided; never a data value. */
  readonly detail?: string;
  /** What would be allowed; the reader is often a language model. */
  readonly hint?: string;
  /** Zero-based *byte* offset into the statement text the client sent, where one place is at fault. */
  readonly location?: number;
  /** `namespace/name` of the policy, `protection`, `floor`, or `limits`. */
  readonly rule?: string;
  /** The server's own report would say the same and no more: the client is shown neither code nor rule. */
  readonly plain?: true;
}

/** Thrown inside the analyser; caught at its entry and turned into a plan with `decision: 'deny'`. */
export class DenialError extends Error {
  readonly denial: Denial;
  constructor(denial: Denial) {
    super(denial.message);
    this.name = 'DenialError';
    this.denial = denial;
  }
}

export type DenialDetails = Partial<Omit<Denial, 'code' | 'message'>>;

/** The SQLSTATE comes from the code's entry unless `details` overrides it. */
export function denial(code: Code, message: string, details: DenialDetails = {}): Denial {
  return { sqlstate: CODES[code].sqlstate, ...details, code, message };
}

export function deny(code: Code, message: string, details: DenialDetails = {}): never {
  throw new DenialError(denial(code, message, details));
}
