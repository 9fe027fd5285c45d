/** What is said of a trail beyond single records: who signed, whose it is, how it ended, what is missing as a whole. */
import { beforeAll, describe, expect, it } from 'vitest';
import { issueCertificate, type ChainCertificate } from '../../core/audit/certificate.ts';
import { Chain, hashLine } from '../../core/audit/chain.ts';
import { clusterLogName } from '../../core/audit/chain-names.ts';
import { checkpointEntry } from '../../core/audit/checkpoint.ts';
import { type SigningKey, signingKey } from '../../core/audit/keys.ts';
import type { AuditEntry, ChainStart, WithoutHeader } from '../../core/audit/record.ts';
import { type ChainReport, type TrailReport, verifyTrail } from '../../core/audit/verify-trail.ts';
import {
  anchor,
  anchors,
  asFiles,
  asStore,
  certify,
  filesOf,
  type RecordedTrail,
  recordTrail,
  relink,
  statement,
  tick,
} from './recorded-trail.ts';

const trusted = { trusted: { anchors } };
const identity = { namespace: 'agents', serviceAccount: 'a', pod: 'p', podUid: 'u' };
const owner = { identity, database: 'd/o', kind: 'sidecar' } as const;
const replica = { namespace: 'sluice', serviceAccount: 'sluice', pod: 'sluice-0' };

let drawn = 0;
interface Made {
  readonly name: string;
  readonly key: SigningKey;
  readonly lines: string[];
}

/** A chain of one file: start, certificate, one statement, checkpoint; `more` behind it. */
function made(
  options: {
    certificate?: Partial<ChainCertificate>;
    start?: Partial<WithoutHeader<ChainStart>>;
    more?: readonly AuditEntry[];
  } = {},
): Made {
  drawn += 1;
  const name = `c${drawn}`;
  const key = signingKey();
  const chain = new Chain();
  const certificate = issueCertificate(anchor, { ...certify(name, key, owner), ...options.certificate });
  const entries: readonly AuditEntry[] = [
    { type: 'chain-key', certificate },
    ...statement(),
    checkpointEntry({ chain: name, key }),
    ...(options.more ?? []),
  ];
  const database = { namespace: 'd', name: 'o' };
  const start = { type: 'chain-start', chain: name, product: 'p', identity, database, ...options.start } as const;
  const lines = [chain.seal(start, tick()), ...entries.map((entry) => chain.seal(entry, tick()))];
  return { name, key, lines: lines.map((line) => line.trimEnd()) };
}

interface Said {
  readonly of: Made;
  readonly position: number;
  readonly hash?: string;
  readonly ended?: 'vanished' | 'ended';
  readonly identity?: typeof identity;
}

/** A log with these countersignatures. */
function log(said: readonly Said[]): Made {
  const name = clusterLogName(anchors.cluster);
  const key = signingKey();
  const chain = new Chain();
  const lines = [
    chain.seal({ type: 'chain-start', chain: name, product: 'p', identity: replica }, tick()),
    chain.seal({ type: 'chain-key', certificate: certify(name, key, { identity: replica }) }, tick()),
    ...said.map(({ of, position, hash, ...more }) =>
      chain.seal(
        {
          type: 'countersignature',
          chain: of.name,
          position,
          hash: hash ?? hashLine(of.lines[position]!),
          identity,
          database: 'd/o',
          ...more,
        },
        tick(),
      ),
    ),
    chain.seal(checkpointEntry({ chain: name, key }), tick()),
  ];
  return { name, key, lines: lines.map((line) => line.trimEnd()) };
}

const files = (...all: readonly Made[]): ReturnType<typeof asFiles> =>
  asFiles(all.map(({ name, lines }) => ({ source: name, lines })));
const of = (report: TrailReport, { name }: Made): ChainReport => report.chains.find(({ chain }) => chain === name)!;

