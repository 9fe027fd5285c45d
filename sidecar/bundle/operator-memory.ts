/**
 * What the operator said last, kept in the sidecar's memory volume so that a restart of the container needs no operator. Three files: the
 * content, written when it changes, its findings, which are large and change seldom (without them more is masked, nothing less), and when the
 * operator was heard from, written often. Each is written beside itself and renamed, so that
 * there is always a whole one; what cannot be used is ignored, and then the sidecar waits for the operator.
 *
 * How old the content is must not depend on a clock that somebody sets: beside the wall clock there is the time since the machine started, and
 * the later of the two ages counts. A time in the future is not believed.
 */
import type { EventLog } from '../../core/event-log.ts';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from '../../core/identity/identity.ts';
import { isRecord } from '../../core/json/read.ts';
import { readIdentity, readState, ReceivedObjectError } from './received-objects.ts';
import type { Remembered } from './streamed-database.ts';

export interface OperatorContent {
  readonly identity: Identity;
  /** PEM, as announced. */
  readonly authorities: readonly string[];
  /** By `namespace/name`. */
  readonly databases: Readonly<Record<string, Remembered>>;
}

/** A moment, twice: milliseconds since the epoch, and seconds since the machine started. */
export interface Contact {
  readonly at: number;
  readonly uptime: number;
}

export interface OperatorMemoryOptions {
  /** Of this container alone, and in memory. */
  readonly directory: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Seconds since the machine started, however it slept. */
  readonly uptime: () => number;
  readonly log: EventLog;
}

const FORMAT = 1;
const CONTENT = 'operator.json';
const FINDINGS = 'findings.json';
const CONTACT = 'contact.json';

export class OperatorMemory {
  readonly #options: OperatorMemoryOptions;
  /** Of the last write that failed, so that it is said once. */
  #failure: string | undefined;
  /** As they stand in the file, by Database. */
  #findings: ReadonlyMap<string, string> = new Map();

  constructor(options: OperatorMemoryOptions) {
    this.#options = options;
  }

  /** Undefined: there is nothing, or nothing of use. */
  load(): OperatorContent | undefined {
    const value = this.#read(CONTENT);
    if (value === undefined) return undefined;
    try {
      const content = readContent(value);
      return { ...content, databases: this.#withFindings(content.databases) };
    } catch (error) {
      if (!(error instanceof ReceivedObjectError)) throw error;
      this.#options.log('warn', 'operator-memory-ignored', { file: CONTENT, reason: error.message });
      return undefined;
    }
  }

  /** When the operator spoke about each Database, as it was noted. */
  contacts(): ReadonlyMap<string, Contact> {
    const value = this.#read(CONTACT);
    const noted = value?.['formatVersion'] === FORMAT && isRecord(value['contacts']) ? Object.entries(value['contacts']) : [];
    return new Map(
      noted.flatMap(([key, contact]) =>
        isRecord(contact) && typeof contact['at'] === 'number' && typeof contact['uptime'] === 'number'
          ? [[key, { at: contact['at'], uptime: contact['uptime'] }] as const]
          : [],
      ),
    );
  }

  /** Milliseconds since then; infinite where that is not known or not to be believed. */
  age(contact: Contact | undefined): number {
    if (contact === undefined) return Number.POSITIVE_INFINITY;
    const ages = [this.#options.now() - contact.at, (this.#options.uptime() - contact.uptime) * 1000];
    return ages.every((age) => age >= 0) ? Math.max(...ages) : Number.POSITIVE_INFINITY;
  }

  save(content: OperatorContent): void {
    const findings = new Map<string, string>();
    const databases = Object.entries(content.databases).map(([key, each]) => {
      if (each.kind !== 'state' || each.findings === undefined) return [key, each] as const;
      findings.set(key, each.findings);
      const { findings: _, ...rest } = each;
      return [key, rest] as const;
    });
    if (!isSame(findings, this.#findings))
      this.#write(FINDINGS, { formatVersion: FORMAT, findings: Object.fromEntries(findings) });
    this.#findings = findings;
    this.#write(CONTENT, { formatVersion: FORMAT, ...content, databases: Object.fromEntries(databases) });
  }

  /** The operator has spoken about these Databases just now, about the others when they last were. */
  heard(contacts: ReadonlyMap<string, Contact>): void {
    this.#write(CONTACT, { formatVersion: FORMAT, contacts: Object.fromEntries(contacts) });
  }

  forget(): void {
    this.#findings = new Map();
    for (const file of [CONTENT, FINDINGS, CONTACT]) rmSync(join(this.#options.directory, file), { force: true });
  }

  #withFindings(databases: OperatorContent['databases']): OperatorContent['databases'] {
    const value = this.#read(FINDINGS);
    const kept = value?.['formatVersion'] === FORMAT && isRecord(value['findings']) ? value['findings'] : {};
    const texts = Object.entries(kept).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    this.#findings = new Map(texts);
    return Object.fromEntries(
      Object.entries(databases).map(([key, each]) => {
        const findings = this.#findings.get(key);
        return [key, each.kind === 'state' && findings !== undefined ? { ...each, findings } : each];
      }),
    );
  }

  #read(file: string): Readonly<Record<string, unknown>> | undefined {
    try {
      const value: unknown = JSON.parse(readFileSync(join(this.#options.directory, file), 'utf8'));
      if (isRecord(value)) return value;
      this.#options.log('warn', 'operator-memory-ignored', { file, reason: 'it is not of this format' });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      // Never what is in it: a parser quotes what it trips over.
      if (code !== 'ENOENT') this.#options.log('warn', 'operator-memory-ignored', { file, reason: code ?? 'it is not JSON' });
    }
    return undefined;
  }

  #write(file: string, value: unknown): void {
    const path = join(this.#options.directory, file);
    try {
      writeFileSync(`${path}.tmp`, JSON.stringify(value), { mode: 0o600 });
      renameSync(`${path}.tmp`, path);
      this.#failure = undefined;
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      if (reason !== this.#failure) this.#options.log('warn', 'operator-memory-not-written', { file, reason });
      this.#failure = reason;
    }
  }
}

function readContent(value: Readonly<Record<string, unknown>>): OperatorContent {
  const { formatVersion, identity, authorities, databases } = value;
  if (formatVersion !== FORMAT || !Array.isArray(authorities) || !isRecord(databases))
    throw new ReceivedObjectError('it is not of this format');
  const known = readIdentity(identity);
  if (known === undefined) throw new ReceivedObjectError('it names no identity');
  return {
    identity: known,
    authorities: authorities.filter((each) => typeof each === 'string'),
    databases: Object.fromEntries(Object.entries(databases).map(([key, each]) => [key, readRemembered(each)])),
  };
}

function readRemembered(value: unknown): Remembered {
  if (!isRecord(value)) throw new ReceivedObjectError('a Database in it is none');
  const { kind, reason, state, credential, digestKey } = value;
  if (kind === 'withdrawn' && typeof reason === 'string') return { kind, reason };
  if (kind !== 'state' || !isRecord(state)) throw new ReceivedObjectError('a Database in it is none');
  const login = isRecord(credential) ? credential : {};
  return {
    kind,
    state: readState(state),
    ...(typeof login['username'] === 'string' && typeof login['password'] === 'string'
      ? { credential: { username: login['username'], password: login['password'] } }
      : {}),
    ...(typeof digestKey === 'string' ? { digestKey } : {}),
  };
}

function isSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, text]) => b.get(key) === text);
}
