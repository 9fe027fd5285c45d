/** Every reason of the state tables is explained in docs/reference/status.md, and every explained one exists. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

/** Words in CamelCase of the reason column. */
function reasonsOf(table: string, column: number): readonly string[] {
  return table
    .split('\n')
    .filter((line) => line.includes('|'))
    .flatMap((line) => (line.split('|')[column] ?? '').match(/\b[A-Z][a-z]+(?:[A-Z][A-Za-z]*)?\b/g) ?? []);
}

/** Words of the tables' prose, and reasons for which there is nothing to do. */
const PLAIN: ReadonlySet<string> = new Set(
  'That Unknown False True Accepted Available Connected Verified LeastPrivilege NotTried NotConnected'.split(' '),
);

describe('reasons', () => {
  it.each(['database-status.ts', 'policy-status.ts', 'strangers.ts'])('of %s are in the reference', async (file) => {
    const source = await read(`./${file}`);
    const comment = source.slice(0, source.indexOf('*/'));
    const documented = await read('../../docs/reference/status.md');
    const reasons = [...new Set(reasonsOf(comment, 3))].filter((word) => !PLAIN.has(word));
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.filter((reason) => !documented.includes(`\`${reason}\``))).toEqual([]);
  });

  it('of the reference are said somewhere', async () => {
    const documented = [...new Set(reasonsOf(await read('../../docs/reference/status.md'), 3))].filter((word) =>
      /^[A-Z][a-z]+[A-Z]/.test(word),
    );
    const files = [
      'database-status.ts',
      'policy-status.ts',
      'strangers.ts',
      '../catalog/catalogs.ts',
      '../materials/materials.ts',
    ];
    const code = [
      ...(await Promise.all(files.map((file) => read(`./${file}`)))),
      await read('../../core/policy/diagnostic.ts'),
    ].join();
    expect(documented.filter((reason) => !code.includes(reason))).toEqual([]);
    expect(documented.length).toBeGreaterThan(15);
  });
});
