/** `sluice audit verify`. */
import { statSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { ChainVerifier } from '../../core/audit/verify.ts';
import type { VerifyReport } from '../../core/audit/verify-report.ts';
import { segmentsOf } from '../../sidecar/journal/segmented-journal.ts';
import { CliError } from '../errors.ts';
import { eachLine } from './lines.ts';

export interface VerifyOptions {
  readonly output: 'text' | 'json';
  readonly head?: string;
}

/** True when the chain holds (and ends in `head`, if given), over all files together. Throws CliError when one cannot be read. */
export async function verify(given: readonly string[], options: VerifyOptions, out: Writable): Promise<boolean> {
  const files = given.flatMap(expand);
  const verifier = new ChainVerifier();
  let torn = 0;
  let file = '';
  for (const [index, each] of files.entries()) {
    if (verifier.fault !== undefined) break;
    file = each;
    if (index > 0) verifier.nextFile();
    torn += (await eachLine(each, (line) => verifier.line(line))).length;
  }
  const report = verifier.finish(torn);
  if (report.fault === undefined && files.length > 1) file = `${files.length} files`;
  const headDiffers = options.head !== undefined && options.head !== report.head;
  const valid = report.valid && report.records > 0 && !headDiffers;
  if (options.output === 'json')
    out.write(
      `${JSON.stringify({ file, ...(files.length > 1 ? { files } : {}), ...report, valid, ...(headDiffers ? { expectedHead: options.head } : {}) })}\n`,
    );
  else out.write(describe(file, report, headDiffers ? options.head : undefined));
  return valid;
}

/** A directory stands for its segments. */
function expand(path: string): readonly string[] {
  if (path === '-' || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const segments = segmentsOf(path);
  if (segments.length === 0) throw new CliError(`there are no audit segments in ${path}`);
  return segments;
}

function describe(file: string, report: VerifyReport, expectedHead: string | undefined): string {
  const lines: string[] = [];
  if (report.fault !== undefined) {
    const { line, offset, seq, reason } = report.fault;
    lines.push(`NOT VALID  ${file}: line ${line}${seq === undefined ? '' : ` (seq ${seq})`}, byte ${offset}: ${reason}`);
    lines.push(`  the ${report.records} records before it hold`);
  } else if (report.records === 0) {
    lines.push(`NOT VALID  ${file}: there is no record in it`);
  } else if (expectedHead !== undefined) {
    lines.push(
      `NOT VALID  ${file}: the chain holds but ends in ${report.head}, expected ${expectedHead}: records are missing at the end`,
    );
  } else {
    lines.push(`valid  ${file}: ${report.records} records from ${report.from} to ${report.to}`);
  }
  lines.push(`  statements: ${report.statements.allowed} allowed, ${report.statements.denied} denied`);
  if (report.outcomeUnknown.length > 0) {
    const shown = report.outcomeUnknown.slice(0, 5).join(', ');
    lines.push(
      `  outcome unknown for ${report.outcomeUnknown.length} (still running, or the process ended): ${shown}${report.outcomeUnknown.length > 5 ? ', …' : ''}`,
    );
  }
  if (report.tornBytes > 0) lines.push(`  ${report.tornBytes} bytes after the last record: its writing was cut short`);
  lines.push(`  head ${report.head}`);
  return `${lines.join('\n')}\n`;
}
