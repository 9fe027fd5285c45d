/**
 * Processes killed at random moments under load, and what is left of it: what the database did is compared with what the store has. The database is the
 * witness: a row is there if and only if its statement was forwarded.
 *
 * SLUICE_KILL_ROUNDS (12) kills for each durability; SLUICE_SEED repeats a run.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { segmentsOf } from '../../sidecar/journal/segmented-journal.ts';
import { generator } from '../faults/random.ts';
import { databaseYaml, policyYaml } from '../stream/documents.ts';
import { SERVER_NAME } from '../stream/operator.ts';
import { startLocalPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { WireClient } from '../support/wire-client.ts';
import { collected, insertion, traceOf } from './collected.ts';
import { GRANTS, laboratory, ready } from './laboratory.ts';
import { type KeptIn, openStore, type OperatorProcessSettings } from './operator-process.ts';
import type { RunningSidecar } from './sidecar.ts';

const lab = laboratory();
const ROUNDS = Number(process.env['SLUICE_KILL_ROUNDS'] ?? 12);
const SEED = Number(process.env['SLUICE_SEED'] ?? 20261129);
const CLIENTS = 4;
/** For machines that hang. */
const PATIENCE = 120_000 + ROUNDS * 20_000;
const program = fileURLToPath(new URL('./operator-process.ts', import.meta.url));
const children: ChildProcess[] = [];
const directories: string[] = [];

afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function scratch(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `sluice-${name}-`));
  directories.push(directory);
  return directory;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await exited;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function operatorProcess(settings: OperatorProcessSettings): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], OPERATOR_PROCESS: JSON.stringify(settings) },
  });
  children.push(child);
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4096);
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout!.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the operator ended with ${code}\n${errors}`)));
  });
  return child;
}

/** Clients that go on whatever happens, each statement with a number of its own. */
class Load {
  readonly succeeded = new Set<number>();
  refused = 0;
  #next: number;
  #stopping = false;
  readonly #sidecar: () => RunningSidecar | undefined;
  readonly #running: Promise<void>[];

  constructor(sidecar: () => RunningSidecar | undefined, first: number) {
    this.#sidecar = sidecar;
    this.#next = first;
    this.#running = Array.from({ length: CLIENTS }, () => this.#client());
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  async #client(): Promise<void> {
    while (!this.#stopping) {
      let client: WireClient | undefined;
      try {
        client = await this.#sidecar()?.connect();
        while (client !== undefined && !this.#stopping) {
          const id = this.#next++;
          const { error, status } = await client.query(insertion(id));
          // Whoever is told nothing knows nothing.
          if (status === null) break;
          if (error === null) this.succeeded.add(id);
          else this.refused += 1;
          await pause(error === null ? 2 : 20);
        }
      } catch {
        // Its sidecar is gone: it comes back to the next.
      }
      await client?.close().catch(() => {});
      await pause(20);
    }
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Ids in a volume, in the order of their records, by chain. */
function written(audit: string): ReadonlyMap<string, readonly { readonly seq: number; readonly id: number }[]> {
  const chains = new Map<string, { seq: number; id: number }[]>();
  let chain = '';
  for (const path of segmentsOf(join(audit, 'data.shop')))
    for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
      const record = JSON.parse(line) as { type: string; chain?: string; seq: number; trace?: string };
      if (record.type === 'chain-start') chain = record.chain!;
      if (record.type !== 'intent' || record.trace === undefined) continue;
      if (!chains.has(chain)) chains.set(chain, []);
      chains.get(chain)!.push({ seq: record.seq, id: Number.parseInt(record.trace.slice(3, 35), 16) });
    }
  return chains;
}

type Victim = 'sidecar' | 'operator' | 'both' | 'volume' | 'store';

async function rounds(
  durability: 'Local' | 'Replicated',
  victims: readonly Victim[],
  first: number,
  kept: KeptIn = { directory: scratch('store') },
  killStore: () => Promise<void> = async () => {},
) {
  const random = generator(SEED + first);
  const port = await freePort();
  const graves = scratch('graves');
  const settings: OperatorProcessSettings = {
    port,
    store: kept,
    certificate: await lab.cluster.authority.issue(SERVER_NAME),
    authority: lab.cluster.authority.certificate,
    documents:
      databaseYaml('shop', { port: lab.server.port, extra: `  audit: {durability: ${durability}}` }) +
      policyYaml('shop-read', 'shop', { grants: GRANTS }),
    database: 'data/shop',
    materials: { logins: { '': { username: 'postgres', password: lab.server.password } }, addresses: ['127.0.0.1'] },
    token: 'token-1',
  };
  let operator = await operatorProcess(settings);
  let sidecar: RunningSidecar | undefined = await lab.startSidecar({ operator: port });
  await ready(sidecar);
  const load = new Load(() => sidecar, first);
  const buried: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await pause(50 + random() * 400);
    const victim = victims[Math.floor(random() * victims.length)]!;
    if (victim === 'operator' || victim === 'both') await kill(operator);
    if (victim === 'store') await killStore();
    else if (victim !== 'operator') {
      const before: RunningSidecar | undefined = sidecar;
      sidecar = undefined;
      await before?.stop('SIGKILL');
      if (victim === 'volume') {
        const grave = join(graves, String(round));
        renameSync(lab.volumes.audit, grave);
        buried.push(grave);
      }
    }
    if (random() < 0.3) await pause(random() * 300);
    if (victim === 'operator' || victim === 'both') operator = await operatorProcess(settings);
    if (victim !== 'operator' && victim !== 'store') sidecar = await lab.startSidecar({ operator: port });
    await ready(sidecar!);
    // Whoever was killed, it goes on.
    const before = load.succeeded.size;
    await until(() => load.succeeded.size > before + 10);
  }

  await load.stop();
  expect(await sidecar?.stop()).toBe(0);
  await kill(operator);
  const store = openStore(kept);
  try {
    const found = await collected(store);
    const rows = await lab.query(`SELECT id FROM tickets WHERE id >= ${first} AND id < ${first + 1_000_000}`);
    const forwarded = new Set(rows.map(([id]) => Number(id)));
    return { ...found, forwarded, load, buried };
  } finally {
    await store.close();
  }
}

describe(`killed at random, seed ${SEED}`, () => {
  it(
    'Local loses nothing while the volume lives, whoever is killed; nothing is stored twice',
    async () => {
      const { intents, forwarded, load } = await rounds('Local', ['sidecar', 'operator', 'both'], 10_000_000);
      expect(load.succeeded.size).toBeGreaterThan(ROUNDS * 5);
      expect([...load.succeeded].filter((id) => !forwarded.has(id))).toEqual([]);
      expect([...forwarded].filter((id) => !intents.has(id)).map(traceOf)).toEqual([]);
      expect([...intents].filter(([, count]) => count !== 1)).toEqual([]);
    },
    PATIENCE,
  );

  it(
    'Local loses with the volume what had not been sent: the end of a chain, nothing before it',
    async () => {
      const { intents, forwarded, load, buried } = await rounds('Local', ['volume', 'operator', 'volume'], 20_000_000);
      expect([...load.succeeded].filter((id) => !forwarded.has(id))).toEqual([]);
      expect([...intents].filter(([, count]) => count !== 1)).toEqual([]);
      const lost = new Set([...forwarded].filter((id) => !intents.has(id)));
      for (const chains of buried.map(written))
        for (const records of chains.values()) {
          const begin = records.findIndex(({ id }) => lost.has(id));
          if (begin !== -1) expect(records.slice(begin).filter(({ id }) => intents.has(id))).toEqual([]);
          for (const { id } of records) lost.delete(id);
        }
      // What the store does not have was in a volume that is gone.
      expect([...lost]).toEqual([]);
    },
    PATIENCE,
  );

  it(
    'Replicated loses nothing that went to the database, the volume or not',
    async () => {
      const { intents, forwarded, load } = await rounds('Replicated', ['volume', 'sidecar', 'operator', 'both'], 30_000_000);
      expect(load.succeeded.size).toBeGreaterThan(ROUNDS * 5);
      expect([...load.succeeded].filter((id) => !forwarded.has(id))).toEqual([]);
      expect([...forwarded].filter((id) => !intents.has(id)).map(traceOf)).toEqual([]);
      expect([...intents].filter(([, count]) => count !== 1)).toEqual([]);
    },
    PATIENCE,
  );

  it(
    'a store in PostgreSQL whose processes are killed as well: with Replicated nothing is lost, nothing is stored twice',
    async () => {
      const server = await startLocalPostgres();
      const superuser = { host: server.host, port: server.port, user: 'postgres', password: server.password };
      const ask = async (sql: string): Promise<readonly string[]> => {
        const client = await WireClient.connect({ ...superuser, database: 'postgres' });
        const { results } = await client.query(sql);
        await client.close();
        return (results.at(-1)?.rows ?? []).map(([value]) => value?.toString('utf8') ?? '');
      };
      try {
        await ask('CREATE DATABASE audit');
        // The server ends all others when one of its processes is killed, and recovers.
        const killStore = async (): Promise<void> => {
          const [pid] = await ask("SELECT pid FROM pg_stat_activity WHERE datname = 'audit' ORDER BY random() LIMIT 1").catch(
            () => [],
          );
          if (pid !== undefined) process.kill(Number(pid), 'SIGKILL');
        };
        const victims = ['store', 'store', 'operator', 'volume'] as const;
        const { intents, forwarded, load } = await rounds(
          'Replicated',
          victims,
          40_000_000,
          { ...superuser, database: 'audit' },
          killStore,
        );
        expect(load.succeeded.size).toBeGreaterThan(ROUNDS * 5);
        expect([...load.succeeded].filter((id) => !forwarded.has(id))).toEqual([]);
        expect([...forwarded].filter((id) => !intents.has(id)).map(traceOf)).toEqual([]);
        expect([...intents].filter(([, count]) => count !== 1)).toEqual([]);
      } finally {
        await server.stop();
      }
    },
    PATIENCE,
  );
});
