/** The options by which all questions are narrowed, and what they mean. */
import { type Command, Option } from 'commander';
import { parseRelationName } from '../../../core/audit/questions/relation-name.ts';
import type { Selection } from '../../../core/audit/questions/selection.ts';
import { CliError } from '../../errors.ts';
import { period, type PeriodOptions } from './period.ts';
import { type Digest, rowDigests } from './row-digests.ts';

export interface SelectionOptions extends PeriodOptions {
  readonly table?: string;
  readonly column?: string;
  readonly row?: string;
  readonly digestKey?: string;
  readonly as?: string;
  readonly pod?: string;
  readonly image?: string;
  readonly database?: string;
  readonly session?: string;
  readonly trace?: string;
  readonly fingerprint?: string;
  readonly denied?: boolean;
}

export function periodOptions(command: Command): Command {
  return command
    .option('--from <time>', 'not before: 2026-11-01, 2026-11-01T08:00:00Z; UTC unless it says otherwise')
    .option('--to <time>', 'before')
    .addOption(new Option('--last <duration>', 'not before so long ago: 90m, 24h, 7d').conflicts(['from', 'to']));
}

export function subjectOptions(command: Command): Command {
  return command
    .option('--as <namespace[/serviceaccount]>', 'what this service account did, or those of a namespace')
    .option('--pod <name or uid>', 'what this pod did')
    .option('--image <text>', 'what images did that have this in their name or digest')
    .option('--database <[namespace/]name>', 'the Database object');
}

export function tableOptions(command: Command): Command {
  return command
    .option('--table <[schema.]name>', 'as SQL writes it; without a schema: of any')
    .option('--column <name>', 'of --table; whoever deletes or truncates touches all of them');
}

/** `digest`: how to come by the digest of a row. `now`: milliseconds since the epoch. Throws CliError. */
export async function selectionOf(options: SelectionOptions, digest: Digest, now: number): Promise<Selection> {
  const { column, pod, image, database, session, trace, fingerprint, row, as } = options;
  const table = tableOf(options.table);
  if (table === undefined && column !== undefined) throw new CliError('--column wants --table', 2);
  const rows = row === undefined ? undefined : await rowDigests(row, options.table, table, digest);
  return {
    ...period(options, now),
    ...(table === undefined ? {} : { table }),
    ...(column === undefined ? {} : { column: plainName(column) }),
    ...(rows === undefined ? {} : { rows }),
    ...subjectPart(as),
    ...(pod === undefined ? {} : { pod }),
    ...(image === undefined ? {} : { image }),
    ...(database === undefined ? {} : { database }),
    ...(session === undefined ? {} : { session }),
    ...(trace === undefined ? {} : { trace: trace.toLowerCase() }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(options.denied === true ? { decision: 'deny' as const } : {}),
  };
}

function tableOf(text: string | undefined): Selection['table'] {
  if (text === undefined) return undefined;
  const name = parseRelationName(text);
  if (name === undefined)
    throw new CliError(
      `--table wants a name as SQL writes it, for example public.customers or '"My Schema"."My Table"', not "${text}"`,
      2,
    );
  return name;
}

/** As SQL would, so that `"E-Mail"` and `ssn` both work. */
function plainName(text: string): string {
  const name = parseRelationName(text);
  return name === undefined || name.schema !== undefined ? text : name.name;
}

function subjectPart(as: string | undefined): Pick<Selection, 'namespace' | 'serviceAccount'> {
  if (as === undefined) return {};
  const [namespace = '', serviceAccount, ...more] = as.split('/');
  if (namespace === '' || serviceAccount === '' || more.length > 0)
    throw new CliError(`--as wants NAMESPACE or NAMESPACE/SERVICEACCOUNT, for example ai-agents/support-agent, not "${as}"`, 2);
  return serviceAccount === undefined || serviceAccount === '*' ? { namespace } : { namespace, serviceAccount };
}
