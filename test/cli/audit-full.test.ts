/**
 * No room for audit records: statements are refused, the session and the process live on, the chain stays whole, and everything
 * works again when there is room. The limit is the kernel's (RLIMIT_FSIZE), changed while the proxy runs.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasProgram } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { runSluice, sluice } from './support.ts';

const run = promisify(execFile);
const allowAll = fileURLToPath(new URL('../fixtures/allow-all.yaml', import.meta.url));
let directory: string;
let server: LocalPostgres;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-full-'));
  server = await startLocalPostgres({ major: 18 });
  const admin = new pg.Client({ connectionString: server.url() });
  await admin.connect();
  await admin.query('CREATE DATABASE shop');
  await admin.end();
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

it.runIf(hasProgram('prlimit'))(
  'refuses statements while no record can be written, and serves them again when there is room',
  async () => {
    const audit = join(directory, 'audit.jsonl');
    const options = [
      'proxy',
      '--policy',
      allowAll,
      '--as',
      'ai-agents/admin-agent',
      '--database',
      'shop',
      '--listen',
      '127.0.0.1:0',
    ];
    const proxy = spawn(sluice, [...options, '--upstream', server.url('shop'), '--audit', audit, '--log-level', 'silent'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const ready = await new Promise<string>((resolve) =>
        proxy.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
      );
      const port = Number(/"listen":"127\.0\.0\.1:(\d+)"/.exec(ready)?.[1]);
      const client = new pg.Client({ host: '127.0.0.1', port, user: 'agent', database: 'shop' });
      await client.connect();
      await client.query('CREATE TABLE marks (n int)');
      await run('prlimit', ['--pid', String(proxy.pid), '--fsize=6000:unlimited']);

      let stored = 0;
      let refusal: { code?: string; detail?: string } | undefined;
      for (let attempt = 0; attempt < 60 && refusal === undefined; attempt += 1) {
        // Alternately in both protocols.
        const query =
          attempt % 2 === 0
            ? { text: `INSERT INTO marks VALUES (${stored})` }
            : { text: 'INSERT INTO marks VALUES ($1)', values: [stored] };
        await client.query(query).then(
          () => (stored += 1),
          (error: { code?: string; detail?: string }) => (refusal = error),
        );
      }
      expect(refusal).toMatchObject({ code: '58030', detail: expect.stringContaining('SLUICE-701') });
      expect(stored).toBeGreaterThan(0);
      await expect(client.query('SELECT $1::int', [1])).rejects.toMatchObject({ code: '58030' });
      await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '58030' });

      await run('prlimit', ['--pid', String(proxy.pid), '--fsize=unlimited:unlimited']);
      expect((await client.query('SELECT count(*)::int AS n FROM marks')).rows).toEqual([{ n: stored }]);
      await client.end();
      proxy.kill('SIGTERM');
      expect(await new Promise((resolve) => proxy.once('exit', resolve))).toBe(0);
    } finally {
      proxy.kill('SIGKILL');
    }
    const verified = await runSluice(['audit', 'verify', audit, '-o', 'json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ valid: true, tornBytes: 0, outcomeUnknown: [] });
    expect(readFileSync(audit, 'utf8')).toContain('"type":"session-end"');
  },
);
