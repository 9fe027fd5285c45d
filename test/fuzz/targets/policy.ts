/**
 * Policies, from text to bundle: whatever the text, there is a list of sentences and perhaps a bundle, within time and memory; and a mistake in
 * a policy never makes it say more than before without a word.
 *
 * An input that begins with `# mistake in N` is policy N with one mistake in it, and is compared with policy N.
 */
import { readFileSync } from 'node:fs';
import { Catalog } from '../../../core/catalog/catalog.ts';
import type { Bundle } from '../../../core/policy/bundle.ts';
import type { Identity } from '../../../core/identity/identity.ts';
import { compileBundle } from '../../../core/policy/compile.ts';
import { type Diagnostic, formatDiagnostic } from '../../../core/policy/diagnostic.ts';
import { loadDocuments } from '../../../core/policy/documents.ts';
import { mutateBytes } from '../byte-mutator.ts';
import type { Random } from '../random.ts';
import { LINES } from '../shrink.ts';
import type { Fuzzed, ThreadSetup, ThreadTarget } from '../target.ts';
import { widerThan } from '../wider.ts';
import { disturb, mistake, trees, write } from '../yaml-tree.ts';

export const target: ThreadTarget = { name: 'policy', extension: 'yaml', pieces: LINES, slowest: 2_000, prepare };

const FILES = ['../../fixtures/restrictive.yaml', '../../fixtures/allow-all.yaml', '../rich.yaml', '../observing.yaml'];
const LARGEST = 100_000;
const MARK = /^# mistake in (\d)\n/;
const SENTENCE = /^[^\n]{3,}$/s;

async function prepare({ catalog: data }: ThreadSetup): Promise<Fuzzed> {
  const catalog = new Catalog(data);
  const texts = FILES.map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'));
  const bases = texts.map((text) => {
    const { bundle, wrong } = compiled(write(trees(text)), catalog);
    if (bundle === undefined) throw new Error(wrong.map(formatDiagnostic).join('\n'));
    return { bundle, words: new Set(wrong.map(({ message }) => message)), lines: lines(write(trees(text))) };
  });
  let withBundle = 0;
  let mistakes = 0;
  let said = 0;
  return {
    seeds: [...texts, ...HOSTILE].map((text) => Buffer.from(text)),
    draw: (random, pick) => {
      const index = random.below(texts.length);
      if (random.once(2)) return Buffer.from(`# mistake in ${index}\n${mistaken(texts[index]!, random)}`);
      if (random.once(2)) return Buffer.from(disturbed(texts[index]!, random)).subarray(0, LARGEST);
      // Whatever changed in it is no mistake that must be named.
      return mutateBytes(unmarked(pick()), random, [unmarked(pick()), ...PIECES], LARGEST);
    },
    check: (input) => {
      const text = input.toString('utf8');
      const of = MARK.exec(text);
      const base = of === null ? undefined : bases[Number(of[1])];
      const { bundle, wrong, unspoken } = compiled(text, catalog, base?.bundle.identity);
      if (unspoken !== undefined) return unspoken;
      if (bundle !== undefined) withBundle++;
      // A document is a line: without one of them (made smaller) it is another policy, and no mistake in this one.
      if (base === undefined || lines(text) !== base.lines + 1) return undefined;
      mistakes++;
      if (wrong.some(({ message }) => !base.words.has(message))) said++;
      else if (bundle !== undefined) {
        const more = widerThan(base.bundle, bundle);
        if (more !== undefined) return `says more than before without a word: ${more}`;
      }
      return undefined;
    },
    figures: () => ({ 'with a bundle': withBundle, mistakes, 'mistakes that are named': said }),
  };
}

function unmarked(input: Buffer): Buffer {
  return Buffer.from(input.toString('utf8').replace(MARK, ''));
}

function lines(text: string): number {
  return text.split('\n').length;
}

interface Compiled {
  readonly bundle: Bundle | undefined;
  /** Errors and warnings. */
  readonly wrong: readonly Diagnostic[];
  /** What is no sentence. */
  readonly unspoken: string | undefined;
}

/** As whom: the first subject, unless told. */
function compiled(text: string, catalog: Catalog, as?: Identity): Compiled {
  const loaded = loadDocuments([{ name: 'policy.yaml', text }]);
  const [database] = loaded.databases;
  const [policy] = loaded.policies;
  const account = policy?.spec.subjects[0]?.serviceAccount;
  const result =
    database === undefined
      ? undefined
      : compileBundle({
          database,
          policies: loaded.policies,
          identity: as ?? { namespace: account?.namespace ?? 'ai-agents', serviceAccount: account?.name ?? 'agent' },
          catalog,
          detected: new Map(),
          now: 0,
        });
  const diagnostics = [...loaded.diagnostics, ...(result?.diagnostics ?? []).map((each) => loaded.locate(each))];
  const odd = diagnostics.find((each) => !SENTENCE.test(formatDiagnostic(each)) || each.message.length > 2_000);
  return {
    bundle: result?.bundle,
    wrong: diagnostics.filter(({ severity }) => severity !== 'notice'),
    unspoken: odd === undefined ? undefined : `no sentence: ${odd.reason} ${odd.message.slice(0, 60)}`,
  };
}

function mistaken(text: string, random: Random): string {
  const documents = trees(text);
  mistake(documents, random);
  return write(documents);
}

function disturbed(text: string, random: Random): string {
  const documents = trees(text);
  for (let count = random.between(1, 4); count > 0; count--) disturb(documents, random);
  return write(documents);
}

const PIECES = [
  '&a ',
  '*a',
  '*.*',
  '<<: ',
  '!!binary ',
  '--- ',
  '...\n',
  '? ',
  '|\n',
  '>-\n',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '\\u0000',
  '\t',
  '# ',
  '%YAML 1.1\n',
  '\ufeff',
  '- ',
].map((text) => Buffer.from(text));
const bomb = (levels: number): string =>
  `a0: &a0 [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: levels }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]\n`).join('')}`;
const HOSTILE: readonly string[] = [
  bomb(12),
  `apiVersion: sluice.dev/v1alpha1\nkind: Database\nmetadata: &m {name: a, loop: *m}\nspec: {}\n`,
  '['.repeat(20_000),
  '{a: '.repeat(5_000),
  '- '.repeat(20_000),
  `a: ${'!'.repeat(10_000)}`,
  `${'? '.repeat(3_000)}a`,
  `x: "${'\\u0000'.repeat(1_000)}"`,
  '%YAML 9.9\n---\na: b\n',
  '%TAG ! tag:x,2000:\n---\n!foo a: b\n',
  'a: 1\na: 2\n',
  '\ufeffa: b',
  '--- |\n x\n--- >\n y\n',
  'a: !!js/function "function(){}"\n',
  `${'---\n'.repeat(5_000)}`,
  `a: ${'9'.repeat(5_000)}\n`,
  '__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n',
];
