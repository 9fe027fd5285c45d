/** `sluice audit report`: the same records give the same review, and nothing that stands in them is markup. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Chain } from '../../core/audit/chain.ts';
import type { AuditEntry, ChainStart, WithoutHeader } from '../../core/audit/record.ts';
import { wellFormed } from '../support/well-formed.ts';
import { runSluice } from './support.ts';

const golden = (name: string): string => fileURLToPath(new URL(`../fixtures/access-review/${name}`, import.meta.url));
const HOSTILE = `<script>alert(1)</script>|"'&\`*_[x](javascript:1)\u001b[2J\u202e=1+1 https://evil.example`;
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-report-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const time = (minute: number): string => `2026-11-01T10:${String(minute).padStart(2, '0')}:00.000000Z`;

function start(chain: string, name: string): WithoutHeader<ChainStart> {
  const identity = { namespace: 'ai-agents', serviceAccount: name, pod: `${name}-0`, image: 'agent:1' };
  return { type: 'chain-start', chain, product: 'test', identity, database: { namespace: 'data-platform', name: 'shop' } };
}

function intent(statement: string, more: Partial<Extract<AuditEntry, { type: 'intent' }>>): AuditEntry {
  return {
    type: 'intent',
    session: 's',
    statement,
    policies: ['data-platform/support@3'],
    bundle: 'b',
    mode: 'Enforce',
    decision: 'allow',
    kind: 'select',
    fingerprint: statement,
    text: 'select email from customers',
    reads: [{ relation: 'public.customers', columns: ['email'] }],
    writes: [],
    masks: {},
    filters: {},
    ...more,
  };
}

/** Two pods and the operator, by hand, so that every section has something. */
function trail(hostile: string): Readonly<Record<string, readonly (AuditEntry | WithoutHeader<ChainStart>)[]>> {
  return {
    support: [
      start('11111111-1111-4111-8111-111111111111', 'support'),
      { type: 'session-start', session: 's', claims: { user: hostile, application: hostile } },
      intent('1', { clear: { 'public.customers.email': 'pii.email' }, text: hostile }),
      { type: 'outcome', session: 's', statement: '1', result: 'ok', rows: 40, bytes: 900 },
      intent('2', { decision: 'deny', code: 'SLUICE-201', rule: 'grants', text: hostile }),
      { type: 'outcome', session: 's', statement: '2', result: 'denied', sqlstate: '42501' },
      intent('3', {
        kind: 'update',
        reads: [],
        writes: [{ relation: `public."${hostile.replaceAll('"', '""')}"`, columns: ['status'], action: 'Update' }],
      }),
      {
        type: 'outcome',
        session: 's',
        statement: '3',
        result: 'ok',
        rows: 2,
        evidence: { capture: 'partial', reasons: ['triggers'], changes: [] },
      },
      { type: 'session-end', session: 's', reason: 'client' },
    ],
    reporting: [
      start('22222222-2222-4222-8222-222222222222', 'reporting'),
      intent('1', { mode: 'Observe', observed: ['SLUICE-202'], reads: [{ relation: 'public.payroll', columns: ['salary'] }] }),
    ],
    operator: [
      {
        type: 'chain-start',
        chain: 'operator-1',
        product: 'test',
        identity: { namespace: 'sluice-system', serviceAccount: 'sluice' },
      },
      {
        type: 'admin',
        action: 'policy-changed',
        object: 'DatabaseAccessPolicy data-platform/support',
        author: { username: hostile },
        detail: { generation: 3, note: hostile },
      },
    ],
    cluster: [
      {
        type: 'chain-start',
        chain: 'cluster-1',
        product: 'test',
        identity: { namespace: 'sluice-system', serviceAccount: 'sluice' },
      },
    ],
  };
}

const POLICY = `apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: support, namespace: data-platform}
spec:
  databaseRef: {name: shop}
  subjects: [{serviceAccount: {namespace: ai-agents, name: support}}]
  grants:
    - {tables: [public.customers], actions: [Select], columns: [id, email], reveal: [email]}
    - {tables: [public.tickets], actions: [Select, Delete]}
`;

function writeTrail(name: string, hostile: string): string {
  const place = mkdtempSync(join(directory, `${name}-`));
  const heads = new Map<string, { readonly position: number; readonly hash: string }>();
  for (const [file, entries] of Object.entries(trail(hostile))) {
    const chain = new Chain();
    const lines = entries.map((entry, minute) => chain.seal(entry as AuditEntry, time(minute)));
    const { seq, hash } = chain.head;
    heads.set(file, { position: seq - 1, hash });
    if (file === 'cluster') {
      const identity = { namespace: 'ai-agents', serviceAccount: 'reporting' };
      const { position, hash: seen } = heads.get('reporting')!;
      const countersignature: AuditEntry = {
        type: 'countersignature',
        chain: '22222222-2222-4222-8222-222222222222',
        position,
        hash: seen,
        identity,
        database: 'data-platform/shop',
        ended: 'vanished',
      };
      lines.push(chain.seal(countersignature, time(30)));
    }
    writeFileSync(join(place, `${file}.jsonl`), lines.join(''));
  }
  writeFileSync(join(place, 'policy.yaml'), POLICY);
  return place;
}

