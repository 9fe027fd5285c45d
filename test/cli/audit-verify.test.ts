/** `sluice audit verify` on a directory with the chains of two pods, a replica and the log of the cluster. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesOf, type RecordedTrail, recordTrail } from '../audit/recorded-trail.ts';
import { runSluice } from './support.ts';

let directory: string;
let trail: RecordedTrail;
let trust: string;
let published: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-verify-'));
  trail = await recordTrail();
  for (const { source, lines } of filesOf(trail)) {
    const [chain, index] = source.split('/') as [string, string];
    mkdirSync(join(directory, 'records', chain), { recursive: true });
    writeFileSync(join(directory, 'records', chain, `0000000${index}.jsonl`), `${lines.join('\n')}\n`);
  }
  trust = join(directory, 'trust.json');
  writeFileSync(trust, JSON.stringify(trail.anchors));
  published = join(directory, 'trust.yaml');
  writeFileSync(
    published,
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: sluice-audit-trust\n  annotations:\n    sluice.dev/audit-head: '${JSON.stringify(trail.head)}'\ndata:\n  trust.json: '${JSON.stringify(trail.anchors)}'\n`,
  );
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const verify = (...more: string[]): ReturnType<typeof runSluice> =>
  runSluice(['audit', 'verify', join(directory, 'records'), ...more]);

it('says of each chain how far it is proven, and how it ended', async () => {
  const { code, stdout, stderr } = await verify('--trust', trust);
  expect([code, stderr]).toEqual([0, '']);
  const [first, ...rest] = stdout.split('\n');
  expect(first).toMatch(/^valid {2}\d+ files: \d+ records in 4 chains from /);
  expect(rest.join('\n')).toMatch(/cluster-k \(log of the cluster\): \d+ records, proven to its end\n/);
  expect(rest.join('\n')).toMatch(/\(agents\/a, pod one, d\/o\): \d+ records, proven to its end; ended\n/);
  expect(rest.join('\n')).toMatch(
    /\(agents\/a, pod two, d\/o\): \d+ records, proven to seq \d+; the [24] records after it are in order and not signed yet\n/,
  );
  expect((await verify('--trust', published)).code).toBe(0);
});

it('without anchors says what holds by itself; with those of another installation names the first certificate', async () => {
  expect(await verify()).toMatchObject({ code: 0, stdout: expect.stringContaining('in order') });
  const other = join(directory, 'other.json');
  writeFileSync(other, JSON.stringify({ ...trail.anchors, keys: [{ ...trail.anchors.keys[0]!, id: 'x' }] }));
  expect(await verify('--trust', other)).toMatchObject({ code: 3, stdout: expect.stringContaining('(seq 1)') });
});

it('as JSON, and exits as it says: 3 broken, 4 in order and proven by nobody', async () => {
  const [{ chain, files }] = trail.chains as [RecordedTrail['chains'][number]];
  const path = join(directory, 'records', chain, '00000001.jsonl');
  const kept = readFileSync(path, 'utf8');
  writeFileSync(path, kept.replace('"rows":1', '"rows":2'));
  const line = files[1]!.findIndex((each) => each.includes('"rows":1'));
  const broken = await verify('-o', 'json', '--trust', trust);
  writeFileSync(path, kept);
  expect(broken.code).toBe(3);
  expect(JSON.parse(broken.stdout)).toMatchObject({
    valid: false,
    file: path,
    fault: { chain, seq: files[0]!.length + line, line: line + 1, source: path },
    chains: expect.arrayContaining([expect.objectContaining({ chain, state: 'broken' })]),
  });

  const bare = join(directory, 'bare.jsonl');
  writeFileSync(bare, `${files[0]![0]}\n`);
  expect((await runSluice(['audit', 'verify', bare, '--trust', trust])).code).toBe(4);
  expect((await runSluice(['audit', 'verify', bare])).code).toBe(0);
});

it('the log as it was published shows one that was cut; a later segment alone begins in the middle', async () => {
  const log = trail.chains.at(-1)!;
  const last = join(directory, 'records', log.chain, `0000000${log.files.length - 1}.jsonl`);
  const kept = readFileSync(last, 'utf8');
  writeFileSync(last, `${kept.trimEnd().split('\n').slice(0, -1).join('\n')}\n`);
  const [before, after] = [await verify('--trust', trust), await verify('--trust', published)];
  writeFileSync(last, kept);
  expect([before.code, after.code]).toEqual([0, 3]);
  expect(after.stdout).toContain('the end is missing');
  const alone = join(directory, 'records', log.chain, '00000001.jsonl');
  expect(await runSluice(['audit', 'verify', alone, '--trust', trust])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/from seq \d+ on/),
  });
  expect((await runSluice(['audit', 'verify', alone, '--trust', trust, '--whole'])).code).toBe(3);
});

it('wants to know where the records are, once', async () => {
  expect((await runSluice(['audit', 'verify'])).code).toBe(2);
  expect((await runSluice(['audit', 'verify', 'x', '--store', 'y'])).code).toBe(2);
  expect(await verify('--progress')).toMatchObject({ code: 0 });
});
