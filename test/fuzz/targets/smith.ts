/**
 * Statements on real servers: SQLsmith's, which it writes about what Sluice shows it, and mutations of all corpora. With everything granted the
 * answer is the server's; what the restrictive policy allows the server takes whenever it takes the original; nothing protected comes back. The
 * same statements are seen to leak on a bare relay.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine } from '../../../core/sql/analyse.ts';
import { HARD_BOUNDS, prescan } from '../../../core/sql/parse/prescan.ts';
import { createWasmParser } from '../../../core/sql/parse/wasm-parser.ts';
import { createSessionState } from '../../../core/sql/session-tracker.ts';
import { floorOf } from '../../conformance/floors.ts';
import { catalogOf } from '../../support/catalog.ts';
import { allowAllIdentity, allowAllPolicy, restrictedIdentity, restrictivePolicy } from '../../support/shop.ts';
import { WireClient } from '../../support/wire-client.ts';
import { keep, kept } from '../corpus.ts';
import type { NetworkSetup } from '../network.ts';
import { allowAllBundle } from '../policies.ts';
import { ProxyUnderTest } from '../proxy-under-test.ts';
import { Random } from '../random.ts';
import { mutateSql } from '../sql-mutator.ts';
import { sqlSeeds } from '../sql-seeds.ts';
import { sqlsmith } from '../sqlsmith.ts';
import { kindOf, type Tally } from '../target.ts';
import { compareNarrow, compareOpen, Line } from '../trio.ts';

/** Statements of these kinds leave nothing behind when their transaction is rolled back. */
const PLAIN: ReadonlySet<string> = new Set(['select', 'insert', 'update', 'delete', 'merge', 'values', 'explain', 'copy-to']);
/** They hold locks, wait, or end sessions. */
const LASTING =
  /advisory|pg_sleep|pg_terminate|pg_cancel|dblink|pg_reload|pg_rotate|pg_switch|lo_|nextval|setval|random|clock_|pg_backend_pid|txid|xact_id|xid|pg_stat|setting/i;
/** Milliseconds; most of what SQLsmith writes is done in a few, the rest may go on for ever. */
const TIMEOUT = 400;

export interface RewriterTally extends Tally {
  refusedByFloor: number;
  readonly floors: Record<string, number>;
  unstable: number;
}

export async function fuzzSmith(setup: NetworkSetup): Promise<RewriterTally> {
  const tally: RewriterTally = {
    executions: 0,
    failures: [],
    leaks: [],
    deaths: 0,
    figures: {},
    refusedByFloor: 0,
    floors: {},
    unstable: 0,
  };
  const random = new Random(setup.seed);
  const lines = await openLines(setup);
  const { plain, treesOf } = await plainStatements(setup);
  const seeds = await sqlSeeds();
  const kinds = new Map<string, number>();
  const counts = { 'leak on the bare relay': 0, 'denied by the restrictive policy': 0, 'from SQLsmith': 0, mutated: 0 };

  const fail = async (why: string, sql: string): Promise<void> => {
    const kind = kindOf(why);
    const times = (kinds.get(kind) ?? 0) + 1;
    kinds.set(kind, times);
    if (times > 2) return;
    setup.say(`  rewriter: ${why.slice(0, 300)}`);
    tally.failures.push({ why, input: Buffer.from(sql) });
    await keep('rewriter', 'failed', Buffer.from(sql), 'sql');
  };
  const floors: Record<string, number> = tally.floors;
  const refusedByFloor = (sql: string, code: string, message: string): boolean => {
    const floor = floorOf({ trees: treesOf(sql), refusal: { code, message } });
    if (floor !== null) floors[floor] = (floors[floor] ?? 0) + 1;
    return floor !== null;
  };
  const one = async (sql: string): Promise<void> => {
    if (!plain(sql)) return;
    tally.executions++;
    const direct = await lines.direct.run(sql);
    if (direct.leaked !== undefined) counts['leak on the bare relay']++;
    const open = await lines.open.run(sql);
    let seen = compareOpen(sql, direct, open, ({ code, message }) => refusedByFloor(sql, code ?? '', message));
    // Twice different directly: nothing to compare with.
    if (typeof seen === 'object') {
      const again = await lines.direct.run(sql);
      if (again.sqlstate !== direct.sqlstate || again.tag !== direct.tag) seen = 'unstable';
    }
    if (typeof seen === 'object') await fail(seen.seen, sql);
    else if (seen === 'floor') tally.refusedByFloor++;
    else if (seen === 'unstable') tally.unstable++;
    const narrow = await lines.narrow.run(sql);
    if (narrow.leaked !== undefined) {
      tally.leaks.push(`${narrow.leaked}: ${sql.slice(0, 300)}`);
      await keep('rewriter', 'leak', Buffer.from(sql), 'sql');
    }
    const restricted = compareNarrow(sql, direct, narrow, () => treesOf(sql));
    if (typeof restricted === 'object') await fail(restricted.seen, sql);
    if (restricted === 'denied') counts['denied by the restrictive policy']++;
    for (const proxy of lines.proxies) {
      if (tally.executions % 20 !== 0 && !narrow.lost && !open.lost) break;
      const trouble = await proxy.trouble();
      if (trouble !== undefined) await fail(trouble, sql);
    }
  };

  const end = Date.now() + setup.seconds * 1_000;
  const wanted = setup.seconds < 90 ? 40 : 150;
  // The next ones are written while these are run.
  const order = (): Promise<readonly string[]> =>
    sqlsmith({ target: lines.target, seed: random.word(), queries: wanted, catalogs: random.once(4), say: setup.say });
  let next = order();
  for (const { bytes } of await kept('rewriter')) await one(bytes.toString('utf8'));
  while (Date.now() < end) {
    const smith = await next;
    next = order();
    for (const sql of smith) {
      if (Date.now() > end) break;
      counts['from SQLsmith']++;
      await one(sql);
    }
    for (let count = 0; count < 20 * wanted && Date.now() < end; count++) {
      counts.mutated++;
      await one(
        mutateSql(random.pick(seeds), smith.length > 0 && random.once(4) ? random.pick(smith) : random.pick(seeds), random),
      );
    }
  }
  await next;
  if (counts['from SQLsmith'] === 0 && setup.seconds >= 30) await fail('SQLsmith wrote nothing in the whole run', '');
  if (counts['leak on the bare relay'] === 0) await fail('nothing leaks on the bare relay: the oracle hears nothing', '');
  for (const proxy of lines.proxies) for (const error of proxy.internalErrors()) await fail(`mistake of its own: ${error}`, '');
  tally.deaths = lines.proxies.reduce((sum, { deaths }) => sum + deaths, 0);
  Object.assign(tally.figures, counts, { 'peak memory (MiB)': Math.max(...lines.proxies.map(({ peak }) => peak)) });
  await lines.stop();
  return tally;
}

