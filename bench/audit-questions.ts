/**
 * `node bench/audit-questions.ts`: every question of `sluice audit query`, timed on a store of so many records, cold (the server has just been
 * started; the machine may still have its files in memory) and warm. With the embedded store, `--keep DIRECTORY` keeps what
 * was loaded, and goes on from there.
 */
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { answers } from '../cli/audit/query/answers.ts';
import { type QuestionOptions, QUESTIONS } from '../cli/audit/query/questions.ts';
import type { AuditSource } from '../cli/audit/sources/source.ts';
import type { Selection } from '../core/audit/questions/selection.ts';
import { timeOfLine } from '../core/audit/questions/reading.ts';
import { loadDocuments } from '../core/policy/documents.ts';
import { BEGIN, generateChains } from './audit-records.ts';
import { type BenchStore, openBenchStore } from './audit-stores.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '10000000' },
    pods: { type: 'string', default: '2000' },
    store: { type: 'string', default: 'postgres' },
    postgres: { type: 'string', default: '18' },
    keep: { type: 'string' },
  },
});

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);
/** Lines in one append: what a sidecar sends at once, several times. */
const BATCH = 2_000;
/** Appends at a time, of different chains. */
const WRITERS = 4;

interface Case {
  readonly name: string;
  readonly selection: Selection;
  readonly options?: QuestionOptions;
}

const day = (n: number): string => new Date(BEGIN + n * 86_400_000).toISOString().replace('Z', '000Z');
const table = { schema: 'public', name: 'customers_1' };

/** What people ask most: of a table, an account, a trace, a day; and each question of everything there is. */
function cases(trace: string, row: string, pod: string): readonly (readonly [question: string, each: Case])[] {
  return [
    ['statements', { name: 'one trace', selection: { trace } }],
    ['statements', { name: 'one row of a table', selection: { table, rows: [row] } }],
    ['statements', { name: 'one pod', selection: { pod } }],
    ['who', { name: 'one table, one day', selection: { table, from: day(10), to: day(11) } }],
    ['who', { name: 'one column of a table, the month', selection: { table, column: 'email' } }],
    [
      'who',
      {
        name: 'one service account, one day',
        selection: { namespace: 'ai-agents', serviceAccount: 'agent-0', from: day(10), to: day(11) },
      },
    ],
    ['denied', { name: 'one day', selection: { from: day(10), to: day(11) } }],
    ['denied', { name: 'the month', selection: {} }],
    ['clear', { name: 'one day', selection: { from: day(10), to: day(11) } }],
    ['readers', { name: 'one day', selection: { from: day(10), to: day(11) } }],
    [
      'first',
      { name: 'last day against the week before', selection: { from: day(29), to: day(30) }, options: { since: day(22) } },
    ],
    ['sessions', { name: 'one day', selection: { from: day(10), to: day(11) } }],
    ['unused', { name: 'one Database, one day', selection: { database: 'data-platform/shop', from: day(10), to: day(11) } }],
    ['who', { name: 'everything', selection: {} }],
    ['readers', { name: 'everything', selection: {} }],
    ['clear', { name: 'everything', selection: {} }],
  ];
}

const POLICY = `apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: p, namespace: data-platform}
spec:
  databaseRef: {name: shop}
  subjects: [{serviceAccount: {namespace: ai-agents, name: "*"}}, {serviceAccount: {namespace: reporting, name: "*"}}]
  grants:
    - {tables: ["public.*"], actions: [Select, Insert, Update]}
    - {tables: [public.orders_0, public.customers_1], actions: [Select], columns: [id, email, phone, note]}
`;

const started = performance.now();
const records = Number(values.records);
const store = await openBenchStore({
  kind: values.store === 'sqlite' ? 'sqlite' : 'postgres',
  major: values.postgres === '15' ? 15 : 18,
  say,
  ...(values.keep === undefined ? {} : { directory: values.keep }),
});
try {
  await measure(store);
} finally {
  await store.close();
}

