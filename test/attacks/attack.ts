/**
 * The form of the corpus. An attack is one or more statements and says what it tries; its benign twin is what an honest client
 * would write instead, and must work. The corpus knows nothing of protocol forms: forms.ts runs every attack in each one that
 * fits.
 */
import type { WireClient } from '../support/wire-client.ts';
import type { Form } from './forms.ts';

/**
 * read: a protected cell would reach the client (the canary oracle sees it on the bare relay).
 * inference: nothing protected is shown, but the answer depends on it (two databases that differ in secrets answer differently).
 * write: something would be changed that must not be (a digest of the database's state differs afterwards).
 */
export type Kind = 'read' | 'inference' | 'write';

/** What the last step is, which decides the protocol forms it can take. */
export type Shape = 'query' | 'dml' | 'utility' | 'script' | 'raw';

/** Steps of SQL, or a function that speaks the protocol itself. */
export type Steps = readonly string[] | ((client: WireClient) => Promise<void>);

export interface Twin {
  readonly steps: Steps;
  readonly shape: Shape;
  /**
   * reference: the same names and rows as on a database that physically holds the masked and filtered data.
   * works: no error (answers that name times, keys or servers).
   */
  readonly expect: 'reference' | 'works';
  /** It runs in a transaction that is rolled back. */
  readonly writes: boolean;
}

export interface Attack {
  /** Class of the catalogue, e.g. A4, D2; R for what a rival got wrong. */
  readonly class: string;
  /** The statement's shape in a few words; unique within the class. */
  readonly name: string;
  readonly kind: Kind;
  readonly shape: Shape;
  readonly steps: Steps;
  readonly twin: Twin;
  /** Oldest major on which it is possible. */
  readonly since?: 15 | 18;
  /** It changes the database on the way to reading something: the relay's copy is renewed after it. */
  readonly dirty?: boolean;
  /** Why the answer may depend on hidden data all the same: a channel SECURITY.md declares open. */
  readonly residual?: string;
  /** Fewer forms than would fit, for families of near-identical statements. */
  readonly forms?: readonly Form[];
}

export interface AttackOptions {
  readonly forms?: readonly Form[];
  readonly twin?: string | readonly string[];
  readonly twinShape?: Shape;
  readonly twinExpect?: Twin['expect'];
  readonly since?: 15 | 18;
  readonly dirty?: boolean;
  readonly residual?: string;
}

function build(kind: Kind, shape: Shape, group: string, name: string, steps: readonly string[], options: AttackOptions): Attack {
  const twin = options.twin === undefined ? steps : typeof options.twin === 'string' ? [options.twin] : options.twin;
  const last = twin.at(-1) ?? '';
  const twinShape = options.twinShape ?? shapeOf(last, twin.length);
  return {
    class: group,
    name,
    kind,
    shape,
    steps,
    twin: { steps: twin, shape: twinShape, expect: options.twinExpect ?? 'reference', writes: twin.some(changes) },
    ...(options.since === undefined ? {} : { since: options.since }),
    ...(options.dirty === undefined ? {} : { dirty: options.dirty }),
    ...(options.residual === undefined ? {} : { residual: options.residual }),
    ...(options.forms === undefined ? {} : { forms: options.forms }),
  };
}

/** A query that would show protected cells; without a twin given, the statement itself must work and show the masks. */
export function read(group: string, name: string, sql: string | readonly string[], options: AttackOptions = {}): Attack {
  const steps = typeof sql === 'string' ? [sql] : sql;
  return build('read', shapeOf(steps.at(-1) ?? '', steps.length), group, name, steps, { dirty: steps.some(changes), ...options });
}

/** A statement whose answer depends on protected cells without showing them. */
export function infer(group: string, name: string, sql: string | readonly string[], options: AttackOptions = {}): Attack {
  const steps = typeof sql === 'string' ? [sql] : sql;
  return build('inference', shapeOf(steps.at(-1) ?? '', steps.length), group, name, steps, {
    dirty: steps.some(changes),
    ...options,
  });
}

/** A statement that would change what must stay; the twin is a change the policy allows. */
export function write(
  group: string,
  name: string,
  sql: string | readonly string[],
  options: AttackOptions & { readonly twin: string | readonly string[] },
): Attack {
  const steps = typeof sql === 'string' ? [sql] : sql;
  return build('write', shapeOf(steps.at(-1) ?? '', steps.length), group, name, steps, options);
}

/** Protocol messages of one's own. */
export function raw(
  kind: Kind,
  group: string,
  name: string,
  steps: (client: WireClient) => Promise<void>,
  twin: (client: WireClient) => Promise<void>,
  options: AttackOptions = {},
): Attack {
  return {
    class: group,
    name,
    kind,
    shape: 'raw',
    steps,
    twin: { steps: twin, shape: 'raw', expect: 'works', writes: false },
    ...(options.dirty === undefined ? {} : { dirty: options.dirty }),
    ...(options.residual === undefined ? {} : { residual: options.residual }),
  };
}

function shapeOf(sql: string, steps: number): Shape {
  const word = /^\s*(?:\/\*.*?\*\/\s*)*\(*\s*(\w+)/s.exec(sql)?.[1]?.toUpperCase() ?? '';
  const shape: Shape = ['SELECT', 'TABLE', 'VALUES', 'WITH'].includes(word)
    ? 'query'
    : ['INSERT', 'UPDATE', 'DELETE', 'MERGE'].includes(word)
      ? 'dml'
      : 'utility';
  if (shape === 'query' && (/;\s*\S/.test(sql) || (/\bINTO\b/i.test(sql) && !/\b(INSERT|MERGE)\s+INTO\b/i.test(sql))))
    return 'utility';
  // A WITH may hold or end in a write; DECLARE and views cannot take it.
  if (word === 'WITH' && changes(sql)) return 'dml';
  if (shape === 'query' && /\bFOR\s+(NO KEY\s+)?(UPDATE|SHARE)\b/i.test(sql)) return steps > 1 ? 'script' : 'dml';
  return shape;
}

function changes(sql: string): boolean {
  return /\b(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|DROP|ALTER|CREATE|GRANT|COMMENT|CALL|DO|COPY\s+\S+(\s*\([^)]*\))?\s+FROM|SELECT\b.*\bINTO\b)\b/is.test(
    sql.replace(/\bFOR\s+(NO KEY\s+)?UPDATE\b/gi, ''),
  );
}
