/**
 * Policies from files, followed while we run. Directories are watched rather than files, because editors and mounted
 * ConfigMaps replace files instead of writing them; a slow poll stands behind the watch, which some file systems do not
 * support.
 */
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { canonicalHash } from '../../core/json/canonical-json.ts';
import type { Diagnostic } from '../../core/policy/diagnostic.ts';
import type { PolicyFile } from '../../core/policy/documents.ts';
import type { Clock } from './clock.ts';
import { PolicyFileError, readPolicyFiles } from './policy-files.ts';
import { PolicySet } from './policy-set.ts';
import type { PolicySnapshot, PolicySource } from './policy-source.ts';
import { type DatabaseName, selectDatabase } from './select-database.ts';

export interface FileSourceOptions {
  /** Files and directories. */
  readonly paths: readonly string[];
  readonly database: DatabaseName;
  readonly clock: Clock;
  /** What is wrong after a change. At start it is thrown instead. */
  readonly report: (diagnostics: readonly Diagnostic[]) => void;
  /** Milliseconds between a file event and reading, so that a burst of them is read once. */
  readonly debounce?: number;
  /** Milliseconds between polls. */
  readonly poll?: number;
}

/** The files are not fit to start with; `diagnostics` are all the mistakes. */
export class PolicyError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(message: string, diagnostics: readonly Diagnostic[]) {
    super(message);
    this.name = 'PolicyError';
    this.diagnostics = diagnostics;
  }
}

/** Milliseconds. */
const LONGEST_UNSETTLED = 500;

/**
 * @throws PolicyFileError when a file cannot be read.
 * @throws PolicyError when there are mistakes in them, or the Database is not among them.
 */
export async function openFileSource(options: FileSourceOptions): Promise<PolicySource> {
  const set = new PolicySet();
  set.update(await readPolicyFiles(options.paths));
  const snapshot = snapshotOf(set, options.database);
  const errors = snapshot.diagnostics.filter((each) => each.severity === 'error');
  if (errors.length > 0)
    throw new PolicyError(`the policy files have ${errors.length === 1 ? 'a mistake' : `${errors.length} mistakes`}`, errors);
  if (snapshot.database === undefined) throw new PolicyError(snapshot.reason ?? 'there is no such Database', []);
  const source = new FileSource(options, set, snapshot);
  await source.watch();
  return source;
}

class FileSource implements PolicySource {
  readonly #options: FileSourceOptions;
  readonly #set: PolicySet;
  #current: PolicySnapshot;
  readonly #listeners = new Set<(snapshot: PolicySnapshot) => void>();
  readonly #watchers: FSWatcher[] = [];
  #closed = false;
  #reading = false;
  #again = false;
  /** Of the files as last read. */
  #lastSeen = '';
  /** Since when they differ from one reading to the next. */
  #unsettled: number | undefined;
  /** A file event waits for its debounce. */
  #due = false;
  /** The last unreadable-file message, so that a poll does not repeat it. */
  #lastFailure: string | undefined;
  #cancelDebounce: () => void = () => undefined;
  #cancelPoll: () => void = () => undefined;

  constructor(options: FileSourceOptions, set: PolicySet, snapshot: PolicySnapshot) {
    this.#options = options;
    this.#set = set;
    this.#current = snapshot;
  }

  get current(): PolicySnapshot {
    return this.#current;
  }

  onChange(listener: (snapshot: PolicySnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    this.#cancelDebounce();
    this.#cancelPoll();
    for (const watcher of this.#watchers) watcher.close();
  }

  async watch(): Promise<void> {
    const directories = new Set<string>();
    for (const path of this.#options.paths) {
      const found = await stat(path).catch(() => undefined);
      directories.add(found?.isDirectory() === true ? path : dirname(path));
    }
    for (const directory of directories) this.#watchDirectory(directory);
    this.#schedulePoll();
  }

  #watchDirectory(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, () => this.#soon());
      // The directory went away, or the watch cannot go on: the poll still sees changes.
      watcher.on('error', () => watcher.close());
      this.#watchers.push(watcher);
    } catch {
      // Not supported here: the poll does the work.
    }
  }

  #soon(): void {
    // Not put off by further events: something else may be writing into the directory all the time.
    if (this.#closed || this.#due) return;
    this.#due = true;
    this.#cancelDebounce = this.#options.clock.after(this.#options.debounce ?? 100, () => {
      this.#due = false;
      void this.#reload();
    });
  }

  #schedulePoll(): void {
    if (this.#closed) return;
    this.#cancelPoll = this.#options.clock.after(
      this.#options.poll ?? 5000,
      () => void this.#reload().then(() => this.#schedulePoll()),
    );
  }

  async #reload(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      do {
        this.#again = false;
        await this.#read();
      } while (this.#again && !this.#closed);
    } finally {
      this.#reading = false;
    }
  }

  /** A file that was named and is gone withdraws what it said; one that cannot be read for another reason changes nothing. */
  async #read(): Promise<void> {
    try {
      const files = await readPolicyFiles(await this.#present());
      this.#lastFailure = undefined;
      if (!this.#settled(files)) this.#soon();
      else if (this.#set.update(files)) this.#publish();
    } catch (error) {
      if (!(error instanceof PolicyFileError)) throw error;
      if (error.message !== this.#lastFailure)
        this.#options.report([{ severity: 'error', reason: 'Syntax', message: error.message }]);
      this.#lastFailure = error.message;
      return;
    }
  }

  /**
   * A file that is being written is empty for a moment, and an empty file would withdraw everything in it: a change counts once
   * two readings agree. Where files are rewritten all the time that moment may never come, and the last state must not be put
   * off for ever: then what is there counts.
   */
  #settled(files: readonly PolicyFile[]): boolean {
    const before = this.#lastSeen;
    const now = this.#options.clock.monotonic();
    this.#lastSeen = canonicalHash(files);
    const late = this.#unsettled !== undefined && now - this.#unsettled >= LONGEST_UNSETTLED;
    if (before === this.#lastSeen || late) {
      this.#unsettled = undefined;
      return true;
    }
    this.#unsettled ??= now;
    return false;
  }

  #publish(): void {
    if (this.#closed) return;
    this.#current = snapshotOf(this.#set, this.#options.database);
    this.#options.report(this.#current.diagnostics);
    for (const listener of this.#listeners) listener(this.#current);
  }

  async #present(): Promise<readonly string[]> {
    const present: string[] = [];
    for (const path of this.#options.paths) {
      const missing = await stat(path).then(
        () => false,
        (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT',
      );
      if (!missing) present.push(path);
    }
    return present;
  }
}

function snapshotOf(set: PolicySet, wanted: DatabaseName): PolicySnapshot {
  const content = set.content();
  const selection = selectDatabase(content.databases, wanted);
  return {
    ...(selection.ok ? { database: selection.database } : { reason: selection.reason }),
    policies: content.policies,
    secrets: content.secrets,
    diagnostics: content.diagnostics,
    locate: content.locate,
  };
}
