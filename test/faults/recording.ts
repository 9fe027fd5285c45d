/**
 * The session that is broken at every byte: simple and extended protocol, a batch, transactions, COPY both ways, a suspended portal,
 * errors and refusals. Every statement that writes leaves a mark in the table of that name, and carries a trace id by which its
 * audit records can be found.
 */
import * as f from '../support/frontend.ts';

export interface Step {
  readonly name: string;
  readonly bytes: readonly Buffer[];
  /** ReadyForQuery messages that end it. */
  readonly ready: number;
  /** Tags of CommandComplete when nothing goes wrong; 'E' stands for an error. */
  readonly answers: readonly string[];
  /** step of `marks` -> rows it leaves when it is done. All or nothing. */
  readonly marks: Readonly<Record<string, number>>;
  /** The step whose completion makes these marks permanent; itself by default. */
  readonly committedBy?: string;
  /** Trace ids of its statements, one for each execution. */
  readonly traces: readonly string[];
}

/** Six digits. */
export function runName(number: number): string {
  return String(number).padStart(6, '0');
}

/** 32 hex digits: the run, and the statement's place in it. */
export function traceId(run: string, place: number): string {
  return `${run}${String(place).padStart(4, '0')}`.padEnd(32, '0');
}

export function recordedSession(run: string): readonly Step[] {
  let place = 0;
  const traces: string[] = [];
  const traced = (sql: string): string => {
    const id = traceId(run, ++place);
    traces.push(id);
    return `${sql} /*traceparent='00-${id}-0000000000000001-01'*/`;
  };
  const steps: Step[] = [];
  const add = (
    name: string,
    bytes: () => readonly Buffer[],
    answers: readonly string[],
    marks: Readonly<Record<string, number>> = {},
    more: { readonly ready?: number; readonly committedBy?: string; readonly executions?: number } = {},
  ): void => {
    traces.length = 0;
    const made = bytes();
    const { committedBy } = more;
    steps.push({
      name,
      bytes: made,
      ready: more.ready ?? 1,
      answers,
      marks,
      traces: [...traces, ...Array.from({ length: (more.executions ?? 1) - 1 }, () => traces[0]!)],
      ...(committedBy === undefined ? {} : { committedBy }),
    });
  };
  const insert = (step: string): string => traced(`INSERT INTO marks VALUES ('${run}','${step}')`);

  add('simple', () => [f.query(insert('simple'))], ['INSERT 0 1'], { simple: 1 });
  add(
    'extended',
    () => [
      f.parse('s', traced('INSERT INTO marks VALUES ($1,$2)')),
      f.bind({ statement: 's', parameters: [run, 'extended'] }),
      f.describe('P'),
      f.execute(),
      f.sync,
    ],
    ['INSERT 0 1'],
    { extended: 1 },
  );
  add(
    'batch',
    () => [...['one', 'two'].flatMap((step) => [f.parse('', insert(step)), f.bind(), f.execute()]), f.sync],
    ['INSERT 0 1', 'INSERT 0 1'],
    { one: 1, two: 1 },
  );
  add('begin', () => [f.query(traced('BEGIN'))], ['BEGIN']);
  add('inside', () => [f.query(insert('inside'))], ['INSERT 0 1'], { inside: 1 }, { committedBy: 'commit' });
  add('savepoint', () => [f.query(traced('SAVEPOINT a'))], ['SAVEPOINT']);
  add('commit', () => [f.query(traced('COMMIT'))], ['COMMIT']);
  add('error', () => [f.query(traced('SELECT 1/0'))], ['E']);
  add('denied', () => [f.query(traced('SELECT * FROM hidden'))], ['E']);
  add('begin again', () => [f.query(traced('BEGIN'))], ['BEGIN']);
  add('undone', () => [f.query(insert('undone'))], ['INSERT 0 1'], { undone: 0 });
  add('failing', () => [f.parse('', traced('SELECT 1/0')), f.bind(), f.execute(), f.sync], ['E']);
  add('rollback', () => [f.query(traced('COMMIT'))], ['ROLLBACK']);
  add(
    'copy in',
    () => [f.query(traced('COPY marks FROM STDIN')), f.copyData(Buffer.from(`${run}\tcopy\n${run}\tcopy\n`)), f.copyDone],
    ['COPY 2'],
    { copy: 2 },
  );
  add('copy out', () => [f.query(traced('COPY (SELECT * FROM people WHERE id < 8) TO STDOUT'))], ['COPY 3']);
  add(
    'portal',
    () => [
      f.parse('', traced('SELECT id, phone FROM people ORDER BY id')),
      f.bind({ portal: 'p' }),
      f.execute('p', 2),
      f.execute('p', 2),
      f.sync,
    ],
    ['PortalSuspended', 'PortalSuspended'],
    {},
    { executions: 2 },
  );
  add('last', () => [f.query(insert('last'))], ['INSERT 0 1'], { last: 1 });
  return steps;
}