describe('certificates', () => {
  it('of whom nobody trusts, of another chain, identity or Database: the record that claims it is named', async () => {
    const stranger = signingKey();
    const cases: readonly [Made, number, RegExp][] = [
      [made({ certificate: { chain: 'another' } }), 0, /another chain/],
      [made({ certificate: { identity: { ...identity, podUid: 'other' } } }), 0, /another .*identity/],
      [made({ certificate: { identity: { ...identity, serviceAccount: 'admin' } } }), 0, /another .*identity/],
      [made({ certificate: { database: 'd/other' } }), 0, /another .*Database/],
      [made({ start: { identity: { ...identity, namespace: 'other' } } }), 0, /another .*identity/],
    ];
    for (const [chain, seq, reason] of cases)
      expect(of(await verifyTrail(files(chain), trusted), chain)).toMatchObject({
        state: 'broken',
        fault: { seq, reason: expect.stringMatching(reason) },
      });
    const own = made();
    const certificate = issueCertificate(stranger, certify(own.name, own.key, owner));
    const forged = {
      ...own,
      lines: relink(own.lines.with(1, JSON.stringify({ v: 1, time: tick(), type: 'chain-key', certificate })), 1, {
        chain: own.name,
        key: own.key,
      }),
    };
    expect(of(await verifyTrail(files(forged), trusted), own)).toMatchObject({
      state: 'broken',
      fault: { seq: 1, reason: expect.stringMatching(/not among the trusted keys/) },
    });
    // By themselves they fit.
    expect(of(await verifyTrail(files(forged)), own)).toMatchObject({ state: 'consistent', valid: true });
  });

  it('that contradict their chain show without anchors too', async () => {
    const chain = made({ certificate: { identity: { ...identity, podUid: 'other' } } });
    expect(of(await verifyTrail(files(chain)), chain).fault).toMatchObject({ seq: 0 });
  });

  it('a chain without one is in order, and proven by nobody; its end cannot be vouched for', async () => {
    const { name, lines } = made();
    const bare = { name, key: signingKey(), lines: relink([lines[0]!, ...lines.slice(2, 4)], 1) };
    const report = await verifyTrail(files(bare), trusted);
    expect([report.valid, of(report, bare).state, of(report, bare).provenTo]).toEqual([true, 'unproven', undefined]);
  });

  it('a checkpoint by a key that the chain does not certify is no checkpoint', async () => {
    const chain = made();
    const { type: _, ...stranger } = checkpointEntry({ chain: chain.name, key: signingKey() });
    const lines = relink(chain.lines, 4, stranger.signer);
    expect(of(await verifyTrail(files({ ...chain, lines }), trusted), chain).fault).toMatchObject({
      seq: 4,
      reason: expect.stringMatching(/no certificate/),
    });
  });
});

describe('what the log of the cluster says', () => {
  it('proves a chain to where it was countersigned, and shows a pod that went without an end', async () => {
    const chain = made({ more: statement() });
    const said = log([{ of: chain, position: 4, ended: 'vanished' }]);
    const report = await verifyTrail(files(chain, said), trusted);
    expect(report.valid).toBe(true);
    expect(of(report, chain)).toMatchObject({ state: 'partly', provenTo: 4, fate: 'vanished', next: 7 });
  });

  it('of a chain that ended, vanished says nothing', async () => {
    const chain = made({ more: [{ type: 'chain-end', reason: 'stopped' }] });
    const report = await verifyTrail(files(chain, log([{ of: chain, position: 4, ended: 'vanished' }])), trusted);
    expect(of(report, chain).fate).toBe('ended');
  });

  it('a countersignature that contradicts another, or names another pod, is named itself', async () => {
    const chain = made();
    const twice = log([
      { of: chain, position: 4 },
      { of: chain, position: 4, hash: hashLine('x') },
    ]);
    expect(of(await verifyTrail(files(chain, twice), trusted), twice).fault).toMatchObject({
      seq: 3,
      reason: expect.stringMatching(/another record is at seq 4/),
    });
    const other = log([
      { of: chain, position: 4 },
      { of: chain, position: 4, identity: { ...identity, podUid: 'x' } },
    ]);
    expect(of(await verifyTrail(files(chain, other), trusted), other).fault).toMatchObject({
      seq: 3,
      reason: expect.stringMatching(/another pod/),
    });
    const wrong = log([{ of: chain, position: 4, identity: { ...identity, podUid: 'x' } }]);
    expect(of(await verifyTrail(files(chain, wrong), trusted), chain).fault).toMatchObject({
      seq: 0,
      reason: expect.stringMatching(/countersigned for another pod/),
    });
  });

  it('about a chain that is not here: a store is incomplete, some files are some files, and what is older than all records was removed', async () => {
    const [gone, here] = [
      made(),
      made({ start: { identity: { ...identity, podUid: 'v' } }, certificate: { identity: { ...identity, podUid: 'v' } } }),
    ];
    const said = log([{ of: gone, position: 4 }]);
    const kept = (made: Made, kind: 'sidecar' | 'cluster'): Parameters<typeof asStore>[0][number] => ({
      chain: made.name,
      lines: made.lines,
      owner: kind === 'cluster' ? { identity: replica, kind } : { ...owner, identity: { ...identity, podUid: 'v' }, kind },
    });
    const store = await verifyTrail(asStore([kept(here, 'sidecar'), kept(said, 'cluster')]), trusted);
    expect([store.valid, store.absent]).toEqual([false, [{ chain: gone.name, last: expect.any(String), fault: true }]]);
    const some = await verifyTrail(files(here, said), trusted);
    expect([some.valid, some.absent]).toEqual([true, [{ chain: gone.name, last: expect.any(String), fault: false }]]);
    const later = made({
      start: { identity: { ...identity, podUid: 'v' } },
      certificate: { identity: { ...identity, podUid: 'v' } },
    });
    const pruned = await verifyTrail(asStore([kept(later, 'sidecar'), kept(said, 'cluster')]), trusted);
    expect([pruned.valid, pruned.absent[0]?.fault]).toEqual([true, false]);
  });

  it('and where it stood when it was published: it cannot be cut or written anew, by nobody', async () => {
    const chain = made();
    const said = log([{ of: chain, position: 4 }]);
    const head = { chain: said.name, seq: said.lines.length - 1, hash: hashLine(said.lines.at(-1)!) };
    expect((await verifyTrail(files(chain, said), { trusted: { anchors, head } })).valid).toBe(true);
    const other = log([{ of: chain, position: 4 }]);
    const report = await verifyTrail(files(chain, other), { trusted: { anchors, head } });
    expect(of(report, other).fault).toMatchObject({
      seq: head.seq,
      reason: expect.stringMatching(/another record was countersigned/),
    });
    const cut = { ...said, lines: said.lines.slice(0, -1) };
    expect(of(await verifyTrail(files(chain, cut), { trusted: { anchors, head } }), said).fault).toMatchObject({
      seq: head.seq,
      reason: expect.stringMatching(/the end is missing/),
    });
  });
});

