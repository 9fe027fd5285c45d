import { describe, expect, it } from 'vitest';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import { databaseObject, policyObject } from '../../test/support/governed.ts';
import { smallCatalog } from '../../test/support/small-catalog.ts';
import { readGoverned } from '../view/governed-object.ts';
import { Judge, type JudgementInput } from './judgement.ts';

const CATALOG = smallCatalog([
  { name: 'public.customers', columns: ['id integer!', 'email text', 'region text'] },
  { name: 'public.tickets', columns: ['id integer!'] },
]);
const NOW = Date.parse('2026-06-01T00:00:00Z');
const NEVER = new AbortController().signal;

function database(spec: Record<string, unknown> = {}): Database {
  const reading = readGoverned('Database', databaseObject('orders', spec));
  if (!reading.ok) throw new Error(reading.problems.join());
  return reading.object;
}

function policy(name: string, age: number, spec: Record<string, unknown> = {}, generation = 1): DatabaseAccessPolicy {
  const raw = policyObject(name, 'orders', spec);
  const creationTimestamp = new Date(NOW - age * 1000).toISOString();
  const reading = readGoverned('DatabaseAccessPolicy', { ...raw, metadata: { ...raw.metadata, creationTimestamp, generation } });
  if (!reading.ok) throw new Error(reading.problems.join());
  return reading.object;
}

const subject = (name: string) => [{ serviceAccount: { namespace: 'ai-agents', name } }];
const filtered = (rowFilter: string, columns: readonly string[]) => ({
  grants: [{ tables: ['public.customers'], actions: ['Select'], rowFilter, columns }],
});

function input(policies: readonly DatabaseAccessPolicy[], more: Partial<JudgementInput> = {}): JudgementInput {
  return { database: database(), policies, catalog: CATALOG, detected: new Map(), revision: 1, now: NOW, ...more };
}

async function judged(policies: readonly DatabaseAccessPolicy[], more: Partial<JudgementInput> = {}) {
  const result = await new Judge().judge(input(policies, more), NEVER);
  const reasons = Object.fromEntries(
    [...result.policies].map(([key, found]) => [key.split('/')[1], found.map(({ reason }) => reason)]),
  );
  return { ...result, reasons };
}

describe('policies against a schema', () => {
  it('are in force where nothing is wrong with them', async () => {
    const { reasons, inForce } = await judged([policy('a', 2), policy('b', 1)]);
    expect(reasons).toEqual({ a: [], b: [] });
    expect([...inForce].sort()).toEqual(['data-platform/a', 'data-platform/b']);
  });

  it('a part that is unknown leaves the rest in force', async () => {
    const { reasons, inForce } = await judged([
      policy('a', 1, { grants: [{ tables: ['public.customers', 'public.gone'], actions: ['Select'] }] }),
    ]);
    expect(reasons).toEqual({ a: ['UnknownTable'] });
    expect(inForce.has('data-platform/a')).toBe(true);
  });

  it('the newer one of a conflict is not in force, however many subjects it binds without one', async () => {
    const older = policy('older', 2, { ...filtered("region = 'eu'", ['id']), subjects: subject('x') });
    const newer = policy('newer', 1, {
      ...filtered("region = 'us'", ['id', 'email']),
      subjects: [...subject('x'), ...subject('y')],
    });
    const { reasons, inForce } = await judged([newer, older]);
    expect(reasons).toEqual({ newer: ['Conflict'], older: [] });
    expect([...inForce]).toEqual(['data-platform/older']);
  });

  it('a policy for everybody conflicts with one for somebody', async () => {
    const all = policy('all', 2, { ...filtered("region = 'eu'", ['id']), subjects: subject('*') });
    const one = policy('one', 1, { ...filtered("region = 'us'", ['id', 'email']), subjects: subject('x') });
    expect((await judged([all, one])).reasons).toEqual({ all: [], one: ['Conflict'] });
  });

  it('policies of different subjects do not conflict', async () => {
    const one = policy('one', 2, { ...filtered("region = 'eu'", ['id']), subjects: subject('x') });
    const two = policy('two', 1, { ...filtered("region = 'us'", ['id', 'email']), subjects: subject('y') });
    expect((await judged([one, two])).reasons).toEqual({ one: [], two: [] });
  });

  it('one that has ended is neither in force nor in anybody’s way', async () => {
    const ended = policy('ended', 2, { ...filtered("region = 'eu'", ['id']), validUntil: '2026-05-01T00:00:00Z' });
    const newer = policy('newer', 1, filtered("region = 'us'", ['id', 'email']));
    const { reasons, inForce } = await judged([ended, newer]);
    expect(reasons).toEqual({ ended: [], newer: [] });
    expect([...inForce]).toEqual(['data-platform/newer']);
  });

  it('counts tables and classes, declared and detected', async () => {
    const declared = { sensitivity: { columns: [{ table: 'public.customers', column: 'region', class: 'pii.location' }] } };
    const detected = new Map([[16_000, new Map([[2, 'pii.email']])]]);
    const { tables, classes, database: found } = await judged([], { database: database(declared), detected });
    expect(tables).toBe(2);
    expect([...classes].sort()).toEqual([
      ['pii.email', 1],
      ['pii.location', 1],
    ]);
    expect(found).toEqual([]);
  });

  it('a declaration about what is not there is the Database’s', async () => {
    const declared = { sensitivity: { columns: [{ table: 'public.customers', column: 'emial', class: 'pii.email' }] } };
    const { database: found, reasons } = await judged([policy('a', 1)], { database: database(declared) });
    expect(found.map(({ reason }) => reason)).toEqual(['UnknownColumn']);
    expect(reasons).toEqual({ a: [] });
  });

  it('what has been judged is not judged again; a change compiles what it concerns and lets others work', async () => {
    let turns = 0;
    const judge = new Judge(async () => {
      turns += 1;
    });
    const policies = Array.from({ length: 20 }, (_, index) => policy(`p${index}`, index, { subjects: subject(`s${index}`) }));
    await Promise.all(policies.map(() => judge.judge(input(policies), NEVER)));
    expect(turns).toBe(20);
    const [first, ...rest] = policies;
    await judge.judge(input([policy('p0', 0, { subjects: subject('s0') }, 2), ...rest]), NEVER);
    expect(turns).toBe(21);
    await judge.judge(input([first!, ...rest], { revision: 2 }), NEVER);
    expect(turns).toBe(41);
  });

  it('an aborted one leaves nothing behind', async () => {
    const judge = new Judge();
    const aborted = AbortSignal.abort(new Error('no longer the holder'));
    await expect(judge.judge(input([policy('a', 1)]), aborted)).rejects.toThrow('no longer the holder');
    expect((await judge.judge(input([policy('a', 1)]), NEVER)).inForce.size).toBe(1);
  });
});
