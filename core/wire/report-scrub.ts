/**
 * Errors and notices are a second result channel: PostgreSQL puts the values that failed, the rows that collided and the
 * names of everything involved into their texts. Nothing of a server's report is passed on unless its class says that the
 * text is about the statement, and then names are limited to what the client may see or wrote itself.
 *
 *   42 25 3D 40 55 57, and the other classes about statements   text kept, names limited
 *   22 23                                                       our own sentence (report-templates.ts)
 *   P0001                                                       text kept unless a governed relation was touched
 *   everything else                                             our own sentence
 *   notices                                                     dropped where a governed relation was touched
 *
 * DETAIL (D), context (W), internal query (q) and its position (p), source (F, L, R) are never passed on.
 * https://www.postgresql.org/docs/current/protocol-error-fields.html
 */
import { malformed } from './protocol-error.ts';
import { BUILT_IN_TYPES, template } from './report-templates.ts';
import type { ReportFields } from './server-messages.ts';
import type { Report, Severity } from './write.ts';

/** What a client may be told the name of. All answers are about names, never about values. */
export interface NameVisibility {
  /**
   * A name as a message shows it: `users`, `public.users`, `u.email`, `users_pkey`, without quotes. True when it stands in the
   * client's statement or is granted.
   */
  name(text: string): boolean;
  relation(schema: string, table: string): boolean;
  column(schema: string, table: string, column: string): boolean;
  /** Names of constraints quote columns: true only where all columns are granted. */
  constraint(schema: string, table: string, constraint: string): boolean;
}

export interface ScrubContext {
  /** The statement (or, at COMMIT, any statement of the transaction) touched a masked, filtered or column-limited relation. */
  readonly governed: boolean;
  readonly visible: NameVisibility;
  /** From the server's one-based character position in what it was sent to the client's; undefined drops it. */
  mapPosition(position: number): number | undefined;
  /** The report was cut because of its length: its message may be missing. */
  readonly truncated?: boolean;
}

/** Nothing is visible, everything is governed: for reports outside any statement. */
export const STRICTEST: ScrubContext = {
  governed: true,
  visible: { name: () => false, relation: () => false, column: () => false, constraint: () => false },
  mapPosition: () => undefined,
};

/** Classes whose texts are about the statement, the session or the server's state. */
const TEXT_CLASSES: ReadonlySet<string> = new Set([
  '03',
  '08',
  '09',
  '0A',
  '0B',
  '0L',
  '0P',
  '20',
  '21',
  '24',
  '25',
  '26',
  '28',
  '2B',
  '2D',
  '2F',
  '34',
  '3B',
  '3D',
  '3F',
  '40',
  '42',
  '53',
  '54',
  '55',
  '57',
]);

const ERROR_SEVERITIES: ReadonlySet<string> = new Set(['ERROR', 'FATAL', 'PANIC']);
const NOTICE_SEVERITIES: ReadonlySet<string> = new Set(['WARNING', 'NOTICE', 'DEBUG', 'INFO', 'LOG']);
const MAX_TEXT = 4096;

/** An error of the server as the client may see it. Throws ProtocolError (SLUICE-706) for one that no server sends. */
export function scrubError(fields: ReportFields, context: ScrubContext): Report {
  const { severity, sqlstate, text } = head(fields, ERROR_SEVERITIES, context.truncated === true);
  const kept = text !== undefined && keepsText(sqlstate, fields, context);
  const hint = fields.get('H');
  const position = mappedPosition(fields, context);
  return {
    severity,
    sqlstate,
    message: kept
      ? limitNames(text, context.visible)
      : (constraintTemplate(sqlstate, fields, context.visible) ?? valueTemplate(sqlstate, text)),
    ...(kept && hint !== undefined ? { hint: limitNames(shorten(hint), context.visible) } : {}),
    ...(position === undefined ? {} : { position }),
    names: visibleNames(fields, context.visible),
  };
}

