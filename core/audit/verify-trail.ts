/**
 * Checks a set of chains against each other and against the trust anchors: first the log of the cluster, then everything that it countersigns.
 * In memory are the places that were countersigned and a report for each chain, never the records.
 */
import { isSameIdentity } from './certificate.ts';
import { kindOfChain } from './chain-names.ts';
import { hashLine } from './chain.ts';
import { Countersignatures } from './countersignatures.ts';
import { Overlap } from './overlap.ts';
import { isRecord } from './parsed-record.ts';
import type { ChainOwner } from './store.ts';
import { rivals } from './rivals.ts';
import type { Trail, TrailChain, TrailPart, Trusted } from './trail.ts';
import { ChainVerifier, type ChainVerifierOptions } from './verify.ts';
import { type ChainFault, faultAt, type VerifyReport, type Vouched } from './verify-report.ts';

/**
 * broken: a record is not as it was written. proven: everything is vouched for by the trust anchors. partly: up to `provenTo`, what follows is
 * in order but not signed yet. unproven: in order, but nothing of it is signed by whom is trusted. consistent: in order; nobody was trusted.
 */
export type ChainState = 'broken' | 'proven' | 'partly' | 'unproven' | 'consistent';

export interface ChainReport extends VerifyReport {
  readonly kind: ChainOwner['kind'];
  readonly state: ChainState;
  /** seq of the last record that the trust anchors vouch for. */
  readonly provenTo?: number;
  /** open: it may still go on. vanished: its pod went without ending it, and records after the last may be lost. */
  readonly fate: 'ended' | 'vanished' | 'open';
  readonly sources: readonly string[];
}

export interface TrailReport {
  /** Nothing is broken, and there is something. */
  readonly valid: boolean;
  /** Logs of the cluster first, then in the order of the trail. */
  readonly chains: readonly ChainReport[];
  readonly records: number;
  readonly statements: { readonly allowed: number; readonly denied: number };
  /** Chains of which nothing is here although they were countersigned (`last`: when), or published as the log. */
  readonly absent: readonly { readonly chain: string; readonly last: string; readonly fault: boolean }[];
}

export interface TrailVerifierOptions {
  readonly trusted?: Trusted;
  /** Nothing has ever been removed: a chain that does not begin with its first record is broken. */
  readonly whole?: boolean;
  /** Each some thousand records. */
  readonly progress?: (state: { readonly records: number; readonly chains: number; readonly of: number }) => void;
}

const PROGRESS_EVERY = 8_192;

export async function verifyTrail(trail: Trail, options: TrailVerifierOptions = {}): Promise<TrailReport> {
  return await new TrailVerifier(trail, options).run();
}

class TrailVerifier {
  readonly #trail: Trail;
  readonly #options: TrailVerifierOptions;
  readonly #countersigned = new Countersignatures();
  readonly #overlaps = new Map<string, Overlap>();
  readonly #reports: ChainReport[] = [];
  #records = 0;

  constructor(trail: Trail, options: TrailVerifierOptions) {
    this.#trail = trail;
    this.#options = options;
  }