interface Review {
  readonly code: number | null;
  readonly stderr: string;
  readonly html: string;
  readonly markdown: string;
  readonly json: string;
}

async function report(place: string, ...more: readonly string[]): Promise<Review> {
  const out = mkdtempSync(join(directory, 'out-'));
  const args = ['audit', 'report', '--from', '2026-11-01', '--to', '2026-12-01', '--policy', join(place, 'policy.yaml')];
  const { code, stderr } = await runSluice([...args, '-o', out, ...more, place]);
  const read = (extension: string): string =>
    readFileSync(join(out, `access-review.${extension}`), 'utf8').replaceAll(place, 'TRAIL');
  return { code, stderr, html: read('html'), markdown: read('md'), json: read('json') };
}

describe('sluice audit report', () => {
  it('is what it was, byte for byte', async () => {
    const place = writeTrail('plain', 'plain');
    const { code, stderr, ...review } = await report(place);
    expect([code, stderr]).toEqual([0, '']);
    expect({ ...(await report(place)) }).toMatchObject(review);
    await expect(review.json).toMatchFileSnapshot(golden('access-review.json.txt'));
    await expect(review.markdown).toMatchFileSnapshot(golden('access-review.md'));
    await expect(review.html).toMatchFileSnapshot(golden('access-review.html'));
    const json = JSON.parse(review.json) as Record<string, readonly Record<string, unknown>[]>;
    expect(json['grants']).toContainEqual(expect.objectContaining({ tables: 'public.tickets', action: 'Delete', used: 'never' }));
    expect(json['grants']).toContainEqual(expect.objectContaining({ tables: 'public.customers', unusedColumns: ['id'] }));
    expect(json['writes']).toMatchObject([{ partial: 1, exact: 0, reasons: ['triggers'] }]);
    expect(json['clear']).toMatchObject([{ column: 'email', class: 'pii.email', rows: 40 }]);
    expect(json['admin']).toMatchObject([{ action: 'policy-changed', author: 'plain' }]);
    expect(json['chains']).toContainEqual(
      expect.objectContaining({ subject: 'ai-agents/reporting', end: 'vanished', state: 'consistent' }),
    );
  });

  it('holds nothing of what attackers wrote but as text', async () => {
    const { html, markdown, json } = await report(writeTrail('hostile', HOSTILE));
    const { tags, text } = wellFormed(html);
    expect([...tags].sort()).toEqual(
      [
        'body',
        'div',
        'h1',
        'h2',
        'head',
        'html',
        'li',
        'meta',
        'p',
        'style',
        'table',
        'tbody',
        'td',
        'th',
        'thead',
        'title',
        'tr',
        'ul',
      ].sort(),
    );
    expect(text).toContain('<script>alert(1)</script>|"\'&`*_[x](javascript:1)\\u001b[2J\\u202e=1+1');
    expect(html).toMatch(/Content-Security-Policy" content="default-src 'none'; style-src 'sha256-/);
    expect(html).not.toMatch(/<(?:script|img|a|link|iframe|object)\b| on\w+=|src=|href=/i);
    expect(markdown).not.toMatch(/<script|\]\(javascript|https:\/\//);
    for (const page of [html, markdown, json]) expect(page.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    // A cell is a cell: what was written closes no column.
    const table = markdown.split('\n').filter((line) => line.startsWith('|'));
    for (const line of table) expect(line.endsWith(' |')).toBe(true);
  });

  it('says when a chain does not hold, and exits with 3', async () => {
    const place = writeTrail('changed', 'plain');
    const file = join(place, 'support.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"rows":40', '"rows":4'));
    const { code, stderr, json } = await report(place);
    expect([code, stderr]).toEqual([3, expect.stringContaining('1 chains do not hold or are missing')]);
    const { chains } = JSON.parse(json) as { chains: readonly Record<string, unknown>[] };
    expect(chains).toContainEqual(expect.objectContaining({ state: 'broken', fault: expect.stringMatching(/^seq 3: /) }));
    expect((await report(place, '--no-verify')).code).toBe(0);
  });

  it('says when a chain that was countersigned is not there', async () => {
    const place = writeTrail('missing', 'plain');
    rmSync(join(place, 'reporting.jsonl'));
    const { json } = await report(place);
    const { chains } = JSON.parse(json) as { chains: readonly Record<string, unknown>[] };
    expect(chains).toContainEqual(expect.objectContaining({ state: 'absent', chain: '22222222-2222-4222-8222-222222222222' }));
  });
});
