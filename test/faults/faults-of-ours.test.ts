/** Defects of ours, made on purpose: wherever one strikes, it ends the session it belongs to, is counted, and nobody else notices. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SILENT } from '../../sidecar/telemetry/telemetry.ts';
import { fakeEngine } from '../session/fake-engine.ts';
import { startProxy, type TestProxy } from '../session/proxy.ts';
import * as f from '../support/frontend.ts';
import { hasProgram } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { allowAllIdentity, allowAllPolicy } from '../support/shop.ts';
import { WireClient } from '../support/wire-client.ts';

const command = fileURLToPath(new URL('../../bin/sluice', import.meta.url));

let server: LocalPostgres;
beforeAll(async () => {
  server = await startLocalPostgres({ major: 18 });
  const admin = await WireClient.connect({ port: server.port, password: server.password });
  await admin.query('CREATE DATABASE shop');
  await admin.close();
});
afterAll(() => server?.stop());

describe('in a session', () => {
  const refusals: string[] = [];
  let defects = 0;
  let proxy: TestProxy;
  beforeAll(async () => {
    const engine = fakeEngine({ maxAffectedRows: 5 });
    const telemetry = { ...SILENT, refusal: (code: string) => void refusals.push(code), defect: () => void (defects += 1) };
    proxy = await startProxy(server, engine, { telemetry });
    proxy.host.set({
      ...engine,
      analyse: (request, session) => {
        if (request.sql.includes('boom')) throw new TypeError('boom');
        const plans = engine.analyse(request, session);
        // A plan that breaks whoever looks at it: what the server answers meets it.
        if (!request.sql.includes('mine')) return plans;
        return plans.map((plan) => ({
          ...plan,
          get effect(): never {
            throw new TypeError('a mine');
          },
        }));
      },
    });
  });
  afterAll(() => proxy?.stop());

  it.each([
    ['analysing a Query', [f.query('select boom')]],
    ['analysing a Parse', [f.parse('', 'select boom'), f.sync]],
    ['looking at a plan', [f.query('select mine')]],
    ['behind other messages', [f.query('select 1'), f.query('select pg_sleep(0.05)'), f.query('select boom')]],
  ])('%s', async (_name, bytes) => {
    const witness = await WireClient.connect({ port: proxy.port });
    const client = await WireClient.connect({ port: proxy.port });
    const before = [refusals.length, defects];
    const answer = await client.exchange(bytes, 9);
    expect(client.ended).toBe(true);
    expect(answer.messages.findLast(({ type }) => type === 'E')?.body.toString('latin1')).toMatch(/FATAL.*SLUICE-707/);
    expect(refusals.slice(before[0])).toEqual(['SLUICE-707']);
    expect(defects).toBe(Number(before[1]) + 1);
    expect((await witness.query('select 1')).results[0]?.tag).toBe('SELECT 1');
    await witness.close();
  });
});

describe('in the process', () => {
  /** The real command, with a module loaded into it first, and whatever wraps it. */
  async function withModule(code: string, wrapper: readonly string[], check: (port: number, metrics: string) => Promise<void>) {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-defects-'));
    const module = join(directory, 'defects.mjs');
    await writeFile(module, code);
    const [program = command, ...rest] = [...wrapper, command];
    const options = ['--as', allowAllIdentity, '--database', 'shop', '--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0'];
    const proxy = spawn(
      program,
      [
        ...rest,
        'proxy',
        '--policy',
        allowAllPolicy,
        ...options,
        '--upstream',
        server.url('shop'),
        '--audit',
        join(directory, 'audit'),
      ],
      { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, NODE_OPTIONS: `--import ${module}` } },
    );
    try {
      const ready = JSON.parse(
        await new Promise<string>((resolve, reject) => {
          proxy.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
          proxy.once('exit', (status) => reject(new Error(`ended with ${status}`)));
        }),
      ) as { listen: string; metrics: string };
      await check(Number(ready.listen.split(':')[1]), ready.metrics);
      expect([proxy.exitCode, proxy.signalCode]).toEqual([null, null]);
    } finally {
      proxy.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    }
  }
  const defectsOf = async (metrics: string): Promise<number> =>
    Number(/^sluice_internal_errors_total (\d+)$/m.exec(await (await fetch(`http://${metrics}/metrics`)).text())?.[1]);

  it.each([
    ['an exception that nobody catches', "setInterval(() => { throw new Error('mine'); }, 100);"],
    ['a rejection that nobody handles', "setInterval(() => { Promise.reject(new Error('mine')); }, 100);"],
  ])('%s is counted, and everything goes on', async (_name, code) => {
    await withModule(`setTimeout(() => { ${code} }, 1500)`, [], async (port, metrics) => {
      const client = await WireClient.connect({ port, user: 'agent', database: 'shop' });
      await expect.poll(() => defectsOf(metrics), { timeout: 10_000 }).toBeGreaterThan(3);
      expect((await client.query('SELECT 1')).results[0]?.tag).toBe('SELECT 1');
      const next = await WireClient.connect({ port, user: 'agent', database: 'shop' });
      expect((await next.query('SELECT 1')).results[0]?.tag).toBe('SELECT 1');
    });
  });

  it.runIf(hasProgram('prlimit'))('no file descriptor left: newcomers are refused, and served again later', async () => {
    await withModule('', ['prlimit', '--nofile=60:60'], async (port) => {
      const first = await WireClient.connect({ port, user: 'agent', database: 'shop' });
      const crowd = await Promise.allSettled(
        Array.from({ length: 80 }, () => WireClient.connect({ port, user: 'agent', database: 'shop', timeout: 20_000 })),
      );
      expect(crowd.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(20);
      expect((await first.query('SELECT 1')).results[0]?.tag).toBe('SELECT 1');
      for (const client of crowd) if (client.status === 'fulfilled') client.value.destroy();
      await expect
        .poll(
          () =>
            WireClient.connect({ port, user: 'agent', database: 'shop' }).then(
              (client) => client.query('SELECT 1').then(({ results }) => results[0]?.tag),
              () => 'refused',
            ),
          { timeout: 10_000 },
        )
        .toBe('SELECT 1');
    });
  });
});
