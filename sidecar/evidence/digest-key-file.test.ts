import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DigestKeyError, readDigestKey, readOrMakeDigestKey } from './digest-key-file.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-key-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('a key is made once, for its owner alone, and is the same from then on', () => {
  const path = join(directory, 'made');
  const made = readOrMakeDigestKey(path);
  expect(made.made).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const again = readOrMakeDigestKey(path);
  expect(again).toEqual({ key: made.key, made: false });
});

it('a key is read in either spelling', () => {
  const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 8));
  for (const [name, text] of Object.entries({
    hex: key.toString('hex'),
    base64: `${key.toString('base64')}\n`,
    url: key.toString('base64url'),
  })) {
    writeFileSync(join(directory, name), text);
    expect(readDigestKey(join(directory, name))).toEqual(key);
  }
});

it('what is no key is left as it is', () => {
  const path = join(directory, 'other');
  for (const text of ['', 'secret', 'g'.repeat(64), 'ab'.repeat(31), `${'A'.repeat(42)}!`, 'A'.repeat(86)]) {
    writeFileSync(path, text);
    expect(() => readOrMakeDigestKey(path), text).toThrow(DigestKeyError);
    expect(readFileSync(path, 'utf8')).toBe(text);
  }
  expect(() => readOrMakeDigestKey(join(directory, 'no', 'such'))).toThrow('ENOENT');
  expect(() => readOrMakeDigestKey(directory)).toThrow(DigestKeyError);
  chmodSync(path, 0o600);
});