/** A notice as the client may see it, or undefined when it is dropped. Throws ProtocolError (SLUICE-706). */
export function scrubNotice(fields: ReportFields, context: ScrubContext): Report | undefined {
  const { severity, sqlstate, text } = head(fields, NOTICE_SEVERITIES, context.truncated === true);
  if (text === undefined) return undefined;
  const aboutStatement = TEXT_CLASSES.has(sqlstate.slice(0, 2)) && !raisedByCode(fields);
  if (context.governed && !aboutStatement) return undefined;
  const position = mappedPosition(fields, context);
  return { severity, sqlstate, message: limitNames(text, context.visible), ...(position === undefined ? {} : { position }) };
}

function head(
  fields: ReportFields,
  severities: ReadonlySet<string>,
  truncated: boolean,
): { severity: Severity; sqlstate: string; text: string | undefined } {
  // V is the severity that lc_messages does not translate; servers since 9.6 send it.
  const severity = (fields.get('V') ?? fields.get('S'))?.toString('latin1') ?? '';
  const sqlstate = fields.get('C')?.toString('latin1') ?? '';
  const message = fields.get('M');
  if (!severities.has(severity)) throw malformed('the server sent a report without a known severity', {}, 'SLUICE-706');
  if (!/^[0-9A-Z]{5}$/.test(sqlstate)) throw malformed('the server sent a report without an SQLSTATE', {}, 'SLUICE-706');
  if (message === undefined && !truncated) throw malformed('the server sent a report without a message', {}, 'SLUICE-706');
  return { severity: severity as Severity, sqlstate, text: message === undefined ? undefined : shorten(message) };
}

function keepsText(sqlstate: string, fields: ReportFields, context: ScrubContext): boolean {
  if (raisedByCode(fields)) return !context.governed && (sqlstate === 'P0001' || TEXT_CLASSES.has(sqlstate.slice(0, 2)));
  return sqlstate === 'P0001' ? !context.governed : TEXT_CLASSES.has(sqlstate.slice(0, 2));
}

/** Functions can raise any SQLSTATE with any text; then there is a context, or the routine is one that raises. */
function raisedByCode(fields: ReportFields): boolean {
  const routine = fields.get('R')?.toString('latin1') ?? '';
  return (
    (fields.get('W')?.length ?? 0) > 0 ||
    routine === 'exec_stmt_raise' ||
    routine.startsWith('PLy_') ||
    routine.startsWith('plperl_') ||
    routine.startsWith('pltcl_')
  );
}

function valueTemplate(sqlstate: string, text: string | undefined): string {
  const type = text === undefined ? undefined : /^invalid input syntax for type ([a-z0-9_" ]+?)(?::|$)/.exec(text)?.[1];
  if (type !== undefined && (sqlstate === '22P02' || sqlstate === '22007') && BUILT_IN_TYPES.has(type))
    return `invalid input syntax for type ${type}`;
  return template(sqlstate);
}

/** Class 23 with the names that may be shown: an agent must learn which constraint it violated. */
function constraintTemplate(sqlstate: string, fields: ReportFields, visible: NameVisibility): string | undefined {
  if (!sqlstate.startsWith('23')) return undefined;
  const named = new Map(visibleNames(fields, visible));
  const table = named.get('t');
  if (table === undefined) return undefined;
  const constraint = named.get('n');
  const column = named.get('c');
  const on = `table "${table}"`;
  const by = constraint === undefined ? '' : ` "${constraint}"`;
  if (sqlstate === '23502')
    return column === undefined
      ? undefined
      : `null value in column "${column}" of relation "${table}" violates not-null constraint`;
  if (sqlstate === '23505') return `duplicate key value violates unique constraint${by} of ${on}`;
  if (sqlstate === '23503') return `${on} violates foreign key constraint${by}`;
  if (sqlstate === '23514') return `new row for relation "${table}" violates check constraint${by}`;
  if (sqlstate === '23P01') return `conflicting key value violates exclusion constraint${by} of ${on}`;
  return undefined;
}

function visibleNames(fields: ReportFields, visible: NameVisibility): (readonly ['s' | 't' | 'c' | 'n', string])[] {
  const text = (code: string): string | undefined => fields.get(code)?.toString('utf8');
  const schema = text('s');
  const table = text('t');
  if (schema === undefined || table === undefined || !visible.relation(schema, table)) return [];
  const names: (readonly ['s' | 't' | 'c' | 'n', string])[] = [
    ['s', schema],
    ['t', table],
  ];
  const column = text('c');
  if (column !== undefined && visible.column(schema, table, column)) names.push(['c', column]);
  const constraint = text('n');
  if (constraint !== undefined && visible.constraint(schema, table, constraint)) names.push(['n', constraint]);
  return names;
}

function mappedPosition(fields: ReportFields, context: ScrubContext): number | undefined {
  const digits = fields.get('P')?.toString('latin1');
  if (digits === undefined || !/^[1-9]\d{0,9}$/.test(digits)) return undefined;
  return context.mapPosition(Number(digits));
}

function shorten(text: Buffer): string {
  return text.subarray(0, MAX_TEXT).toString('utf8');
}

const WITHHELD = '…';

/**
 * Replaces every name in a text that may not be shown. A name is whatever stands in double quotes, follows a word that
 * announces one, or has an underscore or a dot inside; the message's own English words have neither.
 */
export function limitNames(text: string, visible: NameVisibility): string {
  const quoted = wellQuoted(text) ? /"([^"]*)"/g : /"(.*)"?/gs;
  let result = '';
  let at = 0;
  for (const match of text.matchAll(quoted)) {
    result += limitWords(text.slice(at, match.index), visible);
    result += visible.name(match[1]!) ? match[0] : `"${WITHHELD}"`;
    at = match.index + match[0].length;
  }
  return result + limitWords(text.slice(at), visible);
}

