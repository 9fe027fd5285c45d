/** The guide, followed literally: it installs what all other files here are run on. After a command that went wrong no other is run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { difference, stepsOf } from '../guide.ts';
import { Shell } from '../shell.ts';
import { openWorld } from '../world.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const guide = 'docs/guides/getting-started.md';
const { cluster } = await openWorld();
const shell = new Shell(cluster, ROOT);
let intact = true;
afterAll(() => shell.close());

for (const { line, command, output } of stepsOf(readFileSync(join(ROOT, guide), 'utf8'))) {
  test(`${guide}:${line} ${command}`, { timeout: 300_000 }, async () => {
    expect(intact, 'an earlier command of the guide went wrong').toBe(true);
    intact = false;
    const answer = await shell.run(command, 240);
    expect(difference(output, answer.output)).toBeUndefined();
    // As kubectl exec says what its command ended with.
    const mustFail = / exit code \d+$/.test(output.at(-1) ?? '');
    expect(answer.code !== 0, `exit code ${answer.code}: ${answer.output}`).toBe(mustFail);
    intact = true;
  });
}
