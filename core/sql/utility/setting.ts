/**
 * SET, RESET, SHOW and DISCARD. Which settings may change is decided in names/settings.ts; here are the statement forms, and
 * what the session has to remember of them.
 */
import type { Node, VariableSetStmt, VariableShowStmt, DiscardStmt } from '@pgsql/types';
import { DenialError, denial, deny } from '../../errors/denial.ts';
import { RESERVED_SETTING_PREFIX } from '../../policy/bundle.ts';
import { asTag } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { nearest } from '../names/hints.ts';
import { isOpenSetting, isReadableSetting, isSettable, settableNames, settingRule } from '../names/settings.ts';
import { truncateIdentifier } from '../text/lexer.ts';

export function analyseSet(context: StatementContext, body: VariableSetStmt): undefined {
  const name = (body.name ?? '').toLowerCase();
  context.pinAll();
  context.kind = body.kind === 'VAR_RESET' || body.kind === 'VAR_RESET_ALL' ? 'reset' : 'set';
  switch (body.kind) {
    case 'VAR_RESET_ALL':
      context.effect = { kind: 'reset-search-path' };
      return;
    case 'VAR_SET_MULTI':
      return analyseSetTransaction(name);
    case 'VAR_RESET':
    case 'VAR_SET_DEFAULT':
      return analyseDefault(context, name, body);
    case 'VAR_SET_VALUE':
      return analyseValue(context, name, body);
    default:
      deny('SLUICE-206', 'SET … FROM CURRENT is possible in function definitions only.', { rule: 'floor' });
  }
}

/** SET TRANSACTION and SET SESSION CHARACTERISTICS AS TRANSACTION: isolation, READ ONLY, DEFERRABLE. */
function analyseSetTransaction(name: string): undefined {
  if (name === 'transaction' || name === 'session characteristics') return;
  deny('SLUICE-206', 'SET TRANSACTION SNAPSHOT is not possible here.', { rule: 'floor' });
}

/** The roles may be reset: they then are what the login started with. */
const RESETTABLE: ReadonlySet<string> = new Set(['role', 'session_authorization']);

function analyseDefault(context: StatementContext, name: string, body: VariableSetStmt): undefined {
  if (name === 'search_path') {
    const path = context.catalog.data.defaultSearchPath;
    const local = body.is_local ?? false;
    context.effect = local ? { kind: 'set-search-path', path, local } : { kind: 'reset-search-path' };
    return;
  }
  if (!RESETTABLE.has(name) && !settable(context, name, null)) refuseSetting(context, name, null);
}

function analyseValue(context: StatementContext, name: string, body: VariableSetStmt): undefined {
  const values = (body.args ?? []).map(constantText);
  const value = values.join(', ');
  if (name === 'search_path') {
    context.effect = { kind: 'set-search-path', path: searchPath(context, values), local: body.is_local ?? false };
    return;
  }
  if (!settable(context, name, value)) refuseSetting(context, name, value);
  if (settingRule(name) === 'timeout') checkTimeout(context, name, value);
}

function settable(context: StatementContext, name: string, value: string | null): boolean {
  return isSettable(name, value) || (context.bundle.transparent && isOpenSetting(name));
}

/** Each value is one identifier (the server quotes it); `"$user"` is the login's own schema. */
function searchPath(context: StatementContext, values: readonly string[]): readonly string[] {
  return values
    .map((value) => (value === '$user' ? context.catalog.data.login : truncateIdentifier(value)))
    .filter((schema, index) => values[index] !== '$user' || context.catalog.hasSchema(schema));
}

/** A constant as text; SET takes nothing but constants. */
function constantText(node: Node): string {
  const constant = asTag(node, 'A_Const') ?? asTag(asTag(node, 'TypeCast')?.arg, 'A_Const');
  if (constant?.sval !== undefined) return constant.sval.sval ?? '';
  if (constant?.ival !== undefined) return String(constant.ival.ival ?? 0);
  if (constant?.fval !== undefined) return constant.fval.fval ?? '0';
  if (constant?.boolval !== undefined) return constant.boolval.boolval === true ? 'true' : 'false';
  return deny('SLUICE-102', 'SET takes constants only.', { rule: 'floor' });
}

