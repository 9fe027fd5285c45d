/**
 * Files of cases for the harness, plain SQL with headers:
 *
 *   -- case: point lookup
 *   -- parameters: ["1"]
 *   SELECT name FROM customers WHERE id = $1
 *   -- rewritten:
 *   SELECT name FROM (SELECT id, name FROM customers) AS customers WHERE id = $1
 *   -- expect: same
 *
 * `setup` instead of `case` runs once before everything. A case without `rewritten` needs a rewriter from outside.
 */

export interface DifferentialCase {
  readonly name: string;
  readonly original: string;
  readonly rewritten: string | null;
  readonly parameters: readonly (string | null)[];
  readonly protocol: 'simple' | 'extended';
  /** The verdict the author expects; checked by the tests, shown by the CLI. */
  readonly expect: 'same' | 'minor' | 'different' | 'unstable' | null;
}

export interface CaseFile {
  readonly setup: readonly string[];
  readonly cases: readonly DifferentialCase[];
}

const HEADER = /^--\s*(case|setup|parameters|rewritten|expect|protocol):\s*(.*)$/;

export function readCases(text: string): CaseFile {
  const setup: string[] = [];
  const cases: DifferentialCase[] = [];
  let current: {
    name: string;
    setup: boolean;
    original: string[];
    rewritten: string[] | null;
    parameters: (string | null)[];
    protocol: 'simple' | 'extended';
    expect: DifferentialCase['expect'];
  } | null = null;
  const finish = (): void => {
    if (current === null) return;
    const original = statement(current.original);
    if (current.setup) setup.push(original);
    else cases.push({ ...current, original, rewritten: current.rewritten === null ? null : statement(current.rewritten) });
    current = null;
  };
  for (const [index, line] of text.split('\n').entries()) {
    const header = HEADER.exec(line);
    if (header === null) {
      if (current === null) {
        if (line.trim() !== '' && !line.startsWith('--')) throw new Error(`line ${index + 1}: SQL before the first "-- case:"`);
      } else (current.rewritten ?? current.original).push(line);
      continue;
    }
    const [, key, value = ''] = header;
    if (key === 'case' || key === 'setup') {
      finish();
      current = {
        name: value,
        setup: key === 'setup',
        original: [],
        rewritten: null,
        parameters: [],
        protocol: 'extended',
        expect: null,
      };
      continue;
    }
    if (current === null) throw new Error(`line ${index + 1}: "-- ${key}:" before the first case`);
    if (key === 'rewritten') current.rewritten = [];
    else if (key === 'parameters') current.parameters = JSON.parse(value) as (string | null)[];
    else if (key === 'protocol') current.protocol = value === 'simple' ? 'simple' : 'extended';
    else current.expect = value as DifferentialCase['expect'];
  }
  finish();
  return { setup, cases };
}

function statement(lines: readonly string[]): string {
  return lines.join('\n').trim().replace(/;$/, '');
}
