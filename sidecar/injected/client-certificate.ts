/**
 * TLS for clients of the pod that insist on it: an authority of this sidecar's own, whose certificate application containers mount, and a leaf for
 * every name and address that leads here. Kept in the memory volume over a restart of the container, because an application may have read the
 * authority once and for all.
 */
import type { EventLog } from '../../core/event-log.ts';
import { X509Certificate } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { LocalCertificate } from '../listen/local-certificate.ts';

export interface ClientCertificateOptions {
  readonly names: readonly string[];
  readonly stateDirectory: string;
  readonly caFile: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly log: EventLog;
}

const FILE = 'client-tls.json';
const DAY_MS = 24 * 60 * 60 * 1000;
/** Longer than any pod lives. */
const LIFETIME = 3650 * DAY_MS;

interface Kept extends LocalCertificate {
  readonly formatVersion: 1;
  readonly names: readonly string[];
}

/** Rejects when the authority's certificate cannot be written where applications look for it. */
export async function clientCertificate(options: ClientCertificateOptions): Promise<SecureContext> {
  const names = [...new Set(['localhost', '127.0.0.1', '::1', ...options.names])].sort();
  const kept = read(options, names) ?? (await make(options, names));
  replace(options.caFile, kept.authority, 0o644);
  return createSecureContext({ cert: kept.certificate, key: kept.key, minVersion: 'TLSv1.2' });
}

function read({ stateDirectory, now }: ClientCertificateOptions, names: readonly string[]): Kept | undefined {
  try {
    const kept = JSON.parse(readFileSync(join(stateDirectory, FILE), 'utf8')) as Kept;
    const left = Date.parse(new X509Certificate(kept.authority).validTo) - now;
    const fits = kept.formatVersion === 1 && JSON.stringify(kept.names) === JSON.stringify(names) && left > DAY_MS;
    return fits && new X509Certificate(kept.certificate).checkIssued(new X509Certificate(kept.authority)) ? kept : undefined;
  } catch {
    // None yet, or none that can be used: another is made.
    return undefined;
  }
}

async function make({ stateDirectory, now, log }: ClientCertificateOptions, names: readonly string[]): Promise<Kept> {
  const { makeLocalCertificate } = await import('../listen/local-certificate.ts');
  const kept: Kept = { formatVersion: 1, names, ...(await makeLocalCertificate(names, now, LIFETIME)) };
  try {
    replace(join(stateDirectory, FILE), JSON.stringify(kept), 0o600);
  } catch (error) {
    log('warn', 'client-certificate-not-kept', { reason: (error as NodeJS.ErrnoException).code ?? 'unknown error' });
  }
  return kept;
}

function replace(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.tmp`, text, { mode });
  renameSync(`${path}.tmp`, path);
}
