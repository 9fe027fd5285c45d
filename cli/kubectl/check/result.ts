/** One look at one thing: good, worth a look, or broken, with what to do about it. */
export interface CheckResult {
  readonly category: string;
  readonly outcome: 'ok' | 'warning' | 'failed';
  /** One sentence; the same check says another one when it fails. */
  readonly message: string;
  /** What to do. Always there unless it is ok. */
  readonly hint?: string;
  /** What it is about, one each. */
  readonly items?: readonly string[];
}

export interface Category {
  ok(message: string): CheckResult;
  warning(message: string, hint: string, items?: readonly string[]): CheckResult;
  failed(message: string, hint: string, items?: readonly string[]): CheckResult;
}

export function category(name: string): Category {
  const told =
    (outcome: 'warning' | 'failed') =>
    (message: string, hint: string, items: readonly string[] = []) => ({
      category: name,
      outcome,
      message,
      hint,
      ...(items.length === 0 ? {} : { items }),
    });
  return { ok: (message) => ({ category: name, outcome: 'ok', message }), warning: told('warning'), failed: told('failed') };
}

/** An answer of the API server, or why there is none. */
export type Answer<T> =
  | { readonly value: T; readonly problem?: never }
  | {
      readonly value?: never;
      readonly problem: { readonly kind: 'missing' | 'forbidden' | 'unreachable'; readonly message: string };
    };
