/**
 * Checks a chain without trusting whoever wrote it: line by line, in constant memory but for the open statements. Reads nothing by itself.
 *
 * The fault is the first record that is not as it was written. A record whose `prev` does not fit is either changed itself or stands after a
 * changed one; which of the two is told by the record behind it (or by whoever else vouches for one of them), so one line is waited for.
 */
import { certificateFault, type ChainCertificate, isCertificate, isSameIdentity, type TrustAnchors } from './certificate.ts';
import { kindOfChain } from './chain-names.ts';
import { EMPTY_CHAIN, hashLine } from './chain.ts';
import { isCheckpointOf } from './checkpoint.ts';
import { keyId } from './keys.ts';
import { OpenStatements } from './open-statements.ts';
import { isPlace, isRecord, parseRecord, type ParsedRecord } from './parsed-record.ts';
import { type ChainFault, faultAt, type Place, type VerifyReport, type Vouched } from './verify-report.ts';

export interface ChainVerifierOptions {
  /** What the chain is called where it was found. */
  readonly chain?: string;
  readonly trust?: TrustAnchors;
  /** In the order of their positions. */
  readonly vouched?: Iterable<Vouched>;
  /** Looks at each record that is in its place, of whatever type; returns what is wrong with it. */
  readonly inspect?: (record: ParsedRecord) => string | undefined;
}

const TWO_RECORDS = 'there are two records for this place';

/** Time between checkpoints, in milliseconds, beyond which it is remarked. */
const LONG_UNSIGNED = 3_600_000;

/** A record that fitted. */
interface Seen extends Place {
  readonly seq: number;
  readonly prev: string;
  /** Signed, or vouched for: it is not the changed one of two that do not fit. */
  readonly proven: boolean;
}

/** One of two records was changed; the next line says which. */
interface Doubt {
  /** Of this one's line. */
  readonly hash: string;
  readonly ifThisStands: ChainFault;
  readonly otherwise: ChainFault;
  readonly ifNobodySays: ChainFault;
}

export class ChainVerifier {
  readonly #trust: TrustAnchors | undefined;
  readonly #inspect: ChainVerifierOptions['inspect'];
  readonly #vouched: Iterator<Vouched>;
  #voucher: Vouched | undefined;
  #source: string | undefined;
  #middle = false;
  #line = 0;
  #offset = 0;
  /** What the next record has to carry; undefined before the first. */
  #next: { readonly seq: number; readonly hash: string } | undefined;
  #last: Seen | undefined;
  #doubt: Doubt | undefined;
  #fault: ChainFault | undefined;
  #chain: string | undefined;
  #begins = 0;
  #records = 0;
  #from: string | undefined;
  #to: string | undefined;
  #first: { readonly record: ParsedRecord; readonly place: Place } | undefined;
  #start: { readonly record: ParsedRecord; readonly place: Place } | undefined;
  #certificate: ChainCertificate | undefined;
  readonly #keys = new Map<string, string>();
  #signed: { readonly seq: number; readonly time: string } | undefined;
  #unsignedSince: string | undefined;
  #lastVouched: number | undefined;
  #ended = false;
  readonly #remarks = new Set<string>();
  readonly #statements = new OpenStatements();

  constructor(options: ChainVerifierOptions = {}) {
    this.#chain = options.chain;
    this.#trust = options.trust;
    this.#inspect = options.inspect;
    this.#vouched = (options.vouched ?? [])[Symbol.iterator]();
    this.#voucher = this.#nextVoucher();
  }

