/**
 * One statement list, every protocol form: the last statement travels as simple query, extended with text and with binary
 * results, prepared once and executed again without another Describe, through SQL PREPARE, through a cursor, a portal with a
 * row limit, COPY, behind another statement in one message, and inside a temporary table; never described, described as
 * another portal, with a parameter, behind an error in the pipeline, and across the two namespaces that SQL and the protocol
 * share. The steps before it are simple.
 */
import type { BackendMessage, Exchange } from '../support/backend.ts';
import * as frontend from '../support/frontend.ts';
import type { WireClient } from '../support/wire-client.ts';
import type { Shape, Steps } from './attack.ts';

export const FORMS = [
  'simple',
  'extended',
  'binary',
  'prepared',
  'sql-prepare',
  'cursor',
  'portal',
  'copy',
  'multi',
  'stash',
  'blind',
  'other-portal',
  'parameter',
  'after-error',
  'flushed',
  'interleaved',
  'declared-portal',
  'sql-execute',
  'bound-prepare',
  'copy-binary',
  'binary-cursor',
  'held-cursor',
  'path-between',
  'behind-set',
  'raw',
] as const;
export type Form = (typeof FORMS)[number];

const FITTING: Readonly<Record<Shape, readonly Form[]>> = {
  query: FORMS.filter((form) => form !== 'raw' && form !== 'path-between'),
  dml: [
    'simple',
    'extended',
    'binary',
    'prepared',
    'sql-prepare',
    'multi',
    'blind',
    'other-portal',
    'flushed',
    'sql-execute',
    'bound-prepare',
    'behind-set',
  ],
  utility: ['simple', 'extended'],
  script: ['simple', 'extended'],
  raw: ['raw'],
};

/** Always run; of the others each attack takes two in turn, so that a run stays short and every form meets every class. */
const ALWAYS: readonly Form[] = ['simple', 'extended', 'prepared', 'raw'];

/** Every form that a statement of this shape can take; an attack may also change what its names mean half-way. */
export function formsFitting(shape: Shape, honest: boolean): readonly Form[] {
  return honest || (shape !== 'query' && shape !== 'dml') ? FITTING[shape] : [...FITTING[shape], 'path-between'];
}

/** The forms of one attack or twin. With ALL_FORMS set in the environment every fitting one, which takes twice as long. */
export function formsOf({
  shape,
  steps,
  forms,
}: {
  readonly shape: Shape;
  readonly steps: Steps;
  readonly forms?: readonly Form[];
}): readonly Form[] {
  const fitting = forms === undefined ? FITTING[shape] : FITTING[shape].filter((form) => forms.includes(form));
  if (process.env['ALL_FORMS'] !== undefined) return fitting;
  const others = fitting.filter((form) => !ALWAYS.includes(form));
  const turn =
    typeof steps === 'function' ? 0 : [...steps.join('\n').slice(-500)].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const chosen = others.length < 3 ? others : [others[turn % others.length], others[(turn + 2) % others.length]];
  return fitting.filter((form) => ALWAYS.includes(form) || chosen.includes(form));
}

export interface Outcome {
  readonly messages: readonly BackendMessage[];
  /** SQLSTATE of every error, in order. */
  readonly errors: readonly string[];
  /** The connection was ended by the other side. */
  readonly ended: boolean;
}

/** Runs the steps; errors are part of the outcome. Rejects only when nothing answers. */
export async function perform(client: WireClient, steps: Steps, form: Form): Promise<Outcome> {
  const exchanges: Exchange[] = [];
  if (typeof steps === 'function') {
    await steps(client);
    return { messages: [], errors: [], ended: client.ended };
  }
  const last = steps.at(-1) ?? '';
  for (const sql of steps.slice(0, -1)) if (!client.ended) exchanges.push(await client.query(sql));
  if (!client.ended) exchanges.push(...(await performLast(client, last, form)));
  const messages = exchanges.flatMap((exchange) => exchange.messages);
  return { messages, errors: exchanges.flatMap(({ error }) => (error === null ? [] : [error['C'] ?? '?'])), ended: client.ended };
}

async function performLast(client: WireClient, sql: string, form: Form): Promise<readonly Exchange[]> {
  switch (form) {
    case 'simple':
    case 'raw':
      return [await client.query(sql)];
    case 'extended':
      return [await client.extended(sql)];
    case 'binary':
      return [await client.extended(sql, { resultFormat: 1 })];
    case 'prepared':
      // What a driver that caches statements does: Describe once, then Bind and Execute alone.
      return [
        await client.exchange([frontend.parse('again', sql), frontend.describe('S', 'again'), frontend.sync]),
        await client.exchange([frontend.bind({ statement: 'again' }), frontend.execute(), frontend.sync]),
        await client.exchange([frontend.bind({ statement: 'again', resultFormat: 1 }), frontend.execute(), frontend.sync]),
      ];
    case 'sql-prepare':
      return [await client.query(`PREPARE held AS ${sql}`), await client.query('EXECUTE held')];
    case 'cursor':
      return [
        await client.query('BEGIN'),
        await client.query(`DECLARE walk CURSOR FOR ${sql}`),
        await client.query('FETCH 1 FROM walk'),
        await client.query('FETCH ALL FROM walk'),
        await client.query('COMMIT'),
      ];
    case 'portal':
      return [
        await client.exchange(
          [
            frontend.query('BEGIN'),
            frontend.parse('', sql),
            frontend.bind({ portal: 'slow' }),
            frontend.describe('P', 'slow'),
            frontend.execute('slow', 1),
            frontend.execute('slow', 2),
            frontend.execute('slow'),
            frontend.sync,
          ],
          2,
        ),
        await client.query('COMMIT'),
      ];
    case 'copy':
      return [await client.query(`COPY (${sql}) TO STDOUT`)];
    case 'multi':
      return [await client.query(`SELECT 1; ${sql}; SELECT 2`)];
    case 'stash':
      return [
        await client.query(`CREATE TEMPORARY TABLE stash AS SELECT * FROM (${sql}) AS taken`),
        await client.query('SELECT * FROM stash'),
      ];
    default:
      return performUnusual(client, sql, form);
  }
}

