/**
 * An engine for the tests of the session layer: it decides by the first words of a statement, so that a test can say exactly
 * what is denied, rewritten or limited without a policy, a catalog or a parser.
 *
 *   /* deny *\/ …          refused with SLUICE-201
 *   … from secret …       rewritten to … from (select 1 as id) secret …
 */
import type { Bundle } from '../../core/policy/bundle.ts';
import { Catalog } from '../../core/catalog/catalog.ts';
import { denial } from '../../core/errors/denial.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { AnalyseRequest, Edit, SessionEffect, StatementKind, StatementPlan } from '../../core/sql/plan.ts';
import type { SessionView } from '../../core/sql/session-state.ts';

export interface FakeOptions {
  readonly version?: string;
  readonly allowAll?: boolean;
  readonly maxRows?: number;
  readonly maxAffectedRows?: number;
  readonly statementTimeout?: number;
  readonly maxConnections?: number;
  readonly database?: string;
  readonly validUntil?: number;
  readonly protectedColumns?: readonly string[];
  /** What `secret` is replaced by. */
  readonly secret?: string;
  /** Leaves EXECUTE of an unknown statement to the server. */
  readonly lenient?: boolean;
  /** Further texts to refuse. */
  readonly deny?: RegExp;
}

export function fakeBundle(options: FakeOptions = {}): Bundle {
  const { maxRows, statementTimeout, maxConnections, maxAffectedRows, validUntil } = options;
  return {
    formatVersion: 1,
    version: options.version ?? 'v1',
    identity: { namespace: 'ns', serviceAccount: 'sa' },
    database: { namespace: 'ns', name: 'db', database: options.database ?? 'postgres' },
    policies: [{ namespace: 'ns', name: 'p', generation: 1, ...(validUntil === undefined ? {} : { validUntil }) }],
    mode: 'Enforce',
    masking: 'Enforce',
    relations: [],
    createIn: [],
    allowAll: options.allowAll ?? true,
    transparent: false,
    functions: [],
    session: { temporaryTables: true, listen: ['*'], notify: ['*'], advisoryLocks: true },
    guardrails: { requireWhere: false, ...(maxAffectedRows === undefined ? {} : { maxAffectedRows }) },
    limits: {
      ...(maxRows === undefined ? {} : { maxRows }),
      ...(statementTimeout === undefined ? {} : { statementTimeout }),
      ...(maxConnections === undefined ? {} : { maxConnections }),
    },
    protectionDeny: [],
    audit: { durability: 'Local', rows: 'None' },
    usesMaskKey: false,
    protectedColumns: options.protectedColumns ?? [],
  };
}

export function fakeEngine(options: FakeOptions = {}): SqlEngine & { readonly analysed: string[] } {
  const analysed: string[] = [];
  const catalog = new Catalog({
    formatVersion: 1,
    serverVersion: 180000,
    database: 'postgres',
    login: 'postgres',
    schemas: ['public'],
    defaultSearchPath: ['public'],
    relations: [],
    types: [],
    functions: [],
    operators: [],
    extensions: [],
    powers: [],
  });
  return {
    bundle: fakeBundle(options),
    catalog,
    analysed,
    analyse(request: AnalyseRequest, session: SessionView) {
      const sql = request.sql.toString('utf8');
      analysed.push(sql);
      const plans: StatementPlan[] = [];
      let start = 0;
      for (const part of sql.includes('$$') ? [sql] : sql.split(';')) {
        const end = start + Buffer.byteLength(part);
        if (part.trim() !== '' && !/^\s*--[^\n]*$/.test(part)) plans.push(statement(part, start, end, session, options));
        start = end + 1;
      }
      return plans;
    },
  };
}

