/**
 * A hostile server behind a real proxy process: during the login and after it messages are changed, exchanged, forged, cut off. The process
 * lives, an open session is answered; the client gets a well-formed stream or is cut off; no description of a protected column and no text that
 * is to be withheld reaches it; a server that only cuts its bytes otherwise is not noticed at all.
 */
import { catalogOf } from '../../support/catalog.ts';
import { splitMessages } from '../../support/backend.ts';
import * as frontend from '../../support/frontend.ts';
import { restrictedIdentity, restrictivePolicy } from '../../support/shop.ts';
import { converse, open } from '../connection.ts';
import { keep, kept } from '../corpus.ts';
import { type HostileRelay, type Phase, startHostileRelay } from '../hostile-relay.ts';
import type { NetworkSetup } from '../network.ts';
import { restrictiveBundle } from '../policies.ts';
import { ProxyUnderTest } from '../proxy-under-test.ts';
import { Random } from '../random.ts';
import { kindOf, type Tally } from '../target.ts';
import { fuzzSchema } from './schema.ts';

const AT_ONCE = 16;
/** Milliseconds without an answer after which a client gives up: a liar may leave it waiting for ever. */
const QUIET = 150;
/** MiB; an idle proxy has 100 to 160. */
const MOST_MEMORY = 400;
const MARK = 'wthhldqzx';

const hello = frontend.startup([
  ['user', 'agent'],
  ['database', 'shop'],
]);
const FLOWS: readonly (readonly Buffer[])[] = [
  [frontend.query('SELECT id, phone, ssn FROM customers ORDER BY id')],
  [frontend.query('BEGIN'), frontend.query("UPDATE customers SET city = 'x' WHERE id = 2"), frontend.query('ROLLBACK')],
  [
    frontend.parse('s', 'SELECT id, name FROM customers WHERE id = $1', [23]),
    frontend.describe('S', 's'),
    frontend.bind({ statement: 's', parameters: ['2'] }),
    frontend.execute('', 1),
    frontend.execute(),
    frontend.sync,
  ],
  [frontend.query('COPY products (id, name) TO STDOUT')],
  [frontend.query('SELECT 1/0'), frontend.query("SELECT 'x'::int"), frontend.query('SELECT nothing')],
  [
    frontend.query('LISTEN orders'),
    frontend.query('NOTIFY orders'),
    frontend.query('SELECT 1; SELECT 2; SELECT phone FROM customers'),
  ],
  [frontend.query('COPY scratch FROM STDIN'), frontend.copyData(Buffer.from('1\tx\n')), frontend.copyFail('no')],
  [
    frontend.parse('', 'INSERT INTO orders (id, tenant, customer_id, total) VALUES (9, $1, 2, 1)'),
    frontend.bind({ parameters: ['acme'] }),
    frontend.execute(),
    frontend.sync,
    frontend.query('SET search_path = public'),
  ],
  [
    frontend.query('DECLARE c CURSOR FOR SELECT email FROM customers'),
    frontend.query('FETCH 2 FROM c'),
    frontend.query('CLOSE c'),
  ],
];

/** What an input says: which flow, which phase, where, and the seed of the rest. */
interface Script {
  readonly flow: number;
  readonly phase: Phase;
  readonly at: number;
  readonly width: number;
  readonly seed: number;
  readonly onlyCut: boolean;
}