describe('chains of one pod', () => {
  it('at the same time are a fork, unless one replaces the other', async () => {
    const first = made({ more: statement() });
    const rival = made();
    // Written while the first still was.
    const last = {
      ...first,
      lines: [
        ...first.lines,
        ...relink(
          [...first.lines, JSON.stringify({ v: 1, time: tick(), type: 'event', event: 'x', detail: {} })],
          first.lines.length,
        ).slice(-1),
      ],
    };
    expect(of(await verifyTrail(files(last, rival), trusted), rival)).toMatchObject({
      state: 'broken',
      fault: { seq: 0, reason: `its pod wrote chain ${first.name} at the same time` },
    });
    const replaces = { chain: first.name, seq: 4, hash: hashLine(first.lines[4]!), reason: 'r' };
    const heir = made({ start: { replaces } });
    expect((await verifyTrail(files(first, heir), trusted)).valid).toBe(true);
    const other = made({ start: { replaces: { ...replaces, hash: hashLine('x') } } });
    expect(of(await verifyTrail(files(first, other), trusted), first)).toMatchObject({
      state: 'broken',
      fault: { seq: 4, reason: expect.stringContaining(other.name) },
    });
  });
});

describe('a store', () => {
  it('that keeps a chain under the name of another pod is found out', async () => {
    const chain = made();
    const kept = { chain: chain.name, owner: { ...owner, identity: { ...identity, podUid: 'victim' } }, lines: chain.lines };
    expect(of(await verifyTrail(asStore([kept]), trusted), chain).fault?.reason).toMatch(/kept under the name of another pod/);
    expect((await verifyTrail(asStore([{ ...kept, owner }]), trusted)).valid).toBe(true);
    const swapped = { ...kept, chain: 'another', owner };
    expect((await verifyTrail(asStore([swapped]), trusted)).chains[0]?.fault).toMatchObject({
      seq: 0,
      reason: 'it is of another chain',
    });
  });

  it('from which older records are gone begins in the middle and says so', async () => {
    const chain = made({ more: statement() });
    const report = await verifyTrail(asStore([{ chain: chain.name, owner, lines: chain.lines.slice(3) }]), trusted);
    expect([report.valid, of(report, chain).begins, of(report, chain).state]).toEqual([true, 3, 'unproven']);
    expect(of(report, chain).remarks).toEqual([expect.stringMatching(/before the first certificate/)]);
  });
});

describe('other things', () => {
  let trail: RecordedTrail;
  beforeAll(async () => {
    trail = await recordTrail();
  });

  it('nothing at all is not valid, and a file that is something else is named', async () => {
    expect((await verifyTrail(asFiles([]), trusted)).valid).toBe(false);
    const report = await verifyTrail(asFiles([...filesOf(trail), { source: 'letter.txt', lines: ['Dear all,', ''] }]), trusted);
    expect(report.chains.find(({ sources }) => sources.includes('letter.txt'))?.fault).toMatchObject({
      source: 'letter.txt',
      line: 1,
    });
  });

  it('a long time without a checkpoint is remarked, and nothing worse', async () => {
    const chain = made();
    const late = JSON.stringify({ v: 1, time: '2027-01-01T00:00:00.000000Z', type: 'event', event: 'x', detail: {} });
    const lines = relink([...chain.lines, chain.lines[2]!.replace(/"statement":"[^"]*"/, '"statement":"late"'), late], 5);
    const report = await verifyTrail(files({ ...chain, lines }), trusted);
    expect([report.valid, of(report, chain).remarks]).toEqual([true, [expect.stringMatching(/^no checkpoint from /)]]);
  });

  it('tells how far it has come', async () => {
    const seen: number[] = [];
    const line = JSON.stringify({ v: 1, time: tick(), type: 'event', event: 'x', detail: {} });
    const chain = made();
    const lines = relink([...chain.lines, ...Array.from({ length: 20_000 }, () => line)], chain.lines.length);
    await verifyTrail(files({ ...chain, lines }), { progress: ({ records }) => void seen.push(records) });
    expect(seen).toEqual([8_192, 16_384]);
  });
});
