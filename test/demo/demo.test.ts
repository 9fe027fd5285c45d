/** The demo is the first thing that people see: it tells its story, and says so when its database dies half-way. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const sluice = fileURLToPath(new URL('../../bin/sluice', import.meta.url));

interface Story {
  readonly code: number | null;
  readonly text: string;
}

/** `watch` sees the text so far whenever more arrives. */
function demo(args: readonly string[], watch: (text: string, pid: number) => void = () => {}): Promise<Story> {
  const child = spawn(sluice, ['demo', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const more = (chunk: Buffer): void => {
    text += chunk.toString('utf8');
    watch(text, child.pid!);
  };
  child.stdout.on('data', more);
  child.stderr.on('data', more);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, text })));
}

/** The postmaster among the demo's own children. */
function postmasterOf(parent: number): number {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const [, name = '', ppid = ''] = /^\d+ \((.*)\) \S (\d+)/.exec(fields) ?? [];
      if (name === 'postgres' && Number(ppid) === parent) return Number(entry);
    } catch {
      // It ended while we looked.
    }
  }
  throw new Error('the demo has no PostgreSQL');
}

it('tells the story: work is done on masked rows, harm is refused, the trail verifies', async () => {
  const { code, text } = await demo([]);
  expect(text).toMatch(/region=eu {2}customers=\d+/);
  expect(text).not.toMatch(/region=(us|apac)/);
  expect(text).toMatch(/UPDATE|status=solved/);
  expect(text).toMatch(/email=\w\*\*\*@masked\.invalid {2}phone=\*{4}\d{4} {2}ssn=\[redacted\]\s+birth_date=\d{4}-01-01/);
  expect(text).toContain('ERROR 42501');
  expect(text).toContain('SLUICE-302');
  expect(text).not.toContain('outcome unknown');
  expect(text).toMatch(/valid {2}.*audit\.jsonl: \d+ records/);
  expect(code).toBe(0);
});

it('needs no mask and no list of sensitive columns for that', () => {
  const policy = readFileSync(fileURLToPath(new URL('../../cli/demo/policy.yaml', import.meta.url)), 'utf8');
  expect(policy).not.toMatch(/^\s*(?:masks|sensitivity):/m);
});

it('gives a clear error, not a hang, when the database is killed half-way', async () => {
  let killed = false;
  const { code, text } = await demo(['--pace', '1'], (soFar, pid) => {
    if (killed || !soFar.includes('an aggregate')) return;
    killed = true;
    process.kill(postmasterOf(pid), 'SIGKILL');
  });
  expect(killed).toBe(true);
  expect(text).toMatch(/connection/i);
  expect(text).toContain('is the database still there?');
  expect(code).toBe(1);
});