function checkTimeout(context: StatementContext, name: string, value: string): undefined {
  const limit = context.bundle.limits.statementTimeout;
  if (limit === undefined) return;
  const milliseconds = parseDuration(value);
  if (milliseconds !== undefined && milliseconds > 0 && milliseconds <= limit) return;
  context.refuse(
    denial('SLUICE-205', `${name} may be set to at most ${limit} ms.`, {
      rule: 'limits',
      detail: 'limits.statementTimeout of the policies; 0 would lift it.',
      hint: `SET ${name} = ${limit}`,
    }),
  );
}

const UNITS: Readonly<Record<string, number>> = { '': 1, us: 0.001, ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds, as the server reads a time setting; undefined when it is none. https://www.postgresql.org/docs/current/config-setting.html */
export function parseDuration(text: string): number | undefined {
  const match = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(us|ms|s|min|h|d)?\s*$/i.exec(text);
  // Units are compared with case; hexadecimal and octal numbers, which the server takes too, are left out.
  const unit = match?.[2] ?? '';
  if (match === null || !Object.hasOwn(UNITS, unit) || /^[+-]?0\d/.test(match[1]!)) return undefined;
  return Math.round(Number(match[1]) * UNITS[unit]!);
}

const REASONS: Readonly<Record<string, string>> = {
  role: 'The role decides what the server allows; it stays that of the login.',
  session_authorization: 'The role decides what the server allows; it stays that of the login.',
  client_encoding: 'Text is always UTF-8 here, so that it cannot be read in two ways.',
  standard_conforming_strings: 'It decides how strings are read, and stays on.',
  row_security: 'Row security of the server stays on.',
};

/** Settings of applications are not ours to break in Observe; the others are floors. */
function refuseSetting(context: StatementContext, name: string, value: string | null): undefined {
  const allowed = settingRule(name);
  const values =
    Array.isArray(allowed) && value !== null ? `Allowed values: ${(allowed as readonly string[]).join(', ')}.` : undefined;
  const custom = name.includes('.')
    ? 'Settings of applications can steer row security of the server, so they cannot be changed.'
    : undefined;
  const detail = REASONS[name] ?? custom;
  const refused = denial(
    'SLUICE-205',
    values === undefined ? `The setting ${name} cannot be changed.` : `The setting ${name} cannot have this value.`,
    {
      rule: 'floor',
      ...(detail === undefined ? {} : { detail }),
      hint: values ?? `Settings that can be changed: ${nearest(name, settableNames())}.`,
    },
  );
  if (custom === undefined || name.startsWith(RESERVED_SETTING_PREFIX)) throw new DenialError(refused);
  context.refuse(refused);
}

export function analyseShow(context: StatementContext, body: VariableShowStmt): undefined {
  const name = (body.name ?? '').toLowerCase();
  context.kind = 'show';
  context.returnsRows = true;
  if (name === 'all') {
    deny('SLUICE-205', 'SHOW ALL is not possible here.', {
      rule: 'floor',
      hint: 'Name one setting, for example SHOW search_path.',
    });
  }
  // A custom setting may hold what an application keeps in the database's configuration, keys included.
  if (isReadableSetting(name) && (!name.includes('.') || settingRule(name) !== undefined)) return;
  deny('SLUICE-205', `The setting ${name} cannot be read.`, {
    rule: 'floor',
    hint: 'Settings of the session and of the planner can be read.',
  });
}

export function analyseDiscard(context: StatementContext, body: DiscardStmt): undefined {
  context.kind = 'discard';
  switch (body.target) {
    case 'DISCARD_TEMP':
      context.effect = { kind: 'discard-temp' };
      return;
    case 'DISCARD_PLANS':
      context.effect = { kind: 'discard-plans' };
      return;
    case 'DISCARD_SEQUENCES':
      return;
    default:
      context.effect = { kind: 'discard-all' };
  }
}
