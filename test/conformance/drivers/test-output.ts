/**
 * What a test program prints, read line by line as it comes, in the form of Go's `-test.v=test2json`: each marker stands after a
 * SYN byte at the start of a line. The programs of other languages here print the same markers.
 *
 *   ^V=== RUN   TestName          ^V=== PAUSE TestName / CONT / NAME
 *   ^V--- PASS: TestName (0.01s)  (FAIL, SKIP; indented for subtests)
 */

export type Status = 'pass' | 'fail' | 'skip';

export interface Outcome {
  readonly status: Status;
  /** What it printed. */
  readonly output: string;
  readonly seconds: number;
}

const MARKER = /^\x16?(?:=== (RUN|PAUSE|CONT|NAME) +(\S.*)|\x16?\s*--- (PASS|FAIL|SKIP): (.+) \((\d+(?:\.\d+)?)s\))$/;

export class TestOutput {
  readonly outcomes = new Map<string, Outcome>();
  readonly #current: (test: string | null) => void;
  readonly #printed = new Map<string, string[]>();
  #running: string | null = null;
  #rest = '';

  constructor(current: (test: string | null) => void) {
    this.#current = current;
  }

  /** Test that was running when the program ended, and what the program printed outside of tests. */
  get unfinished(): string | null {
    return this.#running;
  }

  /** Names of all tests that were begun. */
  get begun(): readonly string[] {
    return [...this.#printed.keys()].filter((name) => name !== '');
  }

  outside(): string {
    return (this.#printed.get('') ?? []).join('\n');
  }

  feed(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  /** The program ended; a test still running has failed. */
  end(reason: string): void {
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
    if (this.#running !== null) {
      this.#print(this.#running, reason);
      for (const name of ancestry(this.#running)) {
        if (this.#printed.has(name)) this.#finish(name, 'fail', 0);
      }
    }
    this.#switch(null);
  }

  #line(line: string): void {
    const at = line.indexOf('\x16');
    // A test that printed without a line feed is followed by a marker on the same line.
    if (at > 0) {
      this.#print(this.#running ?? '', line.slice(0, at));
      this.#line(line.slice(at));
      return;
    }
    const [, verb, name, status, finished, seconds] = MARKER.exec(line.trimEnd()) ?? [];
    if (name !== undefined) {
      if (!this.#printed.has(name)) this.#printed.set(name, []);
      if (verb === 'PAUSE') this.#switch(this.#parent(name));
      else this.#switch(name);
    } else if (finished !== undefined && status !== undefined) {
      this.#finish(finished, status.toLowerCase() as Status, Number(seconds));
      if (this.#running === finished) this.#switch(this.#parent(finished));
    } else this.#print(this.#running ?? '', line);
  }

  #finish(name: string, status: Status, seconds: number): void {
    if (this.outcomes.has(name)) return;
    this.outcomes.set(name, { status, seconds, output: (this.#printed.get(name) ?? []).join('\n') });
  }

  #parent(name: string): string | null {
    return ancestry(name).find((candidate) => candidate !== name && this.#printed.has(candidate)) ?? null;
  }

  #switch(name: string | null): void {
    this.#running = name;
    this.#current(name);
  }

  #print(test: string, line: string): void {
    const lines = this.#printed.get(test);
    if (lines === undefined) this.#printed.set(test, [line]);
    else if (lines.length < 2_000) lines.push(line);
  }
}

/** The name itself, then what stands before each of its slashes, longest first. */
export function ancestry(name: string): readonly string[] {
  const found = [name];
  for (let at = name.lastIndexOf('/'); at > 0; at = name.lastIndexOf('/', at - 1)) found.push(name.slice(0, at));
  return found;
}
