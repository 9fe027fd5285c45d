/** docs/reference/labels-and-annotations.md has every label and annotation that stands in the source. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/reference/labels-and-annotations.md'), 'utf8');
const SOURCES = ['operator', 'core', 'cli', 'crds', 'charts/sluice/templates'];

it('every one has its line', () => {
  const files = execFileSync('git', ['ls-files', ...SOURCES], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split('\n');
  const names = new Set(
    files
      .filter((path) => !/\.test\.ts$|\/testdata\/|\.fixture\.ts$/.test(path))
      .flatMap((path) => readFileSync(join(ROOT, path), 'utf8').match(/\bsluice\.dev\/[a-z]+(?:-[a-z]+)*\b(?!\d)/g) ?? []),
  );
  expect(names.size).toBeGreaterThan(10);
  expect([...names].filter((name) => !page.includes(name))).toEqual([]);
});
