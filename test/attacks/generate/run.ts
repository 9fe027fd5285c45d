/**
 * The generator at work: draws case after case, proves each on the bare relay, judges it through Sluice in some protocol forms,
 * and its honest twin against the reference database, until the time or the number is reached.
 */
import { readFile } from 'node:fs/promises';
import { describeFindings } from '../../oracle/canary-oracle.ts';
import { formsFitting, type Form } from '../forms.ts';
import { changed, stateOf, type State } from '../state.ts';
import { compose, type Case } from './compose.ts';
import { Draw } from './draw.ts';
import { deaths, judge, judgeBare, judgeTwin, Sessions, type Bare } from './judge.ts';
import type { Field } from './laboratory.ts';

export interface Finding {
  /** `SEED.NUMBER/FORM`: runs it again alone. */
  readonly id: string;
  readonly what: string;
  readonly seen: string;
  readonly sql: string;
}

export interface Result {
  /** Statements drawn, by what they do on the bare relay. */
  readonly bare: Record<Bare, number>;
  /** Executions through Sluice of statements that show or tell on the relay. */
  attacks: number;
  /** Executions of the others. */
  others: number;
  /** Of the attacks: those that Sluice answered without an error, masked or filtered. */
  answered: number;
  twins: { same: number; different: number; unfit: number };
  readonly leaks: Finding[];
  readonly differences: Finding[];
  deaths: number;
  /** Executions by protocol form. */
  readonly forms: Map<string, number>;
}

export interface Running {
  readonly seed: number;
  readonly major: 15 | 18;
  /** Stops at this time or number of statements, whichever comes first. */
  readonly until: number;
  readonly statements: number;
  readonly only: readonly string[];
  readonly say: (line: string) => void;
}

/** How many protocol forms one statement takes, and its twin. */
const FORMS_EACH = 3;
/** The state of the database is looked at after so many statements. */
const STATE_EVERY = 400;

export async function runGenerated(field: Field, options: Running): Promise<Result> {
  const result: Result = {
    bare: { shows: 0, tells: 0, quiet: 0, unfit: 0 },
    attacks: 0,
    others: 0,
    answered: 0,
    twins: { same: 0, different: 0, unfit: 0 },
    leaks: [],
    differences: [],
    deaths: 0,
    forms: new Map(),
  };
  const sessions = new Sessions(field);
  const pristine = await state(field);
  let unchanged = 0;
  for (const { seed, index, forms } of cases(options)) {
    if (Date.now() > options.until) break;
    await one(field, sessions, result, { seed, index, forms, major: options.major });
    if ((index + 1) % STATE_EVERY === 0) {
      await checkState(field, result, pristine, `${seed}.${unchanged}-${index}`);
      unchanged = index + 1;
      result.deaths = deaths(field);
      if (result.deaths > 0) break;
    }
    if ((index + 1) % 2_000 === 0)
      options.say(
        `  ${index + 1} statements, ${result.attacks} attacks, ${result.leaks.length} leaks, ${result.differences.length} differences`,
      );
  }
  await sessions.close();
  await checkState(field, result, pristine, 'the last cases');
  result.deaths = deaths(field);
  await checkRecords(field, result);
  return result;
}

interface Drawn {
  readonly seed: number;
  readonly index: number;
  /** Undefined: drawn too. */
  readonly forms: readonly Form[] | undefined;
}

function* cases(options: Running): Generator<Drawn> {
  if (options.only.length === 0) {
    for (let index = 0; index < options.statements; index++) yield { seed: options.seed, index, forms: undefined };
    return;
  }
  for (const id of options.only) {
    const [, seed, index, form] = /^(\d+)\.(\d+)(?:\/(\S+))?$/.exec(id) ?? [];
    if (seed === undefined) throw new Error(`not a case: ${id} (SEED.NUMBER or SEED.NUMBER/FORM)`);
    yield { seed: Number(seed), index: Number(index), forms: form === undefined ? undefined : [form as Form] };
  }
}

async function one(field: Field, sessions: Sessions, result: Result, drawn: Drawn & { readonly major: 15 | 18 }): Promise<void> {
  const { seed, index, major } = drawn;
  const dice = new Draw(seed ^ 0x5f0d, index);
  const attack = compose(seed, index, false, major);
  if (attack !== null) {
    const bare = await judgeBare(field, sessions, attack);
    result.bare[bare]++;
    // What the server itself does not take proves little; one form of it is enough.
    const forms = drawn.forms ?? chosen(attack, false, dice, bare === 'shows' || bare === 'tells' ? FORMS_EACH : 1);
    for (const form of forms) await attackOnce(field, sessions, result, attack, form, bare);
  }
  const twin = compose(seed, index, true, major);
  if (twin === null) return;
  for (const form of drawn.forms?.filter((each) => formsFitting(twin.shape, true).includes(each)) ??
    chosen(twin, true, dice, 1)) {
    const { result: found, seen } = await judgeTwin(field, sessions, twin, form);
    result.twins[found]++;
    if (found === 'different') result.differences.push(finding(twin, form, 'twin', seen));
  }
}

async function attackOnce(field: Field, sessions: Sessions, result: Result, attack: Case, form: Form, bare: Bare): Promise<void> {
  const verdict = await judge(field, sessions, attack, form);
  result.forms.set(form, (result.forms.get(form) ?? 0) + 1);
  if (bare === 'shows' || bare === 'tells') {
    result.attacks++;
    if (verdict.answered) result.answered++;
  } else result.others++;
  if (verdict.leaked !== null) result.leaks.push(finding(attack, form, 'leaked', verdict.leaked));
  if (verdict.told !== null) result.leaks.push(finding(attack, form, 'told apart', verdict.told));
  if (verdict.lost) result.leaks.push(finding(attack, form, 'session lost', ''));
}

function chosen(each: Case, honest: boolean, dice: Draw, count: number): readonly Form[] {
  const fitting = formsFitting(each.shape, honest);
  return dice.some(fitting, count);
}

function finding(each: Case, form: Form, what: string, seen: string): Finding {
  return { id: `${each.id}/${form}`, what, seen, sql: each.steps.join(' ;; ') };
}

async function state(field: Field): Promise<State> {
  const admin = await field.a.shop.connect('shop', 'superuser');
  const found = await stateOf(admin);
  await admin.close();
  return found;
}

/** A sequence moves with every attempt, rolled back or not. */
async function checkState(field: Field, result: Result, pristine: State, id: string): Promise<void> {
  const found = changed(pristine, await state(field)).filter((what) => !what.endsWith('_seq'));
  if (found.length === 0 || result.leaks.some(({ what }) => what === 'state changed')) return;
  result.leaks.push({ id, what: 'state changed', seen: found.join(', '), sql: '' });
}

/** No protected value in the audit records and logs. */
async function checkRecords(field: Field, result: Result): Promise<void> {
  for (const { sluice, proxy } of [field.a, field.b]) {
    sluice.oracle.take();
    // Hashes, times and durations hold so many digits that a number that is protected occurs in them by chance.
    const plain = (text: string): Buffer =>
      Buffer.from(text.replace(/\b[0-9a-f]{16,}\b/g, '#').replace(/"(?:duration|time)":"?[\d.:TZ-]+"?/g, '#'), 'latin1');
    sluice.oracle.listen(plain(await readFile(proxy.auditFile, 'latin1')), -1);
    sluice.oracle.listen(plain(proxy.output()), -2);
    const found = sluice.oracle.take();
    if (found.length > 0) result.leaks.push({ id: 'audit', what: 'audit', seen: describeFindings(found), sql: '' });
  }
}
