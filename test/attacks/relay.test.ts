/**
 * The corpus against the bare relay. An attack that does not succeed here proves nothing when it fails elsewhere: reads must
 * show a canary, inference must tell two databases apart, writes must change the state.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFindings } from '../oracle/canary-oracle.ts';
import type { Attack } from './attack.ts';
import { CORPUS } from './corpus/index.ts';
import { STARTUP } from './corpus/protocol.ts';
import { formsOf, perform, type Form, type Outcome } from './forms.ts';
import { transcript } from './transcript.ts';
import { MAJOR, startRelayLaboratory, type Laboratory } from './laboratory.ts';
import type { WireClient } from '../support/wire-client.ts';
import { changed, stateOf, type State } from './state.ts';

const corpus = CORPUS.filter((attack) => (attack.since ?? 15) <= MAJOR);

interface Instance {
  readonly attack: Attack;
  readonly form: Form;
  /** unfit: the server itself does not take this statement in this form. */
  readonly outcome: 'leaked' | 'quiet' | 'unfit';
}

const instances: Instance[] = [];
let laboratory: Laboratory;
let pristine: State;

beforeAll(async () => {
  laboratory = await startRelayLaboratory(MAJOR);
  const admin = await laboratory.a.admin();
  pristine = await stateOf(admin);
  await admin.close();
});
afterAll(() => laboratory?.stop());

/** Syntax that does not go together, or a column list no table can have: a fault of the form, not of the attack. */
function unfit(errors: readonly string[]): boolean {
  return errors.some((code) => ['42601', '42701', '42P16', '0A000', '42P11', '42703', '42P14'].includes(code));
}

/** Forms that end in COMMIT themselves. */
const COMMITTING: ReadonlySet<Form> = new Set(['cursor', 'portal', 'interleaved', 'declared-portal', 'binary-cursor']);

/** Whether BEGIN … ROLLBACK around it undoes all of it, so that the database need not be copied anew. */
function undoable({ steps }: Attack, form: Form): boolean {
  return typeof steps !== 'function' && !COMMITTING.has(form) && !steps.some((sql) => /\b(COMMIT|ROLLBACK|PROGRAM)\b/.test(sql));
}

/** One connection serves the forms of an attack; DISCARD ALL between them. */
async function tryForms(attack: Attack): Promise<readonly Instance[]> {
  const { a, b } = laboratory;
  const tried: Instance[] = [];
  let clients: readonly WireClient[] = [];
  for (const form of formsOf(attack)) {
    if (clients.length === 0)
      clients = attack.kind === 'inference' ? [await a.connect(), await b.connect()] : [await a.connect()];
    const [client, other] = clients;
    if (client === undefined) continue;
    const changes = attack.kind === 'write' || attack.dirty === true;
    let undo = changes && undoable(attack, form);
    if (undo) for (const each of clients) await each.query('BEGIN');
    a.oracle.take();
    const outcome = await perform(client, attack.steps, form);
    if (undo && attack.kind === 'write' && outcome.errors.length > 0) {
      // A form that runs the statement twice may fail the second time, which hides what the first did: outside a block then.
      await client.query('ROLLBACK');
      await perform(client, attack.steps, form);
      undo = false;
    }
    let leaked: boolean;
    if (attack.kind === 'read') leaked = a.oracle.take().length > 0;
    else if (attack.kind === 'write') leaked = await differs(undo && !outcome.ended ? client : null);
    else leaked = other !== undefined && seen(outcome) !== seen(await perform(other, attack.steps, form));
    if (undo) for (const each of clients) await each.query('ROLLBACK');
    else if (changes) {
      await Promise.all(clients.map((each) => each.close()));
      clients = [];
      await a.restore();
      if (attack.kind === 'inference') await b.restore();
    }
    for (const each of clients) {
      if (!undo) await each.query('ROLLBACK');
      await each.query('DISCARD ALL');
    }
    if (clients.some((each) => each.ended)) clients = [];
    tried.push({ attack, form, outcome: leaked ? 'leaked' : unfit(outcome.errors) ? 'unfit' : 'quiet' });
  }
  await Promise.all(clients.map((each) => each.close()));
  return tried;
}

/** Whether the state differs from the pristine one: inside the given transaction, or for everyone. */
async function differs(inside: WireClient | null): Promise<boolean> {
  if (inside !== null) {
    const { error } = await inside.query('SELECT 1');
    return error === null && changed(pristine, await stateOf(inside)).length > 0;
  }
  const admin = await laboratory.a.admin();
  const found = changed(pristine, await stateOf(admin));
  await admin.close();
  return found.length > 0;
}

function seen(outcome: Outcome): string {
  return transcript(outcome.messages).join('\n');
}

describe('on a bare relay', () => {
  it.each(corpus.map((attack) => [attack.class, attack.name, attack] as const))(
    '%s %s succeeds',
    async (_class, _name, attack) => {
      const tried = await tryForms(attack);
      instances.push(...tried);
      const report = tried.map(({ form, outcome }) => `${form}: ${outcome}`).join(', ');
      expect(
        tried.some(({ outcome }) => outcome === 'leaked'),
        report,
      ).toBe(true);
    },
  );

  it.each(STARTUP.map((attack) => [attack.class, attack.name, attack] as const))(
    '%s %s succeeds',
    async (_class, _name, attack) => {
      laboratory.a.oracle.take();
      const client = await laboratory.a.connect(attack.parameters);
      await perform(client, attack.steps, 'simple');
      await client.close();
      const findings = laboratory.a.oracle.take();
      expect(findings.length, describeFindings(findings)).toBeGreaterThan(0);
    },
  );

  it('is a corpus worth running', () => {
    const fitting = instances.filter(({ outcome }) => outcome !== 'unfit');
    const share = (kind: Attack['kind']): number => {
      const of = fitting.filter(({ attack }) => attack.kind === kind);
      return of.filter(({ outcome }) => outcome === 'leaked').length / of.length;
    };
    const quiet = fitting
      .filter(({ outcome }) => outcome === 'quiet')
      .map(({ attack, form }) => `${attack.class} ${attack.name} (${form})`);
    process.stdout.write(
      `relay: ${corpus.length} attacks, ${fitting.length} instances (class, shape, form), leaked ${fitting.length - quiet.length}; reads ${percent(share('read'))}, inference ${percent(share('inference'))}, writes ${percent(share('write'))}\n`,
    );
    expect(new Set(fitting.map(({ attack, form }) => `${attack.class}/${attack.name}/${form}`)).size).toBeGreaterThanOrEqual(300);
    expect(share('read'), quiet.join('; ')).toBeGreaterThanOrEqual(0.95);
    expect(share('inference'), quiet.join('; ')).toBeGreaterThanOrEqual(0.95);
    expect(share('write'), quiet.join('; ')).toBe(1);
  });
});

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