export async function fuzzServer(setup: NetworkSetup): Promise<Tally> {
  const tally: Tally = { executions: 0, failures: [], leaks: [], deaths: 0, figures: {} };
  const { guarded, table } = await protectedColumns(setup);
  const forged = forgedMessages(table);
  const relay = await startHostileRelay({ port: setup.shop.server.port, forged });
  const url = new URL(setup.shop.url('shop'));
  url.port = String(relay.port);
  const proxy = await ProxyUnderTest.start({ policy: [restrictivePolicy], as: restrictedIdentity, upstream: url.href });
  const random = new Random(setup.seed);
  const kinds = new Set<string>();
  const outcomes = { answered: 0, ended: 0, 'refused at login': 0, late: 0 };
  const fail = async (why: string, script: Script): Promise<void> => {
    const kind = kindOf(why);
    if (kinds.has(kind)) return;
    kinds.add(kind);
    const input = Buffer.from(JSON.stringify(script));
    setup.say(`  server: ${why.slice(0, 400)} ${input.toString()}`);
    if (why.startsWith('leak')) tally.leaks.push(why);
    else tally.failures.push({ why, input });
    await keep('server', 'failed', input, 'json');
  };
  const honest: Buffer[] = [];
  for (const flow of FLOWS.keys()) honest.push((await talk(proxy.port, flow)).bytes);

  const one = async (script: Script): Promise<string | undefined> => {
    tally.executions++;
    const { bytes, closed } = await talk(proxy.port, script.flow, relay, script);
    const seen = judge(bytes, closed, guarded);
    outcomes[seen.kind]++;
    if (seen.why !== undefined || !script.onlyCut || comparable(bytes).equals(comparable(honest[script.flow]!))) return seen.why;
    return `cut otherwise, another answer to flow ${script.flow}: ${typesOf(bytes)}, not ${typesOf(honest[script.flow]!)}`;
  };

  await fuzzSchema({ ...setup, seconds: setup.seconds / 5 }, tally);
  const end = Date.now() + (setup.seconds * 4_000) / 5;
  const replayed = (await kept('server')).map(({ bytes }) => JSON.parse(bytes.toString()) as Script);
  while (Date.now() < end) {
    const onlyCut = random.once(6);
    const group =
      replayed.length > 0 ? replayed.splice(0, 1) : Array.from({ length: AT_ONCE }, () => drawScript(random, onlyCut));
    const seen = await Promise.all(group.map(one));
    const trouble = await proxy.trouble();
    const [why] = [trouble, ...seen].filter((each) => each !== undefined);
    if (proxy.peak > MOST_MEMORY) await fail(`memory: ${proxy.peak} MiB`, group[0]!);
    if (why === undefined) continue;
    // Side by side they may have got each other's plans: whose it was shows one by one.
    const guilty = [];
    for (const script of group) if (((await one(script)) ?? (await proxy.trouble())) !== undefined) guilty.push(script);
    // On a busy machine an answer may be late; one that never comes stays away the second time, too.
    if (guilty.length === 0 && why.startsWith('cut otherwise')) outcomes.late++;
    else for (const script of guilty.length > 0 ? guilty : group) await fail(why, script);
  }
  for (const error of proxy.internalErrors()) await fail(`mistake of its own: ${error}`, drawScript(random, false));
  tally.deaths = proxy.deaths;
  Object.assign(tally.figures, outcomes, {
    'slowest answer to a bystander (ms)': Math.round(proxy.slowest),
    'peak memory (MiB)': proxy.peak,
  });
  await proxy.stop();
  await relay.stop();
  return tally;
}

function drawScript(random: Random, onlyCut: boolean): Script {
  const phase: Phase = random.once(3) ? 'login' : 'session';
  return {
    flow: random.below(FLOWS.length),
    phase,
    at: random.below(phase === 'login' ? 18 : 8),
    width: random.once(2) ? 0 : random.below(6),
    seed: random.word(),
    onlyCut,
  };
}

async function talk(
  port: number,
  flow: number,
  relay?: HostileRelay,
  script?: Script,
): Promise<{ bytes: Buffer; closed: boolean }> {
  const socket = await open(port);
  if (relay !== undefined && script !== undefined) relay.arm({ ...script, random: new Random(script.seed) });
  const messages = FLOWS[flow]!;
  const wanted = messages.filter((message) => 'QS'.includes(String.fromCharCode(message[0]!))).length + 1;
  const heard = await converse(
    socket,
    [hello, ...messages].map((bytes) => ({ bytes, pause: 0 })),
    {
      quiet: script?.onlyCut === false ? QUIET : 20_000,
      done: (bytes) => readies(bytes) >= wanted,
      // Nobody lies during the login: it will be over in a while.
      patient: (bytes) => script?.phase === 'session' && readies(bytes) === 0,
    },
  );
  socket.destroy();
  return heard;
}

function readies(bytes: Buffer): number {
  try {
    return splitMessages(bytes).messages.filter(({ type }) => type === 'Z').length;
  } catch {
    return 0;
  }
}

function typesOf(bytes: Buffer): string {
  return splitMessages(bytes)
    .messages.map(({ type }) => type)
    .join('');
}

/** Keys differ from session to session, and others' notifications come when they come. */
function comparable(bytes: Buffer): Buffer {
  const { messages, rest } = splitMessages(bytes);
  const parts = messages.flatMap(({ type, body }) => {
    return type === 'K' || type === 'S' || type === 'A' ? [] : [Buffer.from(type), body];
  });
  return Buffer.concat([...parts, rest]);
}

interface Seen {
  readonly kind: 'answered' | 'ended' | 'refused at login';
  readonly why?: string;
}

const FROM_SERVER = /^[RSKZTDCEN123AInstGHcdvV]$/;

