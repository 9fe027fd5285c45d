/** `sluice audit verify`: checks files or a store as a whole, and says what of it is proven by whom. */
import type { Writable } from 'node:stream';
import type { Trail, Trusted } from '../../core/audit/trail.ts';
import { type ChainReport, type TrailReport, verifyTrail } from '../../core/audit/verify-trail.ts';
import { openSource } from './sources/open.ts';
import { readTrusted } from './report/trust.ts';
import { describe } from './verify-text.ts';
import { fileTrail, sourceTrail } from './verify-sources.ts';

export interface VerifyOptions {
  readonly output: 'text' | 'json';
  readonly head?: string;
  /** A file with trust anchors. */
  readonly trust?: string;
  readonly store?: string;
  readonly whole?: boolean;
  readonly progress?: boolean;
}

/** What the command exits with. */
export const VERDICT = { valid: 0, broken: 3, unproven: 4 } as const;

/** Milliseconds between two lines of progress. */
const SAID_EVERY = 250;

/** Resolves to the exit code. Throws CliError when something cannot be read. */
export async function verify(
  given: readonly string[],
  options: VerifyOptions,
  out: Writable,
  err: Writable & { readonly isTTY?: boolean } = process.stderr,
): Promise<number> {
  const trusted = options.trust === undefined ? undefined : readTrusted(options.trust);
  const { report, names } = await check(given, options, trusted, err);
  const [only] = report.chains;
  const heads = report.chains.map(({ head }) => head);
  const headDiffers = options.head !== undefined && !heads.includes(options.head);
  const valid = report.valid && !headDiffers;
  if (options.output === 'json')
    out.write(`${JSON.stringify(asJson(report, names, valid, headDiffers ? options.head : undefined))}\n`);
  else
    out.write(describe(report, { names, trusted: trusted !== undefined, expectedHead: headDiffers ? options.head : undefined }));
  if (!valid) return VERDICT.broken;
  return only !== undefined && report.chains.some(({ state }) => state === 'unproven') ? VERDICT.unproven : VERDICT.valid;
}

async function check(
  given: readonly string[],
  options: VerifyOptions,
  trusted: Trusted | undefined,
  err: Writable & { readonly isTTY?: boolean },
): Promise<{ report: TrailReport; names: readonly string[] }> {
  const progress = progressTo(err, options.progress === true || err.isTTY === true);
  const run = async (trail: Trail): Promise<TrailReport> =>
    await verifyTrail(trail, {
      ...(trusted === undefined ? {} : { trusted }),
      ...(options.whole === undefined ? {} : { whole: options.whole }),
      progress: progress.said,
    });
  try {
    if (options.store === undefined) {
      const trail = await fileTrail(given);
      return { report: await run(trail), names: trail.chains.flatMap(({ parts }) => parts.map(({ source }) => source)) };
    }
    const source = await openSource(given, { store: options.store }, (sentence) => void err.write(`${sentence}\n`));
    try {
      return { report: await run(await sourceTrail(source, 'the store', true)), names: ['the store'] };
    } finally {
      await source.close();
    }
  } finally {
    progress.end();
  }
}

/** One line that is written over on a terminal; lines elsewhere. */
function progressTo(
  err: Writable & { readonly isTTY?: boolean },
  wanted: boolean,
): {
  readonly said: (state: { readonly records: number; readonly chains: number; readonly of: number }) => void;
  readonly end: () => void;
} {
  let last = performance.now();
  let written = false;
  return {
    said: ({ records, chains, of }) => {
      const now = performance.now();
      if (!wanted || now - last < SAID_EVERY) return;
      last = now;
      const text = `${records.toLocaleString('en')} records, chain ${chains + 1} of ${of}`;
      err.write(err.isTTY === true ? `\r\u001b[K${text}` : `${text}\n`);
      written = err.isTTY === true;
    },
    end: () => void (written && err.write('\r\u001b[K')),
  };
}

/** What stands at the top is of everything together; of one chain alone it is what earlier releases said of it. */
function asJson(report: TrailReport, names: readonly string[], valid: boolean, expectedHead: string | undefined): object {
  const { chains } = report;
  const broken = chains.find(({ state }) => state === 'broken');
  const [only] = chains.length === 1 ? chains : [];
  const sorted = chains
    .flatMap(({ from, to }) => [from, to])
    .filter((time) => time !== undefined)
    .sort();
  return {
    file: broken?.fault?.source ?? (names.length === 1 ? names[0] : `${names.length} files`),
    ...(names.length > 1 ? { files: names } : {}),
    valid,
    records: report.records,
    statements: report.statements,
    outcomeUnknown: chains.flatMap(({ outcomeUnknown }) => outcomeUnknown),
    tornBytes: chains.reduce((sum, { tornBytes }) => sum + tornBytes, 0),
    ...(sorted.length === 0 ? {} : { from: sorted[0], to: sorted.at(-1) }),
    ...(only === undefined ? {} : { head: only.head }),
    ...(broken === undefined
      ? {}
      : { fault: { ...broken.fault, ...(broken.chain === undefined ? {} : { chain: broken.chain }) } }),
    ...(expectedHead === undefined ? {} : { expectedHead }),
    absent: report.absent,
    chains: chains.map(chainJson),
  };
}

function chainJson({ certificate, start, startsAt, ...report }: ChainReport): object {
  const identity = certificate?.identity ?? start?.identity;
  return {
    ...report,
    ...(identity === undefined ? {} : { identity }),
    ...(certificate?.database === undefined ? {} : { database: certificate.database }),
  };
}