/** Forms that no driver needs and the protocol allows. */
async function performUnusual(client: WireClient, sql: string, form: Form): Promise<readonly Exchange[]> {
  const { parse, bind, describe, execute, flush, query, sync } = frontend;
  switch (form) {
    case 'blind':
      return [await client.exchange([parse('', sql), bind({ resultFormat: 1 }), execute(), sync])];
    case 'other-portal':
      return [
        await client.exchange([
          parse('harmless', 'SELECT 1 AS one'),
          bind({ portal: 'shown', statement: 'harmless' }),
          parse('harmful', sql),
          bind({ portal: 'run', statement: 'harmful' }),
          describe('P', 'shown'),
          execute('run'),
          sync,
        ]),
      ];
    case 'parameter':
      return [
        await client.extended(`SELECT given.* FROM (${sql}) AS given WHERE $1`, { parameters: ['t'] }),
        await client.extended(`SELECT given.* FROM (${sql}) AS given WHERE $1::int4 = 1`, {
          parameters: [Buffer.from([0, 0, 0, 1])],
          resultFormat: 1,
        }),
      ];
    case 'after-error':
      return [
        await client.exchange(
          [
            parse('', 'SELECT 1/0'),
            bind(),
            execute(),
            parse('', sql),
            bind(),
            execute(),
            sync,
            parse('', sql),
            bind(),
            execute(),
            sync,
          ],
          2,
        ),
      ];
    case 'flushed':
      return [
        await client.exchange([
          parse('f', sql),
          flush,
          describe('S', 'f'),
          flush,
          bind({ statement: 'f' }),
          flush,
          execute(),
          flush,
          sync,
        ]),
      ];
    case 'interleaved':
      return [
        await client.exchange(
          [
            query('BEGIN'),
            parse('a', sql),
            bind({ portal: 'one', statement: 'a' }),
            bind({ portal: 'two', statement: 'a', resultFormat: 1 }),
            execute('one', 1),
            execute('two', 1),
            execute('one', 1),
            execute('two'),
            execute('one'),
            sync,
          ],
          2,
        ),
        await client.query('COMMIT'),
      ];
    case 'declared-portal':
      return [
        await client.query('BEGIN'),
        await client.query(`DECLARE walk CURSOR FOR ${sql}`),
        await client.exchange([describe('P', 'walk'), execute('walk', 2), execute('walk'), sync]),
        await client.query('COMMIT'),
      ];
    case 'sql-execute':
      return [
        await client.exchange([parse('kept', sql), sync]),
        await client.query('EXECUTE kept'),
        await client.query('EXECUTE kept'),
      ];
    case 'bound-prepare':
      return [
        await client.query(`PREPARE kept AS ${sql}`),
        await client.exchange([describe('S', 'kept'), bind({ statement: 'kept', resultFormat: 1 }), execute(), sync]),
      ];
    case 'copy-binary':
      return [
        await client.query(`COPY (${sql}) TO STDOUT WITH (FORMAT binary)`),
        await client.extended(`COPY (${sql}) TO STDOUT WITH (FORMAT csv)`),
      ];
    case 'binary-cursor':
      return [
        await client.query('BEGIN'),
        await client.query(`DECLARE bits BINARY CURSOR FOR ${sql}`),
        await client.query('FETCH ALL FROM bits'),
        await client.query('COMMIT'),
      ];
    case 'held-cursor':
      return [
        await client.query(`DECLARE held SCROLL CURSOR WITH HOLD FOR ${sql}`),
        await client.query('MOVE FORWARD ALL IN held'),
        await client.query('FETCH BACKWARD ALL FROM held'),
        await client.query('CLOSE held'),
      ];
    case 'path-between': {
      const parsed = await client.exchange([parse('path', sql), describe('S', 'path'), sync]);
      const set = await client.query('SET search_path = archive, public');
      const run = await client.exchange([bind({ statement: 'path' }), execute(), sync]);
      return [parsed, set, run, await client.query('RESET search_path')];
    }
    case 'behind-set':
      return [
        await client.exchange([
          parse('', 'SET search_path = public, "Weird Schema"'),
          bind(),
          execute(),
          parse('', sql),
          bind({ resultFormat: 1 }),
          execute(),
          sync,
        ]),
        await client.query('RESET search_path'),
      ];
    default:
      throw new Error(`no such form: ${form}`);
  }
}
