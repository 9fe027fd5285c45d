/** The store's process is killed at random points: what was acknowledged is there, once, as it was; and it opens again. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { EmbeddedStore } from '../../operator/audit/store/embedded-store.ts';
import { collect } from './store-suite.ts';

const ROUNDS = Number(process.env['SLUICE_STORE_ROUNDS'] ?? 12);
const directory = mkdtempSync(join(tmpdir(), 'sluice-store-crash-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it(`loses nothing that was acknowledged, and has nothing twice, over ${ROUNDS} kills`, async () => {
  const acknowledged = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    await untilKilled(acknowledged, 1 + Math.floor(Math.random() * 120));
    const events: unknown[] = [];
    const store = new EmbeddedStore({
      directory,
      size: 1e9,
      whenFull: 'Refuse',
      clock: Date,
      log: (...event) => events.push(event),
    });
    for (const [chain, next] of acknowledged) {
      const ending = await store.ending(chain);
      expect(ending?.next).toBeGreaterThanOrEqual(next);
      const lines = await collect(store.lines(chain));
      expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: ending!.next }, (_, seq) => seq));
      for (const { seq, line } of lines) expect(JSON.parse(line)).toMatchObject({ seq, chain, text: 'x'.repeat(seq % 300) });
    }
    const all = await collect(store.records({}));
    expect(new Set(all.map(({ chain, seq }) => `${chain} ${seq}`)).size).toBe(all.length);
    expect(events).toEqual([]);
    await store.close();
  }
  expect(acknowledged.size).toBe(3);
}, 240_000);

/** Killed with SIGKILL after so many acknowledgements, wherever it is then. */
function untilKilled(acknowledged: Map<string, number>, after: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'store-killed.ts'), directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let rest = '';
    let count = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [chain = '', next] = line.split(' ');
        acknowledged.set(chain, Math.max(acknowledged.get(chain) ?? 0, Number(next)));
        count += 1;
      }
      if (count >= after) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (code) => (code === null ? resolve() : reject(new Error(`the writer ended with ${code}`))));
  });
}