  /** One line without its newline. Lines after the first fault are ignored. */
  line(bytes: Buffer): void {
    this.#line += 1;
    if (this.#fault === undefined) {
      if (this.#doubt === undefined) this.#check(bytes);
      else this.#decide(bytes);
    }
    this.#offset += bytes.length + 1;
  }

  /** A line of this file that is known already. */
  skip(bytes: Buffer): void {
    this.#line += 1;
    this.#offset += bytes.length + 1;
  }

  /** What follows is of another file of the same chain. `middle`: it may begin anywhere (a store from which older records are gone). */
  nextFile(source?: string, middle = false): void {
    this.#source = source;
    this.#middle = middle;
    this.#line = 0;
    this.#offset = 0;
  }

  /** The first record that does not fit, so far. */
  get fault(): ChainFault | undefined {
    return this.#fault;
  }

  /** seq of the record that would fit next; undefined before the first. */
  get next(): number | undefined {
    return this.#next?.seq;
  }

  /** seq of the first record. */
  get begins(): number {
    return this.#begins;
  }

  /** `tornBytes`: length of what followed the last newline. */
  finish(tornBytes = 0): VerifyReport {
    if (this.#doubt !== undefined) this.#fault ??= this.#doubt.ifNobodySays;
    this.#expectVouched();
    this.#remarkUnsigned(this.#to);
    return {
      valid: this.#fault === undefined,
      begins: this.#begins,
      next: this.#next?.seq ?? 0,
      records: this.#records,
      statements: this.#statements.counts,
      outcomeUnknown: this.#statements.open,
      head: this.#next?.hash ?? EMPTY_CHAIN.hash,
      ended: this.#ended,
      remarks: [...this.#remarks],
      tornBytes,
      ...(this.#chain === undefined ? {} : { chain: this.#chain }),
      ...(this.#from === undefined ? {} : { from: this.#from }),
      ...(this.#to === undefined ? {} : { to: this.#to }),
      ...(this.#certificate === undefined ? {} : { certificate: this.#certificate }),
      ...(this.#first === undefined ? {} : { start: this.#first.record, startsAt: this.#first.place }),
      ...(this.#signed === undefined ? {} : { signed: this.#signed }),
      ...(this.#lastVouched === undefined ? {} : { vouched: this.#lastVouched }),
      ...(this.#fault === undefined ? {} : { fault: this.#fault }),
    };
  }

  #check(bytes: Buffer): boolean {
    const record = parseRecord(bytes);
    if (typeof record === 'string') return this.#fail(record);
    const found = hashLine(bytes);
    if (this.#line === 1 && !this.#beginFile(record)) return false;
    if (!this.#follows(record, bytes, found)) return false;
    if (typeof record.time !== 'string' || typeof record.type !== 'string') return this.#fail('time or type is missing');
    const vouched = this.#vouchedAt(record.seq as number);
    if (vouched !== undefined && vouched.hash !== found) return this.#fail('another record was countersigned in this place');
    if (!this.#means(record, bytes, found)) return false;
    const wrong = this.#inspect?.(record);
    if (wrong !== undefined) return this.#fail(wrong);
    this.#accept(record, found, vouched);
    return true;
  }

  #accept(record: ParsedRecord, found: string, vouched: Vouched | undefined): void {
    const { seq, time, type } = record as { seq: number; time: string; type: string };
    const proven = vouched !== undefined || this.#signed?.seq === seq;
    this.#last = { ...this.#place(), seq, prev: record.prev as string, proven };
    this.#next = { seq: seq + 1, hash: found };
    if (vouched?.proven === true) this.#lastVouched = seq;
    this.#records += 1;
    this.#from ??= time;
    this.#to = time;
    this.#ended = type === 'chain-end' || (this.#ended && type === 'checkpoint');
    if (this.#signed?.seq !== seq) this.#unsignedSince ??= time;
  }

  /** Sets what the first record of a file has to carry, where that is not known from the files before. */
  #beginFile(record: ParsedRecord): boolean {
    const start = record.type === 'chain-start';
    if (!start && !this.#middle) return this.#fail('the first record is not a chain-start');
    const { seq, prev, continues } = record;
    if (start && seq === 0 && continues !== undefined) return this.#beginOldFile(continues);
    if (this.#next !== undefined) return true;
    if (!Number.isSafeInteger(seq) || (seq as number) < 0 || typeof prev !== 'string')
      return this.#fail('seq or prev is missing');
    this.#begins = seq as number;
    this.#next = seq === 0 ? EMPTY_CHAIN : { seq: seq as number, hash: prev };
    // What runs while a chain has to be given up ends in the next one.
    if (seq !== 0 || record.replaces !== undefined) this.#statements.beganBefore();
    return true;
  }

  /** Before 0.2.0 each file was numbered from 0. */
  #beginOldFile(continues: unknown): boolean {
    const { seq, hash } = this.#next ?? {};
    if (seq === undefined || hash === undefined) this.#statements.beganBefore();
    else if (!isPlace(continues, seq - 1, hash))
      return this.#fail('does not go on where the file before it ended: a file is missing between them, or the end of that one');
    this.#next = EMPTY_CHAIN;
    this.#last = undefined;
    return true;
  }

  #follows(record: ParsedRecord, bytes: Buffer, found: string): boolean {
    const { seq, hash } = this.#next!;
    if (record.seq !== seq) {
      const last = this.#last;
      if (last !== undefined && record.seq === last.seq && record.prev === last.prev && found !== hash && !last.proven)
        return this.#hesitate(found, faultAt(last, last.seq, TWO_RECORDS), faultAt(this.#place(), last.seq, TWO_RECORDS));
      // One that begins in the middle, and behind it another that stands before it: the first may have been put there.
      if (last !== undefined && this.#records === 1 && (record.seq as number) < this.#begins) {
        const put = faultAt(last, undefined, 'does not belong before the record behind it');
        return this.#hesitate(found, put, faultAt(this.#place(), seq, `seq is ${JSON.stringify(record.seq)}, expected ${seq}`));
      }
      const where = this.#line === 1 && this.#records > 0 ? ': a file is missing between them, or the end of that one' : '';
      return this.#fail(`seq is ${JSON.stringify(record.seq)}, expected ${seq}${where}`);
    }
    if (record.prev === hash) return true;
    if (this.#last === undefined) return this.#fail('does not follow the beginning of a chain');
    const changed = 'was changed: the record after it does not follow it';
    const alien = 'does not follow the record before it';
    if (this.#last.proven) return this.#fail(alien);
    const stands = this.#stands(record, bytes, found);
    if (stands === false) return this.#fail(alien);
    if (stands === true) {
      this.#fault = faultAt(this.#last, this.#last.seq, changed);
      return false;
    }
    const last = faultAt(this.#last, this.#last.seq, changed);
    const either = { ...last, reason: 'this record or the one after it was changed' };
    return this.#hesitate(found, last, faultAt(this.#place(), seq, alien), either);
  }

  /** Whether a record is as it was written, by what it says itself or others say of it; undefined: nobody says. */
  #stands(record: ParsedRecord, bytes: Buffer, found: string): boolean | undefined {
    const seq = record.seq as number;
    const vouched = this.#vouchedAt(seq);
    if (vouched !== undefined) return vouched.hash === found;
    const publicKey = record.type === 'checkpoint' ? this.#keys.get(record.key as string) : undefined;
    if (publicKey !== undefined) return isCheckpointOf(bytes, this.#chain!, publicKey);
    return record.type === 'chain-start' && isPlace(record.continues, seq - 1, record.prev) ? true : undefined;
  }

  /** `ifThisStands`: what is wrong if the record behind says that this one is as it was written. */
  #hesitate(found: string, ifThisStands: ChainFault, otherwise: ChainFault, ifNobodySays = otherwise): false {
    this.#doubt = { hash: found, ifThisStands, otherwise, ifNobodySays };
    return false;
  }

  #decide(bytes: Buffer): void {
    const doubt = this.#doubt!;
    const record = parseRecord(bytes);
    const stands = typeof record !== 'string' && record.prev === doubt.hash;
    this.#fault = stands ? doubt.ifThisStands : doubt.otherwise;
  }

  /** What records of the chain itself say has to hold as well. */
  #means(record: ParsedRecord, bytes: Buffer, found: string): boolean {
    if (record.type === 'chain-start') return this.#chainStart(record);
    if (record.type === 'chain-key') return this.#chainKey(record, found);
    if (record.type === 'checkpoint') return this.#checkpoint(record, bytes);
    const fault = this.#statements.fault(record);
    return fault === undefined || this.#fail(fault);
  }

  #chainStart(record: ParsedRecord): boolean {
    const { seq, prev, continues, chain, identity } = record;
    if (typeof chain !== 'string') return this.#fail('the name of the chain is missing');
    const numberedAgain = seq === 0 && this.#records > 0;
    if (this.#chain !== undefined && chain !== this.#chain && !numberedAgain) return this.#fail('it is of another chain');
    if (seq !== 0 && !isPlace(continues, (seq as number) - 1, prev))
      return this.#fail('a chain begins here, and does not say that it goes on');
    const before = numberedAgain || kindOfChain(chain) === 'cluster' ? undefined : this.#start?.record;
    if (before !== undefined && !isSameIdentity(before.identity, identity))
      return this.#fail('claims another identity than the beginning of its chain');
    this.#chain = chain;
    this.#start = { record, place: this.#place() };
    this.#first ??= this.#start;
    return true;
  }

  #chainKey(record: ParsedRecord, found: string): boolean {
    const { certificate } = record;
    if (!isCertificate(certificate)) return this.#fail('there is no certificate in it');
    const why = this.#trust === undefined ? undefined : certificateFault(certificate, this.#trust);
    if (why !== undefined) return this.#fail(`the certificate does not hold: ${why}`);
    this.#chain ??= certificate.chain;
    const start = this.#start;
    if (start === undefined && certificate.chain !== this.#chain) return this.#fail('the certificate is of another chain');
    if (start !== undefined) {
      const of = start.record.database;
      const database = isRecord(of) ? `${String(of['namespace'])}/${String(of['name'])}` : undefined;
      const differs = certificate.chain !== this.#chain || database !== certificate.database;
      if (differs || !isSameIdentity(start.record.identity, certificate.identity)) {
        const here = faultAt(this.#place(), record.seq as number, 'the certificate is of another chain, identity or Database');
        const claimed = faultAt(
          start.place,
          start.record.seq as number,
          'claims another chain, identity or Database than its certificate',
        );
        if (this.#trust === undefined) return this.#hesitate(found, claimed, here);
        this.#fault = claimed;
        return false;
      }
    }
    this.#certificate = certificate;
    this.#keys.set(keyId(certificate.publicKey), certificate.publicKey);
    return true;
  }

  #checkpoint(record: ParsedRecord, bytes: Buffer): boolean {
    const publicKey = this.#keys.get(record.key as string);
    if (publicKey === undefined) {
      if (this.#begins === 0) return this.#fail('is signed with a key that has no certificate in this chain');
      this.#remarks.add('checkpoints before the first certificate could not be checked: the chain was given from its middle on');
      return true;
    }
    if (!isCheckpointOf(bytes, this.#chain!, publicKey)) {
      const since = this.#signed === undefined ? 'of the chain' : `after seq ${this.#signed.seq}`;
      return this.#fail(`the signature does not fit: this record, or those ${since} before it, were written anew`);
    }
    this.#remarkUnsigned(record.time as string);
    this.#unsignedSince = undefined;
    this.#signed = { seq: record.seq as number, time: record.time as string };
    return true;
  }

  #remarkUnsigned(until: string | undefined): void {
    if (this.#keys.size === 0 || this.#unsignedSince === undefined || until === undefined) return;
    const length = Date.parse(until) - Date.parse(this.#unsignedSince);
    if (length > LONG_UNSIGNED) this.#remarks.add(`no checkpoint from ${this.#unsignedSince} to ${until}`);
  }

  #nextVoucher(): Vouched | undefined {
    const { done, value } = this.#vouched.next();
    return done === true ? undefined : value;
  }

  /** Goes forward only. */
  #vouchedAt(seq: number): Vouched | undefined {
    while (this.#voucher !== undefined && this.#voucher.position < seq) this.#voucher = this.#nextVoucher();
    return this.#voucher?.position === seq ? this.#voucher : undefined;
  }

  #expectVouched(): void {
    if (this.#fault !== undefined) return;
    const next = this.#next?.seq ?? 0;
    this.#vouchedAt(next);
    if (this.#voucher === undefined) return;
    let last = this.#voucher.position;
    for (let more = this.#nextVoucher(); more !== undefined; more = this.#nextVoucher()) last = more.position;
    this.#line += 1;
    this.#fault = faultAt(this.#place(), next, `the end is missing: the chain was countersigned up to seq ${last}`);
  }

  #place(): Place {
    return { line: this.#line, offset: this.#offset, source: this.#source };
  }

  #fail(reason: string): false {
    this.#fault = faultAt(this.#place(), this.#next?.seq, reason);
    return false;
  }
}