  async run(): Promise<TrailReport> {
    const { chains, complete } = this.#trail;
    const logs = chains.filter((each) => kindOf(each) === 'cluster').sort(byTerm);
    for (const each of logs) await this.#verifyLog(each);
    for (const each of chains) {
      if (kindOf(each) === 'cluster') continue;
      const vouched = each.chain === undefined ? [] : this.#countersigned.of(each.chain);
      this.#reports.push(await this.#verify(each, vouched));
    }
    const ordered = withFaults(this.#reports, rivals(this.#reports));
    const reports = withFaults(ordered, await this.#replaced(ordered));
    const absent = this.#absent(complete);
    const sum = (of: (report: ChainReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
    const records = sum((report) => report.records);
    return {
      valid: records > 0 && reports.every(({ state }) => state !== 'broken') && absent.every(({ fault }) => !fault),
      chains: reports,
      records,
      statements: { allowed: sum(({ statements }) => statements.allowed), denied: sum(({ statements }) => statements.denied) },
      absent,
    };
  }

  async #verifyLog(given: TrailChain): Promise<void> {
    const trusted = this.#options.trusted !== undefined;
    const report = await this.#verify(given, this.#publishedOf(given), (record) => {
      const fault = this.#countersigned.add(record);
      if (record.type === 'checkpoint') this.#countersigned.settle(trusted);
      return fault;
    });
    if (report.state === 'broken') this.#countersigned.discard();
    this.#countersigned.settle(false);
    this.#reports.push(report);
  }

  async #verify(given: TrailChain, vouched: Iterable<Vouched>, inspect?: ChainVerifierOptions['inspect']): Promise<ChainReport> {
    const { trusted } = this.#options;
    const verifier = new ChainVerifier({
      ...(given.chain === undefined ? {} : { chain: given.chain }),
      ...(trusted === undefined ? {} : { trust: trusted.anchors }),
      vouched,
      ...(inspect === undefined ? {} : { inspect }),
    });
    const parts = [...given.parts].sort(byFirst);
    const overlap = new Overlap();
    let torn = 0;
    let fork: ChainFault | undefined;
    for (const part of parts) {
      if (verifier.fault !== undefined || fork !== undefined) break;
      const read = await this.#read(part, verifier, overlap);
      torn += read.torn;
      fork = read.fork;
    }
    const report = verifier.finish(torn);
    if (report.chain !== undefined) this.#overlaps.set(report.chain, overlap);
    return this.#judge(given, fork === undefined ? report : { ...report, valid: false, fault: fork });
  }

