/**
 * One authority after another, as a Secret holds them, and what is to be done next. Pure.
 *
 *   tls.crt, tls.key    the authority that signs leafs
 *   next.crt, next.key  its successor: announced, trusted already, signs nothing yet
 *   ca.crt              all that are to be trusted: former ones until they expire, the one that signs, the successor
 *
 * An authority is trusted before it signs, and for as long as it is valid: no client ever meets a leaf whose authority it has not been told.
 */
import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { type SecretData, SecretProblem } from './agreed-secret.ts';
import { CLOCK_SKEW, certificatesOf, type KeyPair, pemOf, validityOf } from '../../core/certificates/x509.ts';

export interface Authorities {
  readonly signing: KeyPair;
  readonly next: KeyPair | undefined;
  /** PEM each; the one that signs first. */
  readonly trusted: readonly string[];
}

export interface Succession {
  /** Milliseconds an authority is valid. */
  readonly lifetime: number;
  /** Milliseconds before its end at which its successor is announced. */
  readonly announceBefore: number;
  /** Milliseconds a successor is announced before it signs. */
  readonly promoteAfter: number;
}

const DAY = 24 * 3600_000;

/** Its clients are API servers, which learn of a successor within moments. */
export const WEBHOOK_SUCCESSION: Succession = { lifetime: 365 * DAY, announceBefore: 122 * DAY, promoteAfter: 60_000 };
/**
 * Its clients are sidecars that have fixed an authority at injection and hear of successors over the stream: those that were there during the
 * ninety days know it, and the old one is still good for ninety days more when it stops signing.
 */
export const STREAM_SUCCESSION: Succession = { lifetime: 3650 * DAY, announceBefore: 180 * DAY, promoteAfter: 90 * DAY };

export type Step = 'announce' | 'promote' | 'prune' | undefined;

export function nextStep(authorities: Authorities, now: number, succession: Succession): Step {
  const { until } = validity(authorities.signing);
  if (authorities.next === undefined) {
    if (now >= until - succession.announceBefore) return 'announce';
  } else if (now >= validity(authorities.next).until) {
    return 'announce';
  } else if (now >= announcedAt(authorities.next) + succession.promoteAfter || now >= until) {
    return 'promote';
  }
  return authorities.trusted.some((each) => isExpired(each, now)) ? 'prune' : undefined;
}

export function announce(authorities: Authorities, successor: KeyPair, now: number): SecretData {
  return print({ signing: authorities.signing, next: successor, trusted: authorities.trusted }, now);
}

export function promote({ signing, next, trusted }: Authorities, now: number): SecretData {
  if (next === undefined) throw new Error('there is no successor');
  return print({ signing: next, next: undefined, trusted: [...trusted, signing.certificate] }, now);
}

export function prune(authorities: Authorities, now: number): SecretData {
  return print(authorities, now);
}

export function found(authority: KeyPair, now: number): SecretData {
  return print({ signing: authority, next: undefined, trusted: [] }, now);
}

/** @throws SecretProblem */
export function parseAuthorities(data: SecretData): Authorities {
  const signing = pair(data, 'tls');
  if (signing === undefined) throw new SecretProblem('it has no tls.crt and tls.key');
  const next = pair(data, 'next');
  const listed = certificates(data, 'ca.crt').map(pemOf);
  const trusted = [signing.certificate, ...(next === undefined ? [] : [next.certificate]), ...listed];
  return { signing, next, trusted: [...new Set(trusted)] };
}

/** Those of `trusted` that have not expired; the one that signs stays even then, and no list is empty. */
export function unexpired({ signing, trusted }: Authorities, now: number): readonly string[] {
  return trusted.filter((each) => each === signing.certificate || !isExpired(each, now));
}

/** When the successor was made, which is when it was announced. */
function announcedAt(next: KeyPair): number {
  return validity(next).from + CLOCK_SKEW;
}

function validity(pair: KeyPair): ReturnType<typeof validityOf> {
  return validityOf(certificatesOf(pair.certificate)[0]!);
}

function isExpired(certificate: string, now: number): boolean {
  return validityOf(certificatesOf(certificate)[0]!).until <= now;
}

function print(authorities: Authorities, now: number): SecretData {
  const { signing, next } = authorities;
  const trusted = new Set([signing.certificate, ...(next === undefined ? [] : [next.certificate]), ...authorities.trusted]);
  return {
    'tls.crt': Buffer.from(signing.certificate),
    'tls.key': Buffer.from(signing.key),
    ...(next === undefined ? {} : { 'next.crt': Buffer.from(next.certificate), 'next.key': Buffer.from(next.key) }),
    'ca.crt': Buffer.from(unexpired({ signing, next, trusted: [...trusted] }, now).join('')),
  };
}

/** A certificate of an authority and the key that belongs to it; undefined where neither is there. */
function pair(data: SecretData, name: 'tls' | 'next'): KeyPair | undefined {
  const key = data[`${name}.key`];
  if (data[`${name}.crt`] === undefined && key === undefined) return undefined;
  const [certificate] = certificates(data, `${name}.crt`);
  if (certificate === undefined) throw new SecretProblem(`${name}.crt holds no certificate`);
  if (key === undefined) throw new SecretProblem(`it has ${name}.crt but no ${name}.key`);
  if (!certificate.ca) throw new SecretProblem(`${name}.crt is not the certificate of an authority`);
  if (!matches(certificate, key)) throw new SecretProblem(`${name}.key is not the key of ${name}.crt`);
  return { certificate: pemOf(certificate), key: key.toString() };
}

function certificates(data: SecretData, entry: string): X509Certificate[] {
  try {
    return certificatesOf((data[entry] ?? '').toString());
  } catch {
    throw new SecretProblem(`${entry} holds something that is no certificate`);
  }
}

function matches(certificate: X509Certificate, key: Buffer): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
