/**
 * Judges one case: on the bare relay it must show a protected cell or tell the two databases apart, else it proves nothing;
 * through Sluice it must do neither, and the session must go on. Its honest twin must answer as the reference database does.
 */
import { describeFindings, type Finding } from '../../oracle/canary-oracle.ts';
import type { WireClient } from '../../support/wire-client.ts';
import { firstDifference } from '../compare.ts';
import { type Fleeting, readServer } from '../fleeting.ts';
import { perform, type Form, type Outcome } from '../forms.ts';
import { answer } from '../transcript.ts';
import * as frontend from '../../support/frontend.ts';
import type { Case } from './compose.ts';
import type { Field, Road, Twinned } from './laboratory.ts';

/** shows: a protected cell came; tells: the databases answered differently; quiet: neither; unfit: the server does not take it. */
export type Bare = 'shows' | 'tells' | 'quiet' | 'unfit';

export interface Verdict {
  readonly leaked: string | null;
  readonly told: string | null;
  readonly lost: boolean;
  /** Rows or a tag came, without an error. */
  readonly answered: boolean;
}

export interface TwinVerdict {
  /** unfit: the reference database does not take it either. */
  readonly result: 'same' | 'different' | 'unfit';
  readonly seen: string;
}

/** The connections of a run, opened anew when one is lost. */
export class Sessions {
  /** None of them is older. */
  readonly began = Date.now();
  readonly #field: Field;
  readonly #open = new Map<string, WireClient>();

  constructor(field: Field) {
    this.#field = field;
  }

  relay(side: 'a' | 'b'): Promise<WireClient> {
    return this.#get(`relay ${side}`, () => this.#field[side].relay.connect());
  }

  sluice(side: 'a' | 'b'): Promise<WireClient> {
    return this.#get(`sluice ${side}`, () => this.#field[side].sluice.connect());
  }

  reference(): Promise<WireClient> {
    return this.#get('reference', () => this.#field.reference());
  }

  /** Past everything, to look at the server. */
  admin(side: 'a' | 'b'): Promise<WireClient> {
    return this.#get(`admin ${side}`, () => this.#field[side].shop.connect('shop', 'superuser'));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((client) => client.close()));
    this.#open.clear();
  }

  async #get(name: string, connect: () => Promise<WireClient>): Promise<WireClient> {
    const held = this.#open.get(name);
    if (held !== undefined && !held.ended) return held;
    const client = await connect();
    this.#open.set(name, client);
    return client;
  }
}

/** Runs it and leaves the session as it was; true if the session still answers. */
async function run(
  client: WireClient,
  { steps, writes }: Pick<Case, 'steps' | 'writes'>,
  form: Form,
): Promise<{ readonly outcome: Outcome; readonly alive: boolean }> {
  if (writes) await client.query('BEGIN');
  let outcome: Outcome;
  try {
    outcome = await perform(client, steps, form);
  } catch (error) {
    // Nothing answered in time: the session is given up.
    client.destroy();
    return { outcome: { messages: [], errors: [String(error)], ended: true }, alive: false };
  }
  if (client.ended) return { outcome, alive: false };
  const { status, error } = await client.exchange([frontend.query('ROLLBACK'), frontend.query('DISCARD ALL')], 2);
  return { outcome, alive: status === 'I' && error === null };
}

/** Syntax or types that do not go together: a fault of the composition, told by the server itself. */
const UNFIT = /^(42(?!501)|0A000|22|2BP|21|54|57014)/;

/** How the two answers differ by more than what no two servers have in common. */
async function difference(
  sessions: Sessions,
  before: readonly [number, number],
  outcomes: readonly [Outcome, Outcome],
  comparing: { readonly ordered: boolean; readonly newestOid: number },
): Promise<string | null> {
  if (firstDifference(...outcomes, comparing) === null) return null;
  const own = async (side: 'a' | 'b', from: number): Promise<Fleeting> => {
    const { processes, next } = await readServer(await sessions.admin(side));
    return { processes: new Set(processes), transactions: [from, next], clock: [sessions.began, Date.now()] };
  };
  return firstDifference(...outcomes, { ...comparing, fleeting: [await own('a', before[0]), await own('b', before[1])] });
}

async function nextTransactions(sessions: Sessions): Promise<readonly [number, number]> {
  const [a, b] = await Promise.all([readServer(await sessions.admin('a')), readServer(await sessions.admin('b'))]);
  return [a.next, b.next];
}

export async function judgeBare(field: Field, sessions: Sessions, each: Case): Promise<Bare> {
  const before = await nextTransactions(sessions);
  const whole = { steps: each.steps, writes: each.writes || !each.own };
  const { oracle } = field.a.relay;
  oracle.take();
  const first = await run(await sessions.relay('a'), whole, 'simple');
  if (oracle.take().length > 0) return 'shows';
  const second = await run(await sessions.relay('b'), whole, 'simple');
  if (field.b.relay.oracle.take().length > 0) return 'shows';
  const { newestOid } = field;
  const outcomes = [first.outcome, second.outcome] as const;
  if ((await difference(sessions, before, outcomes, { ordered: each.ordered, newestOid })) !== null) return 'tells';
  return first.outcome.errors.some((code) => UNFIT.test(code)) ? 'unfit' : 'quiet';
}

export async function judge(field: Field, sessions: Sessions, each: Case, form: Form): Promise<Verdict> {
  const clients = [await sessions.sluice('a'), await sessions.sluice('b')] as const;
  const roads: readonly Road[] = [field.a.sluice, field.b.sluice];
  const before = await nextTransactions(sessions);
  for (const { oracle } of roads) oracle.take();
  const [a, b] = await Promise.all([run(clients[0], each, form), run(clients[1], each, form)]);
  const findings: readonly Finding[] = roads.flatMap(({ oracle }) => oracle.take());
  return {
    leaked: findings.length > 0 ? describeFindings(findings) : null,
    told: await difference(sessions, before, [a.outcome, b.outcome], { ordered: each.ordered, newestOid: field.newestOid }),
    lost: !(a.alive && b.alive),
    answered: a.outcome.errors.length === 0,
  };
}

export async function judgeTwin(field: Field, sessions: Sessions, twin: Case, form: Form): Promise<TwinVerdict> {
  const expected = await run(await sessions.reference(), twin, form);
  if (expected.outcome.errors.length > 0) return { result: 'unfit', seen: expected.outcome.errors.join(', ') };
  let got = await run(await sessions.sluice('a'), twin, form);
  // "Try again", says the hint of SLUICE-702: on a busy machine the parser's thread may miss its deadline.
  if (got.alive && got.outcome.errors.includes('57P03')) got = await run(await sessions.sluice('a'), twin, form);
  field.a.sluice.oracle.take();
  if (!got.alive) return { result: 'different', seen: 'the session did not survive' };
  const [wanted, came] = [answer(expected.outcome.messages), answer(got.outcome.messages)];
  if (wanted.join('\n') === came.join('\n')) return { result: 'same', seen: '' };
  const error = came.filter((line) => line.startsWith('error')).join('; ');
  const missing = wanted.find((line) => !came.includes(line));
  const extra = came.find((line) => !wanted.includes(line));
  return {
    result: 'different',
    seen:
      error !== ''
        ? error
        : `${wanted.length} lines expected, ${came.length} came; missing "${missing ?? ''}", unexpected "${extra ?? ''}"`,
  };
}

/** Whether the processes are there. */
export function deaths(field: Field): number {
  return [field.a, field.b].filter(({ proxy }: Twinned) => !running(proxy.pid)).length;
}

function running(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