  /** What was there already in another part has to be the same; what is new goes to the verifier. */
  async #read(part: TrailPart, verifier: ChainVerifier, overlap: Overlap): Promise<{ torn: number; fork?: ChainFault }> {
    const next = verifier.next;
    verifier.nextFile(part.source, part.middle);
    const repeats =
      part.renumbered === true || part.first === undefined || next === undefined ? 0 : Math.max(0, next - part.first);
    const known = repeats === 0 ? undefined : overlap.from(part.first!);
    let line = 0;
    let offset = 0;
    const lines = part.lines();
    for (;;) {
      const { done, value } = await lines.next();
      if (done === true) {
        overlap.add(part, next ?? verifier.begins, verifier.next);
        return { torn: value };
      }
      for (const bytes of value) {
        line += 1;
        if (line > repeats) verifier.line(bytes);
        else {
          const same = (await known?.next())?.value;
          if (same !== undefined && !same.line.equals(bytes)) {
            await lines.return(0);
            const seq = part.first! + line - 1;
            const reason = `there are two records for this place: the other is in ${same.place.source}`;
            return { torn: 0, fork: { line, offset, seq, reason, source: part.source } };
          }
          verifier.skip(bytes);
        }
        offset += bytes.length + 1;
        this.#count();
      }
    }
  }

  #judge(given: TrailChain, report: VerifyReport): ChainReport {
    const { trusted } = this.#options;
    const kind = kindOf(given);
    const fault = this.#beheaded(given, report) ?? report.fault ?? this.#misnamed(given, report);
    const fate = report.chain === undefined ? undefined : this.#countersigned.fate(report.chain);
    const signed = Math.max(report.signed?.seq ?? -1, report.vouched ?? -1);
    const provenTo = trusted === undefined || signed < 0 ? undefined : signed;
    const inOrder = (): ChainState => {
      if (trusted === undefined) return 'consistent';
      if (provenTo === undefined) return 'unproven';
      return provenTo === report.next - 1 ? 'proven' : 'partly';
    };
    return {
      ...report,
      valid: fault === undefined,
      kind,
      state: fault === undefined ? inOrder() : 'broken',
      fate: report.ended ? 'ended' : fate?.ended === 'vanished' ? 'vanished' : 'open',
      sources: given.parts.map(({ source }) => source),
      ...(provenTo === undefined ? {} : { provenTo }),
      ...(fault === undefined ? {} : { fault }),
    };
  }

  /** Whom a store or the log say that a chain is of has to be whom its certificate says. */
  #misnamed({ owner }: TrailChain, { certificate, chain, startsAt, begins }: VerifyReport): ChainFault | undefined {
    if (certificate === undefined || chain === undefined || kindOfChain(chain) === 'cluster') return undefined;
    const place = startsAt ?? { line: 1, offset: 0, source: undefined };
    const differs = (other: { readonly identity: unknown; readonly database?: string | undefined }): boolean =>
      !isSameIdentity(other.identity, certificate.identity) || other.database !== certificate.database;
    const fate = this.#countersigned.fate(chain);
    if (owner !== undefined && differs(owner))
      return faultAt(place, begins, 'is kept under the name of another pod or Database than its certificate');
    if (fate !== undefined && differs(fate))
      return faultAt(place, begins, 'was countersigned for another pod or Database than its certificate');
    return undefined;
  }

  /** Records at the beginning are missing that nobody has removed on purpose. */
  #beheaded(given: TrailChain, { begins, startsAt }: VerifyReport): ChainFault | undefined {
    const from = this.#options.whole === true ? 0 : given.begins;
    if (from === undefined || begins <= from) return undefined;
    const place = startsAt ?? { line: 1, offset: 0, source: given.parts[0]?.source };
    return faultAt(place, from, `the records from here to seq ${begins - 1} are missing`);
  }

  /** Where a chain was given up for another one, that one says what stood there. Records behind it may have been written elsewhere. */
  async #replaced(reports: readonly ChainReport[]): Promise<ReadonlyMap<ChainReport, ChainFault>> {
    const faults = new Map<ChainReport, ChainFault>();
    for (const { chain, start } of reports) {
      const { chain: before, seq, hash } = (isRecord(start?.replaces) ? start.replaces : {}) as Readonly<Record<string, unknown>>;
      const report = reports.find((each) => each.chain === before);
      if (report === undefined || typeof seq !== 'number' || seq < report.begins || seq >= report.next) continue;
      const there = (await this.#overlaps.get(report.chain!)?.from(seq).next())?.value;
      if (there === undefined || hashLine(there.line) === hash) continue;
      faults.set(report, faultAt(there.place, seq, `chain ${chain} replaced this one, and says that another record was here`));
    }
    return faults;
  }

  #publishedOf({ chain }: TrailChain): readonly Vouched[] {
    const head = this.#options.trusted?.head;
    return head === undefined || head.chain !== chain ? [] : [{ position: head.seq, hash: head.hash, proven: true }];
  }

  /** Chains that end before the oldest record that there is were removed in the course of things. */
  #absent(complete: boolean): TrailReport['absent'] {
    const here = new Set(this.#reports.map(({ chain }) => chain));
    const oldest = this.#reports
      .filter(({ kind }) => kind !== 'cluster')
      .reduce<string | undefined>(
        (least, { from }) => (from !== undefined && (least === undefined || from < least) ? from : least),
        undefined,
      );
    // A log of which nothing is left says nothing of the others either.
    const head = this.#options.trusted?.head;
    const log = head === undefined || here.has(head.chain) ? [] : [{ chain: head.chain, last: '', fault: complete }];
    const others = [...this.#countersigned.chains]
      .filter((chain) => !here.has(chain))
      .map((chain) => {
        const { last } = this.#countersigned.fate(chain)!;
        return { chain, last, fault: complete && (oldest === undefined || last >= oldest) };
      });
    return [...log, ...others];
  }

  #count(): void {
    this.#records += 1;
    if (this.#records % PROGRESS_EVERY === 0)
      this.#options.progress?.({ records: this.#records, chains: this.#reports.length, of: this.#trail.chains.length });
  }
}

function withFaults(reports: readonly ChainReport[], faults: ReadonlyMap<ChainReport, ChainFault>): readonly ChainReport[] {
  return reports.map((report) => {
    const fault = faults.get(report);
    return fault === undefined || report.fault !== undefined ? report : { ...report, fault, valid: false, state: 'broken' };
  });
}

function kindOf({ chain, owner }: TrailChain): ChainOwner['kind'] {
  return owner?.kind ?? (chain === undefined ? 'sidecar' : kindOfChain(chain));
}

/** `cluster-x` before `cluster-x.1`, and `.2` before `.10`. */
function byTerm(one: TrailChain, other: TrailChain): number {
  return (one.chain ?? '').localeCompare(other.chain ?? '', 'en', { numeric: true });
}

/** Files of before 0.2.0 stay in the order in which they were given. */
function byFirst(one: TrailPart, other: TrailPart): number {
  return (one.first ?? -1) - (other.first ?? -1);
}
