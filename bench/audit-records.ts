/**
 * A trail as a mid-sized installation leaves it: pods of service accounts that each do much of a few things and little of many, over a month. The
 * same for the same number and seed. Lines are sealed as sidecars seal them, so that they verify.
 */
import { createHash } from 'node:crypto';
import { Chain } from '../core/audit/chain.ts';
import type { AuditEntry } from '../core/audit/record.ts';
import type { ChainOwner } from '../core/audit/store.ts';

export interface GeneratedChain {
  readonly chain: string;
  readonly owner: ChainOwner;
  /** Without newlines; the whole chain, made when asked for. */
  lines(): Generator<string>;
}

export const BEGIN = Date.UTC(2026, 9, 1);
const SPAN = 30 * 86_400_000;
const ACCOUNTS = 40;
const DATABASES = ['data-platform/shop', 'data-platform/billing', 'data-platform/events'] as const;
const TABLES = Array.from(
  { length: 60 },
  (_, n) => `public.${['orders', 'customers', 'tickets', 'events', 'items'][n % 5]}_${n}`,
);
const COLUMNS = ['id', 'customer_id', 'email', 'phone', 'status', 'created_at', 'total', 'region', 'note', 'ssn'] as const;

/** A statement that an account repeats: everything but its literals. */
interface Shape {
  readonly kind: 'select' | 'update' | 'insert';
  readonly relation: string;
  readonly columns: readonly string[];
  readonly joined: string | undefined;
  readonly fingerprint: string;
  readonly text: string;
}

/** `records`: about how many, of all chains together; a record is an intent or an outcome mostly. `pods`: chains. */
export function* generateChains(records: number, pods: number): Generator<GeneratedChain> {
  const each = Math.floor(records / pods / 2);
  for (let pod = 0; pod < pods; pod += 1) {
    const account = pod % ACCOUNTS;
    const database = DATABASES[account % DATABASES.length]!;
    const chain = uuid(`chain ${pod}`);
    const identity = {
      namespace: ['ai-agents', 'reporting', 'backoffice'][account % 3]!,
      serviceAccount: `agent-${account}`,
      pod: `agent-${account}-${pod}`,
      podUid: uuid(`pod ${pod}`),
      node: `node-${pod % 12}`,
      image: `registry/agent-${account}@sha256:${digest(`image ${account}`)}`,
    };
    const owner: ChainOwner = { identity, database, kind: 'sidecar' };
    yield { chain, owner, lines: () => linesOf(chain, owner, pod, each, pods) };
  }
}

function* linesOf(chain: string, owner: ChainOwner, pod: number, statements: number, pods: number): Generator<string> {
  const random = generator(pod + 1);
  const writer = new Chain();
  const [namespace, name] = owner.database!.split('/') as [string, string];
  const shapes = shapesOf(pod % ACCOUNTS);
  const bundle = digest(`bundle ${pod % ACCOUNTS}`);
  const policies = [`${namespace}/${owner.identity.serviceAccount}@${1 + (pod % 4)}`];
  // Pods live for a day or so each, one after the other, as rollouts have it.
  const length = SPAN / 20;
  const begins = BEGIN + (SPAN - length) * (pod / pods);
  const step = length / (statements + 1);
  const seal = (entry: AuditEntry | Parameters<Chain['seal']>[0], at: number): string =>
    writer.seal(entry, time(at)).slice(0, -1);
  yield seal({ type: 'chain-start', chain, product: 'bench', identity: owner.identity, database: { namespace, name } }, begins);
  let session = '';
  for (let n = 0; n < statements; n += 1) {
    const at = begins + step * (n + random());
    if (n % 500 === 0) {
      session = digest(`${pod} ${n}`).slice(0, 16);
      yield seal({ type: 'session-start', session, claims: { user: 'app', application: 'agent' } }, at);
    }
    const statement = `${session}.${n}`;
    const shape = shapes[Math.floor(random() ** 3 * shapes.length)]!;
    const denied = random() < 0.01;
    yield seal(
      intentOf(shape, {
        session,
        statement,
        policies,
        bundle,
        denied,
        trace: random() < 0.3 ? digest(`${pod} ${n >> 3}`) : undefined,
        random,
      }),
      at,
    );
    yield seal(outcomeOf(shape, { session, statement, denied, random, n, pod }), at + 1 + random() * 20);
  }
}

interface Execution {
  readonly session: string;
  readonly statement: string;
  readonly denied: boolean;
  readonly random: () => number;
}

