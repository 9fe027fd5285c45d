import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { REFUSAL_REASONS } from './reasons.ts';

const REFERENCE = join(import.meta.dirname, '../../docs/reference/labels-and-annotations.md');

it('each reason is explained once in docs/reference/labels-and-annotations.md, and no other', () => {
  const explained = [...readFileSync(REFERENCE, 'utf8').matchAll(/^\| `([A-Z][a-z]+[A-Za-z]*)` \|/gm)].map((each) => each[1]);
  expect(explained).toEqual([...REFUSAL_REASONS]);
});