/**
 * Quotes come in pairs that open after a space or bracket and close before one (or before punctuation). Otherwise a name or
 * value contains a quote, and nothing from the first quote on can be told apart.
 */
function wellQuoted(text: string): boolean {
  let open = false;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    const neighbour = open ? text[at + 1] : text[at - 1];
    if (neighbour !== undefined && !(open ? /[\s),.;:]/ : /[\s(]/).test(neighbour)) return false;
    open = !open;
  }
  return !open;
}

/** Words after which PostgreSQL prints a name without quotes: `permission denied for table users`. */
const ANNOUNCED =
  /\b((?:permission denied for|must be owner of) (?:table|view|materialized view|foreign table|relation|sequence|schema|function|procedure|routine|aggregate|column|type|domain|database|language|operator|large object|tablespace|index|collation|foreign server|foreign-data wrapper|publication|subscription|statistics object|event trigger|extension|parameter) |\b(?:column|function|procedure|aggregate|view|table|sequence|constraint|trigger|rule) )([\p{L}\p{N}_$.]+)(?=[ (,;:]|$)/gu;
const WORD = /[\p{L}\p{N}_$.]+/gu;
/** English that follows an announcing word in messages without a name. */
const ENGLISH: ReadonlySet<string> = new Set([
  'is',
  'are',
  'in',
  'of',
  'with',
  'name',
  'names',
  'must',
  'can',
  'cannot',
  'does',
  'list',
  'for',
  'to',
  'from',
  'reference',
  'alias',
  'has',
  'number',
  'calls',
  'call',
  'on',
  'or',
  'and',
  'not',
  'result',
  'results',
  'definition',
  'expression',
  'source',
  'matches',
  'may',
  'body',
  'that',
  'at',
  'as',
  'by',
  'when',
  'named',
  'parameter',
  'argument',
  'arguments',
  'column',
  'function',
  'procedure',
  'aggregate',
  'view',
  'table',
  'sequence',
  'trigger',
  'rule',
  'required',
  'constraint',
  'constraints',
  'functions',
]);

function limitWords(text: string, visible: NameVisibility): string {
  const announced = text.replace(ANNOUNCED, (whole, lead: string, name: string) =>
    ENGLISH.has(name) || visible.name(name) ? whole : `${lead}${WITHHELD}`,
  );
  return announced.replace(WORD, (word) => {
    // A dot at the end is the sentence's.
    let end = word.length;
    while (end > 0 && word[end - 1] === '.') end--;
    const name = word.slice(0, end);
    return looksLikeName(name) && !visible.name(name) ? WITHHELD + word.slice(end) : word;
  });
}

/** `secret_code`, `users.ssn`; not `relation`, not `3.5`. */
function looksLikeName(word: string): boolean {
  return word.includes('_') || (word.includes('.') && /[\p{L}$]/u.test(word));
}
