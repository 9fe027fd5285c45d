import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recipeHash } from './recipe.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-recipe-'));
  mkdirSync(join(directory, 'below'));
  writeFileSync(join(directory, 'one'), 'content');
  writeFileSync(join(directory, 'below', 'two'), 'content');
});

afterEach(() => rmSync(directory, { recursive: true }));

it('is the same for the same files, and another one after any change', () => {
  const seen = new Set<string>([recipeHash(directory)]);
  const isNew = (hash: string): boolean => seen.size < seen.add(hash).size;
  expect(isNew(recipeHash(directory))).toBe(false);
  writeFileSync(join(directory, 'below', 'two'), 'changed');
  expect(isNew(recipeHash(directory))).toBe(true);
  writeFileSync(join(directory, 'three'), '');
  expect(isNew(recipeHash(directory))).toBe(true);
  rmSync(join(directory, 'one'));
  expect(isNew(recipeHash(directory))).toBe(true);
  expect(isNew(recipeHash(directory, 'what it is built with'))).toBe(true);
});