function intentOf(
  { kind, relation, columns, joined, fingerprint, text }: Shape,
  execution: Execution & { readonly policies: readonly string[]; readonly bundle: string; readonly trace: string | undefined },
): AuditEntry {
  const { session, statement, policies, bundle, denied, trace } = execution;
  const reads = [
    ...(kind === 'select' ? [{ relation, columns }] : []),
    ...(joined === undefined ? [] : [{ relation: joined, columns: ['id', 'status'] }]),
  ];
  const clear = columns.includes('email') && relation.endsWith('0') ? { clear: { [`${relation}.email`]: 'pii.email' } } : {};
  const masks: Record<string, string> = {};
  for (const column of ['phone', 'ssn'])
    if (kind === 'select' && columns.includes(column)) masks[`${relation}.${column}`] = 'partial';
  return {
    type: 'intent',
    decision: denied ? 'deny' : 'allow',
    ...(denied ? { code: 'SLUICE-201', rule: 'grants' } : {}),
    kind,
    fingerprint,
    text,
    reads,
    writes:
      kind === 'select' ? [] : [{ relation, columns: columns.slice(0, 3), action: kind === 'update' ? 'Update' : 'Insert' }],
    masks,
    ...clear,
    filters: { [relation]: [policies[0]!.replace(/@.*/, '')] },
    session,
    statement,
    policies,
    bundle,
    mode: 'Enforce',
    ...(trace === undefined ? {} : { trace: `00-${trace.slice(0, 32)}-${trace.slice(32, 48)}-01` }),
  };
}

function outcomeOf(
  shape: Shape,
  { session, statement, denied, random, n, pod }: Execution & { readonly n: number; readonly pod: number },
): AuditEntry {
  if (denied) return { type: 'outcome', session, statement, result: 'denied', sqlstate: '42501', duration: 0 };
  const rows = shape.kind === 'select' ? Math.floor(random() ** 6 * 2_000) : 1;
  const outcome: AuditEntry = {
    type: 'outcome',
    session,
    statement,
    result: 'ok',
    tag: shape.kind === 'select' ? `SELECT ${rows}` : shape.kind === 'insert' ? 'INSERT 0 1' : 'UPDATE 1',
    rows,
    bytes: shape.kind === 'select' ? rows * 120 : 0,
    duration: Math.floor(300 + random() * 20_000),
  };
  if (shape.kind === 'select') return outcome;
  const key = digest(`row ${(pod * 7919 + n) % 200_000}`).slice(0, 22);
  const action = shape.kind === 'update' ? 'Update' : 'Insert';
  return {
    ...outcome,
    evidence: {
      capture: 'exact',
      reasons: [],
      changes: [{ relation: shape.relation, action, rows: 1, key: ['id'], keys: [key] }],
    },
  };
}

function shapesOf(account: number): readonly Shape[] {
  const random = generator(10_000 + account);
  return Array.from({ length: 30 }, (_, n) => {
    const relation = TABLES[(account * 3 + Math.floor(random() ** 2 * 20)) % TABLES.length]!;
    const kind = n % 5 === 4 ? (['update', 'insert'] as const)[n % 2]! : 'select';
    const columns = COLUMNS.filter(() => random() < 0.5);
    const joined = n % 4 === 1 ? TABLES[(account * 5 + n) % TABLES.length] : undefined;
    const named = columns.length === 0 ? ['id'] : columns;
    const text =
      kind === 'select'
        ? `select ${named.map((column) => `t.${column}`).join(', ')} from ${relation} t${joined === undefined ? '' : ` join ${joined} j on j.id = t.customer_id`} where t.region = $1 and t.created_at > $2 order by t.id limit $3`
        : kind === 'update'
          ? `update ${relation} set ${named.map((column, index) => `${column} = $${index + 1}`).join(', ')} where id = $9`
          : `insert into ${relation} (${named.join(', ')}) values (${named.map((_column, index) => `$${index + 1}`).join(', ')})`;
    return { kind, relation, columns: named, joined, fingerprint: digest(text).slice(0, 16), text };
  });
}

/** RFC 3339 with microseconds. */
function time(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  const micros = Math.floor((milliseconds - whole) * 1_000);
  return new Date(whole).toISOString().replace('Z', `${String(micros).padStart(3, '0')}Z`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function uuid(text: string): string {
  const hex = digest(text);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** mulberry32: small, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