export function judge(bytes: Buffer, closed: boolean, guarded: ReadonlySet<string>): Seen {
  let split: ReturnType<typeof splitMessages>;
  try {
    split = splitMessages(bytes);
  } catch (error) {
    return { kind: 'ended', why: `the client's stream is no protocol: ${(error as Error).message}` };
  }
  const odd = split.messages.find(({ type }) => !FROM_SERVER.test(type));
  if (odd !== undefined) return { kind: 'ended', why: `a message of type ${JSON.stringify(odd.type)} reached the client` };
  const types = split.messages.map(({ type }) => type).join('');
  const begun = /^RS*KS*Z/.test(types);
  if (!begun && types !== '' && !/^(?:R?S*K?S*)?E?$/.test(types))
    return { kind: 'ended', why: `a login out of order: ${types.slice(0, 30)}` };
  for (const { type, body } of split.messages) {
    if (type === 'T' && describes(body, guarded)) return { kind: 'ended', why: 'leak: a protected column was described' };
    if ((type === 'E' || type === 'N') && body.includes(MARK))
      return { kind: 'ended', why: 'leak: a text that is to be withheld' };
    if (type === 'Z' && !'ITE'.includes(body.toString('latin1'))) return { kind: 'ended', why: 'a ReadyForQuery of no status' };
  }
  if (!begun) return { kind: 'refused at login' };
  return { kind: closed ? 'ended' : 'answered' };
}

/** Whether a RowDescription names a protected column. */
function describes(body: Buffer, guarded: ReadonlySet<string>): boolean {
  let at = 2;
  for (let left = body.readUInt16BE(0); left > 0; left--) {
    const end = body.indexOf(0, at);
    if (end < 0 || end + 19 > body.length) return false;
    if (guarded.has(`${body.readUInt32BE(end + 1)}.${body.readInt16BE(end + 5)}`)) return true;
    at = end + 19;
  }
  return false;
}

async function protectedColumns(
  setup: NetworkSetup,
): Promise<{ readonly guarded: ReadonlySet<string>; readonly table: readonly [number, number] }> {
  const bundle = await restrictiveBundle(await catalogOf(setup.shop.url('shop')));
  const [first] = bundle.protectedColumns;
  const [oid, attnum] = (first ?? '0.0').split('.').map(Number) as [number, number];
  return { guarded: new Set(bundle.protectedColumns), table: [oid, attnum] };
}

/** What an honest server never sends here; texts with the mark must not get through. */
function forgedMessages([oid, attnum]: readonly [number, number]): readonly Buffer[] {
  const { message } = frontend;
  const field = (tableOid: number, column: number): Buffer => {
    const numbers = Buffer.alloc(18);
    numbers.writeUInt32BE(tableOid);
    numbers.writeInt16BE(column, 4);
    numbers.writeUInt32BE(25, 6);
    return Buffer.concat([Buffer.from('x\0'), numbers]);
  };
  // Texts about values are withheld always; those that code raises, where governed relations are involved.
  const error = (severity: string, code: string): Buffer => {
    const text = code.startsWith('2') ? `${MARK} "${MARK}"` : 'raised';
    return Buffer.from(`S${severity}\0V${severity}\0C${code}\0M${text}\0D${MARK}\0W${MARK}\0q${MARK}\0\0`);
  };
  const int = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  return [
    message('T', Buffer.from([0, 1]), field(oid, attnum)),
    message('T', Buffer.from([0, 2]), field(0, 0), field(oid, attnum)),
    message('T', Buffer.from([0x7f, 0xff]), field(0, 0)),
    message('D', Buffer.from([0, 1]), int(4), Buffer.from('rows')),
    message('E', error('ERROR', '22P02')),
    message('E', error('ERROR', 'P0001')),
    message('E', error('FATAL', '23505')),
    message('N', error('NOTICE', '00000')),
    message('N', error('WARNING', '01000')),
    message('Z', Buffer.from('I')),
    message('Z', Buffer.from('T')),
    message('Z', Buffer.from('?')),
    message('C', Buffer.from('SELECT 1\0')),
    message('C', Buffer.from('UPDATE 99999999999999999999\0')),
    message('S', Buffer.from('client_encoding\0SJIS\0')),
    message('S', Buffer.from('standard_conforming_strings\0off\0')),
    message('S', Buffer.from(`${'x'.repeat(70_000)}\0y\0`)),
    message('K', int(1), int(2)),
    message('A', int(1), Buffer.from('orders\0x\0')),
    message('R', int(0)),
    message('R', int(3)),
    message('R', int(10), Buffer.from('SCRAM-SHA-256\0\0')),
    message('R', int(12), Buffer.from('v=AAAA')),
    message('1'),
    message('2'),
    message('3'),
    message('I'),
    message('n'),
    message('s'),
    message('t', Buffer.from([0xff, 0xff])),
    message('G', Buffer.from([0, 0, 1, 0, 0])),
    message('H', Buffer.from([0, 0, 1, 0, 0])),
    message('d', Buffer.from('data\n')),
    message('c'),
    message('W', Buffer.from([0, 0, 0])),
    message('V', int(-1)),
    message('v', int(0), int(0)),
    message('X'),
    Buffer.from([0x44, 0x3f, 0xff, 0xff, 0xff, 0, 1]),
    Buffer.from([0x45, 0x3f, 0xff, 0xff, 0xff, 0x4d]),
    Buffer.alloc(64, 0),
  ];
}
