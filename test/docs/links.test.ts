/** Every link between Markdown files of the repository leads somewhere, heading included. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, linksOf } from './markdown.ts';

const ROOT = join(import.meta.dirname, '../..');
// What git knows, so that nothing of node_modules is read, and what is not committed yet.
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((path) => existsSync(join(ROOT, path)));
const anchors = new Map<string, ReadonlySet<string>>();
const anchorsAt = (path: string): ReadonlySet<string> => {
  const known = anchors.get(path) ?? anchorsOf(readFileSync(path, 'utf8'));
  anchors.set(path, known);
  return known;
};

function problem(from: string, link: string): string | undefined {
  const [target = '', anchor] = link.split('#');
  const path = target === '' ? from : resolve(dirname(from), decodeURI(target));
  if (relative(ROOT, path).startsWith('..')) return `${link} leads out of the repository`;
  if (!existsSync(path)) return `${link} leads nowhere`;
  if (anchor !== undefined && path.endsWith('.md') && !anchorsAt(path).has(anchor)) return `${link}: there is no such heading`;
  return undefined;
}

describe('the reader of Markdown', () => {
  it('finds links and headings as GitHub does, and none in code', () => {
    const text = [
      '# A *title*: `code`, and more',
      '## Twice',
      '## Twice',
      '<a name="by-hand"></a>',
      '[one](a.md#x) ![two](b.png) [three][ref] `[not](c.md)`',
      '```',
      '# not a heading [not](d.md)',
      '```',
      '[ref]: e.md',
      '[web](https://example.org/x)',
    ].join('\n');
    expect(linksOf(text)).toEqual(['a.md#x', 'b.png', 'e.md']);
    expect([...anchorsOf(text)]).toEqual(['a-title-code-and-more', 'twice', 'twice-1', 'by-hand']);
  });

  it('says what is wrong with a link', () => {
    const from = join(ROOT, 'README.md');
    expect(problem(from, 'CONTRIBUTING.md')).toBeUndefined();
    expect(problem(from, 'NO-SUCH.md')).toContain('leads nowhere');
    expect(problem(from, 'CONTRIBUTING.md#no-such')).toContain('no such heading');
    expect(problem(from, '../elsewhere.md')).toContain('out of the repository');
  });
});

it.each(files)('%s', (path) => {
  const from = join(ROOT, path);
  expect(linksOf(readFileSync(from, 'utf8')).flatMap((link) => problem(from, link) ?? [])).toEqual([]);
});