/** One statement of a harmless kind, as the analyser with everything granted sees it. */
async function plainStatements(
  setup: NetworkSetup,
): Promise<{ readonly plain: (sql: string) => boolean; readonly treesOf: (sql: string) => readonly unknown[] }> {
  const parser = await createWasmParser();
  const catalog = await catalogOf(setup.shop.url('shop'));
  const engine = createEngine({ catalog, bundle: await allowAllBundle(catalog), parser, salt: '7f' });
  const session = createSessionState(['public']);
  const treesOf = (sql: string): readonly unknown[] => {
    const outcome = parser.parse(sql);
    return outcome.ok ? (outcome.tree.stmts ?? []).map(({ stmt }) => stmt) : [];
  };
  const plain = (text: string): boolean => {
    const sql = Buffer.from(text.replaceAll('\0', ' '));
    if (LASTING.test(text) || prescan(sql, HARD_BOUNDS).path !== 'inline') return false;
    const plans = engine.analyse({ sql, protocol: 'simple', parameterTypes: [] }, session);
    return plans.length === 1 && PLAIN.has(plans[0]!.kind);
  };
  return { plain, treesOf };
}

interface Lines {
  readonly direct: Line;
  readonly open: Line;
  readonly narrow: Line;
  readonly proxies: readonly ProxyUnderTest[];
  /** Where SQLsmith learns what there is. */
  readonly target: string;
  stop(): Promise<void>;
}

async function openLines({ shop }: NetworkSetup): Promise<Lines> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-fuzz-'));
  const timed = async (file: string, timeout = `statementTimeout: ${TIMEOUT}ms`): Promise<string> => {
    const text = await readFile(file, 'utf8');
    const limits = text.includes('limits:')
      ? text.replace(/limits: \{[^}]*\}/, `limits: {maxRows: 1000000${timeout === '' ? '' : `, ${timeout}`}}`)
      : `${text.trimEnd()}\n  limits: {${timeout}}\n`;
    const copy = join(directory, `${timeout.length}${file.slice(file.lastIndexOf('/') + 1)}`);
    await writeFile(copy, limits);
    return copy;
  };
  const upstream = shop.url('shop');
  const open = await ProxyUnderTest.start({ policy: [await timed(allowAllPolicy)], as: allowAllIdentity, upstream });
  const narrow = await ProxyUnderTest.start({ policy: [await timed(restrictivePolicy)], as: restrictedIdentity, upstream });
  // What it asks at first takes longer than a statement may.
  const shown = await ProxyUnderTest.start({ policy: [await timed(restrictivePolicy, '')], as: restrictedIdentity, upstream });
  const canaries = await shop.canaries('a');
  const agent = (port: number): Promise<WireClient> => WireClient.connect({ port, user: 'agent', database: 'shop' });
  const owner = (port: number): Promise<WireClient> =>
    WireClient.connect({
      port,
      user: 'shop_app',
      password: 'app',
      database: 'shop',
      parameters: [['options', `-c statement_timeout=${TIMEOUT}`]],
    });
  const lines = [
    await Line.start(shop.server.port, owner, canaries),
    await Line.start(open.port, agent, undefined),
    await Line.start(narrow.port, agent, canaries),
  ] as const;
  return {
    direct: lines[0],
    open: lines[1],
    narrow: lines[2],
    proxies: [open, narrow],
    target: `host=127.0.0.1 port=${shown.port} dbname=shop user=agent`,
    stop: async () => {
      for (const line of lines) await line.stop();
      await open.stop();
      await narrow.stop();
      await shown.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
