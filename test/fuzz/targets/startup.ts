/**
 * The first bytes of connections to a real proxy process that offers TLS: every packet there is, twice, too long, too short, cut at every
 * offset with a pause, with bytes behind it. The process lives, an open session is answered, nobody gets a session without a proper
 * startup packet, and whoever is refused is counted.
 */
import { mutateBytes } from '../byte-mutator.ts';
import { converse, inPieces, open } from '../connection.ts';
import { keep, kept } from '../corpus.ts';
import type { NetworkSetup } from '../network.ts';
import { ProxyUnderTest } from '../proxy-under-test.ts';
import { Random } from '../random.ts';
import { kindOf, type Tally } from '../target.ts';
import { splitMessages } from '../../support/backend.ts';
import * as frontend from '../../support/frontend.ts';
import { restrictedIdentity, restrictivePolicy } from '../../support/shop.ts';

const QUIET = 40;
/** So many at a time: most of the time is waiting. */
const AT_ONCE = 12;
const LARGEST = 20_000;

const login = (more: readonly (readonly [string, string])[] = [], version = 196_608): Buffer =>
  frontend.startup([['user', 'agent'], ['database', 'shop'], ...more], version);
const CLIENT_HELLO = Buffer.from('16030100050100000100', 'hex');

const PACKETS: readonly Buffer[] = [
  login(),
  login([], 196_610),
  login([['_pq_.something', '1']], 196_609),
  login([['options', '-c search_path=public --geqo=off']]),
  login([
    ['application_name', 'fuzz'],
    ['client_encoding', 'UTF8'],
    ['replication', 'true'],
  ]),
  login([['user', 'postgres']]),
  login([['sluice.mask_key_inner', 'x']]),
  login([], 0x20000),
  login([], 0x7fffffff),
  frontend.sslRequest,
  frontend.gssEncRequest,
  frontend.cancelRequest(1, Buffer.from([1, 2, 3, 4])),
  frontend.cancelRequest(-1, Buffer.alloc(256, 7)),
  frontend.cancelRequest(1, Buffer.alloc(0)),
  Buffer.from([0, 0, 0, 0]),
  Buffer.from([0, 0, 0, 7, 0, 3, 0]),
  Buffer.from([0, 0, 0x27, 0x11, 0, 3, 0, 0]),
  Buffer.from([0x7f, 0xff, 0xff, 0xff]),
  CLIENT_HELLO,
  Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  Buffer.concat([frontend.sslRequest, CLIENT_HELLO]),
  Buffer.concat([frontend.sslRequest, login()]),
  Buffer.concat([frontend.gssEncRequest, login()]),
  Buffer.concat([frontend.sslRequest, frontend.sslRequest]),
  Buffer.concat([login(), frontend.query('SELECT 1')]),
  Buffer.concat([login(), login()]),
  login([['x', 'y'.repeat(9_900)]]),
];

