/**
 * Fuzzing, one row a target. Threads (frames, shape, policy, statements) run one after the other on one core, targets that talk to processes
 * (startup, server, SQLsmith) on the other. Inputs that failed once are kept under corpus/ and replayed by every run.
 */
import type { CatalogData } from '../../core/catalog/model.ts';
import type { RunOptions, Scoreboard, Suite } from '../scoreboard/suite.ts';
import { catalogOf } from '../support/catalog.ts';
import { startShop } from '../support/shop.ts';
import { row } from './board.ts';
import type { NetworkSetup } from './network.ts';
import { requireSqlsmith } from './sqlsmith.ts';
import type { Tally } from './target.ts';
import { fuzzServer } from './targets/server.ts';
import { fuzzSmith, type RewriterTally } from './targets/smith.ts';
import { fuzzStartup } from './targets/startup.ts';
import { runInThread } from './thread.ts';

/** Seconds of a bounded run; the two lanes run side by side. */
const BOUNDED = { frames: 20, shape: 40, policy: 25, statements: 35, startup: 25, server: 30, rewriter: 60 } as const;
type Part = keyof typeof BOUNDED;
const THREADS: readonly Part[] = ['frames', 'shape', 'policy', 'statements'];
const NETWORK: readonly Part[] = ['startup', 'server', 'rewriter'];
const DEFAULT_SECONDS = 600;

export const suite: Suite = {
  name: 'fuzz',
  about:
    'wire bytes, startup packets, a hostile server, statements, the shape cache, policies; --seconds N for as long as you like',
  run: async (options) => await run(options),
};

async function run(options: RunOptions): Promise<readonly Scoreboard[]> {
  const wanted = (name: Part): boolean => options.only.length === 0 || options.only.includes(name);
  // Statements are half of the rewriter's row.
  const parts = [...THREADS, ...NETWORK].filter((name) => wanted(name) || (name === 'statements' && wanted('rewriter')));
  if (parts.includes('rewriter')) requireSqlsmith();
  const seconds = budget(options, parts);
  const shop = await startShop(options.major, ['a'], { name: () => 'shop' });
  try {
    const catalog = (await catalogOf(shop.url('shop'))).data;
    const network = (name: Part): NetworkSetup => ({ shop, seed: options.seed, seconds: seconds[name], say: options.say });
    const done = new Map<Part, Tally>();
    const lanes = [
      async () => {
        for (const name of THREADS) if (parts.includes(name)) done.set(name, await thread(name, catalog, seconds[name], options));
      },
      async () => {
        if (parts.includes('startup')) done.set('startup', await fuzzStartup(network('startup')));
        if (parts.includes('server')) done.set('server', await fuzzServer(network('server')));
        if (parts.includes('rewriter')) done.set('rewriter', await fuzzSmith(network('rewriter')));
      },
    ];
    await Promise.all(lanes.map((lane) => lane()));
    return boards(done, options);
  } finally {
    await shop.stop();
  }
}

/** `--seconds` is shared by what runs in each lane. */
function budget(options: RunOptions, parts: readonly Part[]): Readonly<Record<Part, number>> {
  if (options.bounded && options.seconds === undefined) return BOUNDED;
  const whole = options.seconds ?? DEFAULT_SECONDS;
  const share = (lane: readonly Part[]): readonly (readonly [Part, number])[] => {
    const sum = lane.filter((name) => parts.includes(name)).reduce((total, name) => total + BOUNDED[name], 0);
    return lane.map((name) => [name, Math.max(1, Math.round((whole * BOUNDED[name]) / Math.max(1, sum)))]);
  };
  return Object.fromEntries([...share(THREADS), ...share(NETWORK)]) as Record<Part, number>;
}

function thread(target: Part, catalog: CatalogData, seconds: number, options: RunOptions): Promise<Tally> {
  return runInThread({ target, catalog, seconds, seed: options.seed, say: options.say, grow: !options.bounded });
}

const WHAT: Readonly<Record<string, string>> = {
  frames:
    'streams in both directions, recorded ones and mutations of them, against a reference that sees all bytes at once; cut at every offset',
  startup: 'first bytes of connections to a proxy process, cut at every offset; who is refused is counted',
  server: 'a server that changes, exchanges, forges and cuts off its messages, during the login and after it',
  rewriter:
    'SQLsmith and mutations of all corpora: in the analyser, and on a server directly, with everything granted, and restricted',
  shape: "the lexer against the server's scanner, cached plans against fresh ones",
  policy: 'policies with mistakes in them, and YAML meant to harm',
};

function boards(done: ReadonlyMap<Part, Tally>, { major, seed }: RunOptions): readonly Scoreboard[] {
  const rows: Scoreboard[] = [];
  for (const name of ['frames', 'startup', 'server', 'rewriter', 'shape', 'policy'] as const) {
    const tally = done.get(name);
    const statements = name === 'rewriter' ? done.get('statements') : undefined;
    const tallies = [tally, statements].filter((each) => each !== undefined);
    if (tallies.length === 0) continue;
    const { floors = {}, unstable = 0 } = (tally ?? {}) as Partial<RewriterTally>;
    rows.push(row({ name, what: `${WHAT[name]}; PostgreSQL ${major}`, seed, tallies, floors, unstable }));
  }
  return rows;
}
