import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonLines } from './json-lines.ts';

async function* chunked(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let start = 0;
  for (let turn = 0; start < bytes.length; turn += 1) {
    const size = Math.max(1, sizes[turn % Math.max(1, sizes.length)] ?? bytes.length);
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

const collect = async (chunks: AsyncIterable<Uint8Array>, longest = 1 << 20): Promise<unknown[]> => {
  const all: unknown[] = [];
  for await (const each of jsonLines(chunks, longest)) all.push(each);
  return all;
};

describe('newline-delimited JSON', () => {
  it('does not depend on where chunks end, in the middle of a character included', async () => {
    const values = fc.array(fc.oneof(fc.object({ maxDepth: 2 }), fc.string({ unit: 'binary' })), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(values, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), async (lines, sizes) => {
        const text = lines.map((each) => `${JSON.stringify(each)}\n`).join('');
        expect(await collect(chunked(Buffer.from(text), sizes))).toEqual(JSON.parse(JSON.stringify(lines)));
      }),
    );
  });

  it('reads a line of several megabytes', async () => {
    const line = { data: 'ä'.repeat(2 << 20) };
    expect(await collect(chunked(Buffer.from(`${JSON.stringify(line)}\n`), [65_536]), 8 << 20)).toEqual([line]);
  });

  it('gives what was whole before it says that the rest was cut off', async () => {
    const seen: unknown[] = [];
    const cut = async (): Promise<void> => {
      for await (const each of jsonLines(chunked(Buffer.from('{"a":1}\n{"b":'), [3]), 100)) seen.push(each);
    };
    await expect(cut()).rejects.toMatchObject({ name: 'ApiUnreachableError', kind: 'reset' });
    expect(seen).toEqual([{ a: 1 }]);
  });

  it.each([
    ['in one chunk', 1000],
    ['in many', 7],
  ])('refuses a line over the limit, %s', async (_, size) => {
    const text = `{"a":"${'x'.repeat(200)}"}\n`;
    await expect(collect(chunked(Buffer.from(text), [size]), 100)).rejects.toMatchObject({ kind: 'malformed' });
  });

  it('refuses what is not JSON without quoting it', async () => {
    const failure = await collect(chunked(Buffer.from('secret-value\n'), [100])).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'malformed' });
    expect(String((failure as Error).message) + String((failure as Error).cause)).not.toContain('secret-value');
  });
});
