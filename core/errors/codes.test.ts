import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CODES } from './codes.ts';

const reference = readFileSync(new URL('../../docs/reference/errors.md', import.meta.url), 'utf8');

it('the reference documents every code, one for one, with its title and SQLSTATE', () => {
  const documented = [...reference.matchAll(/^### (SLUICE-\d{3}) · (.+) · ([0-9A-Z]{5})\n(.+)/gm)].map(
    ([, code, title, sqlstate]) => ({ code, title, sqlstate }),
  );
  expect(documented).toEqual(Object.entries(CODES).map(([code, { title, sqlstate }]) => ({ code, title, sqlstate })));
});