export async function fuzzStartup(setup: NetworkSetup): Promise<Tally> {
  const tally: Tally = { executions: 0, failures: [], leaks: [], deaths: 0, figures: {} };
  const random = new Random(setup.seed);
  const proxy = await ProxyUnderTest.start({
    policy: [restrictivePolicy],
    as: restrictedIdentity,
    upstream: setup.shop.url('shop'),
    extra: ['--tls', 'self-signed'],
  });
  const kinds = new Set<string>();
  let sessions = 0;
  let refusals = 0;
  const fail = async (why: string, input: Buffer): Promise<void> => {
    const kind = kindOf(why);
    if (kinds.has(kind)) return;
    kinds.add(kind);
    setup.say(`  startup: ${why}`);
    tally.failures.push({ why, input });
    await keep('startup', 'failed', input, 'bin');
  };
  const one = async (bytes: Buffer, cuts: readonly number[], pause: number): Promise<void> => {
    tally.executions++;
    const socket = await open(proxy.port);
    const heard = await converse(socket, inPieces(bytes, cuts, pause), { quiet: QUIET + pause });
    socket.destroy();
    const outcome = judge(bytes, heard.bytes);
    if (outcome.why !== undefined) await fail(outcome.why, bytes);
    if (outcome.kind === 'session') sessions++;
    if (outcome.kind === 'refused') refusals++;
  };
  const batch = async (
    inputs: readonly { readonly bytes: Buffer; readonly cuts: readonly number[]; readonly pause: number }[],
  ) => {
    for (let at = 0; at < inputs.length; at += AT_ONCE) {
      const group = inputs.slice(at, at + AT_ONCE);
      await Promise.all(group.map(({ bytes, cuts, pause }) => one(bytes, cuts, pause)));
      const trouble = await proxy.trouble();
      if (trouble !== undefined) await fail(trouble, Buffer.concat(group.map(({ bytes }) => bytes)));
      if (Date.now() > end) return;
    }
  };

  const end = Date.now() + setup.seconds * 1_000;
  const countedBefore = await proxy.counter('sluice_connections_refused_total');
  const earlier = (await kept('startup')).map(({ bytes }) => bytes);
  const inputs = [...earlier, ...PACKETS];
  await batch(inputs.map((bytes) => ({ bytes, cuts: [], pause: 0 })));
  // Every offset of the short ones, some of the long ones, with a pause in which the other side must wait.
  const offsets = (bytes: Buffer) => {
    const step = Math.max(1, Math.floor(bytes.length / 60));
    return Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) => ({ bytes, cuts: [index * step], pause: 3 }));
  };
  await batch(earlier.flatMap(offsets));
  const all = PACKETS.flatMap(offsets);
  await batch(setup.seconds >= 60 ? all : all.filter(() => random.once(4)));
  while (Date.now() < end) {
    await batch(
      Array.from({ length: 4 * AT_ONCE }, () => {
        const base = random.pick(inputs);
        const bytes = random.once(4)
          ? Buffer.concat([base, random.pick(inputs)]).subarray(0, LARGEST)
          : mutateBytes(base, random, inputs, LARGEST);
        return { bytes, cuts: random.once(2) ? [random.below(bytes.length)] : [], pause: random.below(4) };
      }),
    );
  }
  const counted = (await proxy.counter('sluice_connections_refused_total')) - countedBefore;
  if (counted < refusals) await fail('refusals that are not counted', Buffer.from(`${refusals} refused, ${counted} counted`));
  for (const error of proxy.internalErrors()) await fail(error, Buffer.alloc(0));
  tally.deaths = proxy.deaths;
  Object.assign(tally.figures, {
    'sessions begun': sessions,
    refused: refusals,
    'refusals counted': counted,
    'slowest answer to a bystander (ms)': Math.round(proxy.slowest),
    'peak memory (MiB)': proxy.peak,
  });
  await proxy.stop();
  return tally;
}

interface Outcome {
  readonly kind: 'session' | 'refused' | 'nothing';
  readonly why?: string;
}

/** What came back is nothing, answers to requests for encryption, then a FATAL or a whole greeting; a greeting only for who asked for one. */
export function judge(sent: Buffer, bytes: Buffer): Outcome {
  let rest = bytes;
  // N is an answer of one byte, or a message, and then the first byte of a length comes behind it: 0. GSSAPI is never accepted.
  while (rest[0] === 0x4e && rest[1] !== 0) rest = rest.subarray(1);
  if (rest[0] === 0x53 && rest.length !== 1 && rest.readUInt8(1) === 0x15) return { kind: 'nothing' };
  if (rest[0] === 0x53 && rest.length === 1) return { kind: 'nothing' };
  if (rest.length === 0) return { kind: 'nothing' };
  // A TLS alert.
  if (rest[0] === 0x15 || rest[0] === 0x16) return { kind: 'nothing' };
  try {
    const { messages, rest: left } = splitMessages(rest);
    if (left.length > 0) return { kind: 'nothing', why: 'half a message came back' };
    const types = messages.map(({ type }) => type).join('');
    // Negotiated, and not answered yet.
    if (types === 'v') return { kind: 'nothing' };
    if (/^v?E$/.test(types)) return { kind: 'refused' };
    if (/^v?RS*K?S*(?:Z|E$|$)/.test(types)) {
      return sent.includes('user\0') ? { kind: 'session' } : { kind: 'session', why: 'a session without a user' };
    }
    return { kind: 'nothing', why: `an answer out of order: ${types.slice(0, 20)}` };
  } catch (error) {
    return { kind: 'nothing', why: `an answer that is no protocol: ${(error as Error).message}` };
  }
}
