/** The key of digests reaches a sidecar from the operator, survives its restart, and stands nowhere but in its memory volume. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestKeyId, valueDigest } from '../../core/audit/digest.ts';
import type { AuditRecord } from '../../core/audit/record.ts';
import { segmentsOf } from '../../sidecar/journal/segmented-journal.ts';
import { ask, laboratory, ready } from './laboratory.ts';

const lab = laboratory();
const AUDIT = { extra: '  audit: {values: Digest}' };

function records(): readonly AuditRecord[] {
  return segmentsOf(join(lab.volumes.audit, 'data.shop')).flatMap((path) =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditRecord),
  );
}

function intents() {
  return records().filter((record) => record.type === 'intent');
}

describe('the key of digests', () => {
  it('is the operator’s, also after a restart without the operator; records name it', async () => {
    lab.govern('shop', AUDIT);
    const key = Buffer.alloc(32, 5);
    lab.cluster.digestKeys.set(Buffer.from(key));
    const sidecar = await lab.startSidecar();
    await ready(sidecar);
    const client = await sidecar.connect();
    await ask(client, "SELECT title FROM tickets WHERE title = 'one' AND id = 4711");
    await client.close();
    await sidecar.stop('SIGKILL');
    await lab.operator.close();
    const again = await lab.startSidecar();
    await ready(again);
    const other = await again.connect();
    await ask(other, "SELECT title FROM tickets WHERE title = 'one' AND id = 4711");
    await other.close();
    await again.stop();

    const expected = [valueDigest(key, 'one'), valueDigest(key, '4711')];
    expect(intents().map(({ values }) => values)).toEqual([expected, expected]);
    const named = records().filter((record) => record.type === 'event' && record.event === 'digest-key');
    expect(named.map((record) => 'detail' in record && record.detail)).toEqual([
      { key: digestKeyId(key), origin: 'operator' },
      { key: digestKeyId(key), origin: 'operator' },
    ]);
    const spellings = [key.toString('base64url'), key.toString('hex'), key.toString('base64')];
    const written = segmentsOf(join(lab.volumes.audit, 'data.shop')).map((path) => readFileSync(path, 'utf8'));
    for (const text of [
      sidecar.stdout(),
      JSON.stringify(sidecar.logs()),
      again.stdout(),
      JSON.stringify(again.logs()),
      ...written,
    ])
      for (const spelling of spellings) expect(text.includes(spelling)).toBe(false);
    expect(JSON.stringify(lab.operator.logs)).not.toContain(key.toString('base64url'));
    // The memory volume has it, for its owner alone: otherwise this test would look in vain.
    const kept = readdirSync(lab.volumes.state).map((name) => readFileSync(join(lab.volumes.state, name), 'utf8'));
    expect(kept.some((text) => text.includes(key.toString('base64url')))).toBe(true);
  });

  it('is not given where nothing is digested, and a new one is used from the next statement on', async () => {
    lab.cluster.digestKeys.set(Buffer.alloc(32, 6));
    const sidecar = await lab.startSidecar();
    await ready(sidecar);
    const client = await sidecar.connect();
    await ask(client, "SELECT title FROM tickets WHERE title = 'one'");
    expect(intents().map(({ values }) => values)).toEqual([undefined]);
    lab.govern('shop', AUDIT);
    const digest = async (): Promise<unknown> => {
      await ask(client, "SELECT title FROM tickets WHERE title = 'one'");
      return intents().at(-1)?.values?.[0];
    };
    await expect.poll(digest, { timeout: 20_000 }).toBe(valueDigest(Buffer.alloc(32, 6), 'one'));
    lab.cluster.digestKeys.set(Buffer.alloc(32, 7));
    await expect.poll(digest, { timeout: 20_000 }).toBe(valueDigest(Buffer.alloc(32, 7), 'one'));
    await client.close();
  });
});