function statement(part: string, start: number, end: number, session: SessionView, options: FakeOptions): StatementPlan {
  const lead = part.length - part.trimStart().length;
  const text = part.trim();
  const from = start + lead;
  const words = text
    .toLowerCase()
    .replaceAll(/\/\*.*?\*\//g, ' ')
    .trim()
    .split(/[\s(]+/);
  const kind = kindOf(words);
  const edits: Edit[] = [];
  const replacement = options.secret ?? '(select 1 as id) secret';
  for (const match of text.matchAll(/\bsecret\b/g)) {
    const at = from + Buffer.byteLength(text.slice(0, match.index));
    edits.push({ start: at, end: at + 6, replacement });
  }
  const denied = /\/\* deny \*\//.test(text) || options.deny?.test(text) === true;
  const unknown = options.lenient !== true && kind === 'execute' && !session.prepared.has(words[1] ?? '');
  const reason = denied
    ? denial('SLUICE-201', 'relation "hidden" does not exist or is not granted', { rule: 'ns/p' })
    : unknown
      ? denial('SLUICE-102', 'prepared statement is not known', { sqlstate: '26000' })
      : undefined;
  const inner = kind === 'execute' ? session.prepared.get(words[1] ?? '')?.plan : undefined;
  const writes =
    ['insert', 'update', 'delete', 'merge', 'copy-from'].includes(kind) ||
    /\b(insert|update|delete)\b/i.test(text) ||
    inner?.writesRows === true;
  return {
    decision: reason === undefined ? 'allow' : 'deny',
    ...(reason === undefined ? {} : { denial: reason }),
    kind,
    range: [from, end],
    text: text.replaceAll(/\bsecret\b/g, replacement),
    rewritten: edits.length > 0,
    edits,
    facts: { reads: [], writes: [], masks: {}, filters: {}, functions: [], rules: [] },
    effect: effectOf(kind, words, text, session),
    writesRows: writes && kind !== 'prepare',
    touchesGoverned: edits.length > 0,
    returnsRows: ['select', 'values', 'copy-to', 'fetch', 'show', 'execute'].includes(kind) || /\breturning\b/i.test(text),
    cacheable: true,
    fingerprint: 'f',
    normalised: text,
    ...(kind === 'execute' ? { uses: { prepared: words[1] ?? '' } } : {}),
    ...(kind === 'fetch' ? { uses: { cursor: words.at(-1) ?? '' } } : {}),
    ...(kind === 'copy-from' ? { copyIn: true } : {}),
  };
}

function kindOf(words: readonly string[]): StatementKind {
  const first = words[0] ?? '';
  if (first === 'copy') return words.includes('stdin') ? 'copy-from' : 'copy-to';
  if (first === 'start' || first === 'begin') return 'begin';
  if (first === 'end' || first === 'commit') return 'commit';
  if (first === 'rollback') return words.includes('to') ? 'rollback-to' : 'rollback';
  if (first === 'declare') return 'declare-cursor';
  if (first === 'close') return 'close-cursor';
  if (first === 'with') return 'select';
  const known = [
    'select',
    'insert',
    'update',
    'delete',
    'values',
    'set',
    'show',
    'prepare',
    'execute',
    'deallocate',
    'fetch',
    'savepoint',
    'discard',
    'create',
    'drop',
    'listen',
    'notify',
  ];
  return known.includes(first) ? (first as StatementKind) : 'other';
}

function effectOf(kind: StatementKind, words: readonly string[], text: string, session: SessionView): SessionEffect {
  switch (kind) {
    case 'begin':
      return { kind: 'begin' };
    case 'commit':
      return { kind: 'commit', chain: false };
    case 'rollback':
      return { kind: 'rollback', chain: false };
    case 'savepoint':
      return { kind: 'savepoint', name: words[1] ?? '' };
    case 'rollback-to':
      return { kind: 'rollback-to', name: words.at(-1) ?? '' };
    case 'set':
      return words[1] === 'search_path'
        ? { kind: 'set-search-path', path: [words.at(-1) ?? ''], local: false }
        : { kind: 'none' };
    case 'prepare': {
      const body = text.replace(/^.*?\bas\b/i, '');
      return { kind: 'prepare', name: words[1] ?? '', plan: statement(body, 0, body.length, session, {}), parameters: 0 };
    }
    case 'deallocate':
      return { kind: 'deallocate', name: words[1] === 'all' ? null : (words[1] ?? '') };
    case 'discard':
      return { kind: 'discard-all' };
    case 'declare-cursor': {
      const body = text.replace(/^.*?\bfor\b/i, '');
      return {
        kind: 'declare-cursor',
        name: words[1] ?? '',
        plan: statement(body, 0, body.length, session, {}),
        hold: /with hold/i.test(text),
      };
    }
    case 'close-cursor':
      return { kind: 'close-cursor', name: words[1] ?? '' };
    case 'create':
      return { kind: 'schema-change' };
    default:
      return { kind: 'none' };
  }
}
