/** The report of `sluice audit verify` for people. */
import { isRecord } from '../../core/audit/parsed-record.ts';
import type { ChainReport, TrailReport } from '../../core/audit/verify-trail.ts';

export interface DescribeOptions {
  /** Of files, or of the store. */
  readonly names: readonly string[];
  readonly trusted: boolean;
  /** As it was noted elsewhere, if it is none of those that were found. */
  readonly expectedHead: string | undefined;
}

/** Chains that are listed when nothing is wrong with them. */
const LISTED = 50;

export function describe(report: TrailReport, options: DescribeOptions): string {
  const { chains, absent } = report;
  const what = options.names.length === 1 ? options.names[0]! : `${options.names.length} files`;
  const lines: string[] = [];
  const [only] = chains.length === 1 ? chains : [];
  if (report.records === 0 && chains.every(({ fault }) => fault === undefined))
    lines.push(`NOT VALID  ${what}: there is no record in it`);
  for (const chain of chains.filter(({ state }) => state === 'broken')) lines.push(...brokenChain(chain));
  for (const { chain, last, fault } of absent)
    lines.push(
      `${fault ? 'NOT VALID' : 'absent   '}  chain ${chain}: ${last === '' ? 'it was published as the log of the cluster' : `it was countersigned until ${last}`}, and nothing of it is here`,
    );
  if (options.expectedHead !== undefined)
    lines.push(
      `NOT VALID  ${what}: the chain holds but ends in ${only?.head ?? 'another record'}, expected ${options.expectedHead}: records are missing at the end`,
    );
  const good = chains.filter(({ state, records }) => state !== 'broken' && records > 0);
  if (lines.every((line) => line.startsWith('absent')) && good.length > 0) {
    const { from, to } = span(good);
    const count = chains.length === 1 ? '' : ` in ${chains.length} chains`;
    lines.unshift(`valid  ${what}: ${report.records} records${count} from ${from} to ${to}`);
  }
  if (only === undefined || options.trusted) lines.push(...good.slice(0, LISTED).map((chain) => `  ${goodChain(chain)}`));
  if (good.length > LISTED) lines.push(`  and ${good.length - LISTED} more chains like these`);
  lines.push(...remarks(chains));
  lines.push(`  statements: ${report.statements.allowed} allowed, ${report.statements.denied} denied`);
  lines.push(...ends(chains));
  if (only !== undefined) lines.push(`  head ${only.head}`);
  return `${lines.join('\n')}\n`;
}

function brokenChain({ fault, sources, records, chain }: ChainReport): readonly string[] {
  const { line, offset, seq, reason, source } = fault!;
  const where = `${source ?? sources[0] ?? 'chain'}: line ${line}${seq === undefined ? '' : ` (seq ${seq})`}, byte ${offset}`;
  return [
    `NOT VALID  ${where}: ${reason}`,
    `  the ${records} records before it hold${chain === undefined ? '' : ` (chain ${chain})`}`,
  ];
}

function goodChain(chain: ChainReport): string {
  const { records, next, provenTo, fate, state, begins } = chain;
  const proof = {
    proven: 'proven to its end',
    partly: `proven to seq ${provenTo}; the ${next - 1 - (provenTo ?? 0)} records after it are in order and not signed yet`,
    unproven: 'in order, NOT PROVEN: nobody who is trusted has signed any of it',
    consistent: 'in order',
    broken: 'broken',
  }[state];
  const middle = begins === 0 ? '' : `, from seq ${begins} on`;
  const gone =
    fate === 'vanished' ? '; its pod VANISHED without ending it: what came after may be lost' : fate === 'ended' ? '; ended' : '';
  return `${chain.chain ?? '?'} ${whose(chain)}: ${records} records${middle}, ${proof}${gone}`;
}

function whose({ kind, certificate, start }: ChainReport): string {
  if (kind !== 'sidecar') return kind === 'cluster' ? '(log of the cluster)' : '(operator)';
  const identity = certificate?.identity ?? start?.identity;
  if (!isRecord(identity)) return '';
  const { namespace, serviceAccount, pod } = identity as Readonly<Record<string, unknown>>;
  return `(${String(namespace)}/${String(serviceAccount)}${typeof pod === 'string' ? `, pod ${pod}` : ''}${certificate?.database === undefined ? '' : `, ${certificate.database}`})`;
}

function remarks(chains: readonly ChainReport[]): readonly string[] {
  const several = chains.length > 1;
  return chains.flatMap(({ chain, remarks: all }) => all.map((remark) => `  ${several ? `${chain}: ` : ''}${remark}`));
}

function ends(chains: readonly ChainReport[]): readonly string[] {
  const lines: string[] = [];
  const unknown = chains.flatMap(({ outcomeUnknown }) => outcomeUnknown);
  if (unknown.length > 0) {
    const shown = `${unknown.slice(0, 5).join(', ')}${unknown.length > 5 ? ', …' : ''}`;
    lines.push(`  outcome unknown for ${unknown.length} (still running, or the process ended): ${shown}`);
  }
  const torn = chains.reduce((sum, { tornBytes }) => sum + tornBytes, 0);
  if (torn > 0) lines.push(`  ${torn} bytes after the last record: its writing was cut short`);
  return lines;
}

function span(chains: readonly ChainReport[]): { readonly from: string; readonly to: string } {
  const times = chains.flatMap(({ from, to }) => [from, to]).filter((time) => time !== undefined);
  times.sort();
  return { from: times[0] ?? '', to: times.at(-1) ?? '' };
}