async function measure(bench: BenchStore): Promise<void> {
  const loaded = await load(bench);
  const facts = sample();
  const rows: string[] = [];
  for (const [question, each] of cases(facts.trace, facts.row, facts.pod)) {
    const cold = await timed(await bench.restart(), question, each);
    const warm = await timed(await bench.open(), question, each);
    say(
      `${question} ${each.name}: ${seconds(cold.seconds)} cold, ${seconds(warm.seconds)} warm, ${warm.read} records read, ${warm.rows} rows`,
    );
    rows.push(
      `| \`${question}\` | ${each.name} | ${seconds(cold.seconds)} | ${seconds(warm.seconds)} | ${warm.read.toLocaleString('en')} | ${warm.rows.toLocaleString('en')} |`,
    );
  }
  process.stdout.write(
    [
      `${loaded.toLocaleString('en')} records of ${values.pods} pods in ${bench.name}, ${await bench.size()}; ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; ${seconds((performance.now() - started) / 1_000)} in all.`,
      '',
      '| question | of what | cold | warm | records read | rows |',
      '|---|---|--:|--:|--:|--:|',
      ...rows,
      '',
    ].join('\n'),
  );
}

async function timed(
  source: AuditSource,
  question: string,
  { selection, options = {} }: Case,
): Promise<{ seconds: number; read: number; rows: number }> {
  const named = QUESTIONS.find(({ name }) => name === question);
  if (named === undefined) throw new Error(`there is no question ${question}`);
  const policies = loadDocuments([{ name: 'policy.yaml', text: POLICY }]).policies;
  const begin = performance.now();
  let rows = 0;
  let read = 0;
  for await (const _ of answers(source, named.ask(selection, options, policies), { seen: () => (read += 1) })) rows += 1;
  await source.close();
  return { seconds: (performance.now() - begin) / 1_000, read, rows };
}

/** Resolves to the number of records. */
async function load(bench: BenchStore): Promise<number> {
  const chains = generateChains(records, Number(values.pods));
  const begin = performance.now();
  let done = 0;
  let written = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const { value, done: over } = chains.next();
      if (over === true || value === undefined) return;
      const { chain, owner } = value;
      const have = (await bench.store.ending(chain))?.next ?? 0;
      let seq = 0;
      let batch: string[] = [];
      const flush = async (): Promise<void> => {
        if (batch.length === 0) return;
        const received = timeOfLine(batch[0]!);
        await bench.store.append({
          chain,
          owner,
          first: seq - batch.length,
          lines: batch,
          ...(received === undefined ? {} : { received }),
        });
        written += batch.length;
        batch = [];
      };
      for (const line of value.lines()) {
        seq += 1;
        if (seq <= have) continue;
        batch.push(line);
        if (batch.length >= BATCH) await flush();
      }
      await flush();
      done += seq;
      if (Math.floor(done / 500_000) !== Math.floor((done - seq) / 500_000))
        say(
          `${done.toLocaleString('en')} records, ${Math.round(written / ((performance.now() - begin) / 1_000)).toLocaleString('en')} a second`,
        );
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, worker));
  await bench.settled();
  say(`loaded ${done.toLocaleString('en')} records in ${seconds((performance.now() - begin) / 1_000)}, ${await bench.size()}`);
  return done;
}

/** Something that is there: the trace and pod of a statement, and the key of a row of the table that is asked for. */
function sample(): { readonly trace: string; readonly row: string; readonly pod: string } {
  let trace = '';
  let row = '';
  let pod = '';
  for (const { owner, lines } of generateChains(records, Number(values.pods))) {
    for (const line of lines()) {
      trace ||= /"trace":"00-([0-9a-f]{32})/.exec(line)?.[1] ?? '';
      row ||= /"relation":"public\.customers_1","action":"\w+","rows":1,"key":\["id"\],"keys":\["([^"]+)"/.exec(line)?.[1] ?? '';
    }
    pod ||= owner.identity.podUid ?? '';
    if (trace !== '' && row !== '') break;
  }
  return { trace, row, pod };
}

function seconds(value: number): string {
  return value < 10 ? `${value.toFixed(2)} s` : `${Math.round(value)} s`;
}
