/** What can go wrong when the proxy starts: one clear sentence on standard error and a non-zero exit, each. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { type Outcome, runSluice } from './support.ts';

const example = fileURLToPath(new URL('../../cli/demo/policy.yaml', import.meta.url));
let postgres: LocalPostgres;
let directory: string;
let lying: Server;
let lyingPort: number;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
  postgres = await startLocalPostgres({ major: 18 });
  lying = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')));
  });
  await new Promise<void>((resolve) => lying.listen(0, '127.0.0.1', () => resolve()));
  const address = lying.address();
  lyingPort = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(async () => {
  lying.close();
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Asynchronous: the lying server lives in this process. */
function proxy(changes: Readonly<Record<string, string>>): Promise<Outcome> {
  const options: Record<string, string> = {
    '--policy': example,
    '--as': 'ai-agents/support-agent',
    '--database': 'data-platform/shop',
    '--listen': '127.0.0.1:0',
    '--upstream': postgres.url('postgres'),
    '--audit': join(directory, 'audit.jsonl'),
    '--log-level': 'silent',
    ...changes,
  };
  return runSluice(['proxy', ...Object.entries(options).flat()]);
}

/** One sentence: one line that starts with our name, and no stack. */
function expectOneSentence({ code, stderr }: Outcome, pattern: RegExp, exitCode = 1): void {
  expect(stderr).toMatch(pattern);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/^sluice: /);
  expect(code).toBe(exitCode);
}

describe('the proxy refuses to start, in one sentence', () => {
  it('when the policy file has a mistake: file, line, field, what was expected, and the nearest word', async () => {
    const file = join(directory, 'mistake.yaml');
    writeFileSync(
      file,
      `apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: p, namespace: data-platform}
spec:
  databaseRef: {name: shop}
  subjects: [{serviceAccount: {namespace: ai-agents, name: support-agent}}]
  grants:
    - tables: [public.customers]
      actions: [Selct]
`,
    );
    const outcome = await proxy({ '--policy': file });
    expect(outcome.stderr).toMatch(/mistake\.yaml:9:\d+ spec\.grants\[0\]\.actions\[0\].*Selct.*did you mean .Select/);
    expect(outcome.code).toBe(1);
  });

  it('when the policy file does not exist', async () => {
    expectOneSentence(await proxy({ '--policy': join(directory, 'none.yaml') }), /none\.yaml/);
  });

  it('when nothing is granted to the identity', async () => {
    expectOneSentence(await proxy({ '--as': 'ai-agents/nobody' }), /ai-agents\/nobody/);
  });

  it('when the database object does not exist, naming those that do', async () => {
    expectOneSentence(await proxy({ '--database': 'data-platform/shopp' }), /shopp.*data-platform\/shop/);
  });

  it('when the server cannot be reached', async () => {
    expectOneSentence(await proxy({ '--upstream': 'postgres://a:b@127.0.0.1:1/postgres' }), /127\.0\.0\.1:1/);
  });

  it('when something else than PostgreSQL answers', async () => {
    expectOneSentence(
      await proxy({ '--upstream': `postgres://a:b@127.0.0.1:${lyingPort}/postgres` }),
      /does not speak the PostgreSQL protocol/,
    );
  });

  it('when the password is wrong', async () => {
    const outcome = await proxy({ '--upstream': postgres.url('postgres', 'postgres', 'wrong-secret') });
    expectOneSentence(outcome, /login|password|authentication/i);
    expect(outcome.stderr).not.toContain('wrong-secret');
  });

  it('when the port is occupied', async () => {
    expectOneSentence(await proxy({ '--listen': `127.0.0.1:${lyingPort}` }), new RegExp(`${lyingPort}.*in use`));
  });

  it('when the audit file cannot be written', async () => {
    expectOneSentence(await proxy({ '--audit': join(directory, 'missing', 'audit.jsonl') }), /audit file .*does not exist/);
  });

  it('when an option is misspelt or malformed: usage, exit 2', async () => {
    expect((await proxy({ '--listn': 'x' })).code).toBe(2);
    expect(await proxy({ '--as': 'no-slash' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('NAMESPACE/SERVICEACCOUNT'),
    });
    expect(await proxy({ '--upstream': 'http://127.0.0.1/' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('postgres://'),
    });
  });
});
