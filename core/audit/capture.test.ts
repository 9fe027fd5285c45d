import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MOST_IMAGE_TEXT, MOST_ROWS, RowCapture } from './capture.ts';
import { rowDigest } from './digest.ts';
import type { SealedImages } from './evidence.ts';

const digestKey = Buffer.alloc(32, 7);
const target = { relation: 'public.t', key: ['id'] };
const row = (id: number, v: string | null) => ({ id: String(id), v });

function capture(recipients = true) {
  const sealed: SealedImages[] = [];
  const rows = new RowCapture(target, {
    digestKey,
    seal(images) {
      sealed.push(images);
      return recipients ? { images: 'sealed', sealedBy: 'key' } : undefined;
    },
  });
  return { rows, sealed };
}

describe('a capture', () => {
  it('has the images, and of an update what changed', () => {
    const { rows, sealed } = capture();
    rows.add('Insert', undefined, row(1, 'a'));
    rows.add('Update', row(2, 'b'), row(3, 'b'));
    rows.add('Delete', row(4, null), undefined);
    const evidence = rows.finish('s.1', true);
    expect(evidence).toMatchObject({ capture: 'exact', reasons: [], images: 'sealed', sealedBy: 'key' });
    const digest = (id: number) => rowDigest(digestKey, 'public.t', [String(id)]);
    expect(evidence.changes.map(({ action, rows: count, keys }) => [action, count, keys])).toEqual([
      ['Insert', 1, [digest(1)]],
      ['Update', 1, [digest(3), digest(2)]],
      ['Delete', 1, [digest(4)]],
    ]);
    expect(sealed).toEqual([
      {
        v: 1,
        statement: 's.1',
        changes: [
          { ...target, action: 'Insert', rows: [{ after: row(1, 'a') }] },
          { ...target, action: 'Update', rows: [{ before: row(2, 'b'), after: { id: '3' } }] },
          { ...target, action: 'Delete', rows: [{ before: row(4, null) }] },
        ],
      },
    ]);
    expect(JSON.stringify(evidence)).not.toContain('"a"');
  });

  it.each([
    ['rows', MOST_ROWS, 'x'],
    ['text', 3, 'x'.repeat(MOST_IMAGE_TEXT / 3)],
  ])('keeps no more than its limit of %s, and a digest of all', (_what, limit, value) => {
    const { rows, sealed } = capture();
    const all = createHmac('sha256', digestKey).update('images\0');
    for (let id = 0; id < limit + 50; id++) {
      rows.add('Insert', undefined, row(id, value));
      all.update(`${JSON.stringify({ after: row(id, value) })}\n`);
    }
    const evidence = rows.finish('s.1', true);
    expect(evidence).toMatchObject({ capture: 'partial', reasons: ['over-limit'] });
    expect(evidence.changes[0]).toMatchObject({ rows: limit + 50, digest: all.digest('hex') });
    expect(evidence.changes[0]?.keys?.length).toBeLessThanOrEqual(MOST_ROWS);
    expect(JSON.stringify(sealed).length).toBeLessThan(MOST_IMAGE_TEXT + 500);
  });

  it('without recipients has keys and counts, without a key counts', () => {
    const { rows } = capture(false);
    rows.add('Insert', undefined, row(1, 'a'));
    const evidence = rows.finish('s.1', true);
    expect(evidence).toMatchObject({ capture: 'partial', reasons: ['no-recipients'] });
    expect([evidence.changes[0]?.keys?.length, evidence.images]).toEqual([1, undefined]);
    const counted = new RowCapture(target, undefined);
    counted.add('Insert', undefined, row(1, 'a'));
    expect(counted.finish('s.1', true)).toEqual({
      capture: 'partial',
      reasons: ['no-recipients'],
      changes: [{ relation: 'public.t', action: 'Insert', rows: 1, key: ['id'] }],
    });
  });

  it('of no rows misses nothing that only rows can have', () => {
    const { rows } = capture();
    rows.reason('no-key');
    rows.reason('before-image');
    expect(rows.finish('s.1', true)).toEqual({ capture: 'exact', reasons: [], changes: [] });
    const triggered = capture().rows;
    triggered.reason('triggers');
    expect(triggered.finish('s.1', true)).toMatchObject({ capture: 'partial' });
    const unseen = capture().rows;
    unseen.reason('form');
    expect(unseen.finish('s.1', false)).toEqual({ capture: 'none', reasons: ['form'], changes: [] });
  });
});
