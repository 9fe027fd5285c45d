/**
 * A trail as it is recorded: chains of two pods by the sidecar's own journal, one of a replica, and the log of the cluster over two terms. In
 * memory as lines, so that tests can tamper with them by the thousand.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChainCertificate, issueCertificate, type TrustAnchors } from '../../core/audit/certificate.ts';
import { Chain, hashLine } from '../../core/audit/chain.ts';
import { clusterLogName, operatorChainName } from '../../core/audit/chain-names.ts';
import { checkpointEntry, sealCheckpoint } from '../../core/audit/checkpoint.ts';
import { type SigningKey, signingKey } from '../../core/audit/keys.ts';
import type { AuditEntry } from '../../core/audit/record.ts';
import type { ChainOwner } from '../../core/audit/store.ts';
import {
  DESCRIBED_BY,
  describePart,
  type PublishedHead,
  type Trail,
  type TrailChain,
  type TrailPart,
} from '../../core/audit/trail.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { openSegmentedJournal, segmentsOf } from '../../sidecar/journal/segmented-journal.ts';

export interface RecordedChain {
  readonly chain: string;
  readonly owner: ChainOwner;
  readonly key: SigningKey;
  /** Lines of each file. */
  readonly files: readonly (readonly string[])[];
  /** Which records (by seq) are under the signature of a checkpoint that was countersigned. */
  readonly countersigned: number;
}

export interface RecordedTrail {
  readonly anchors: TrustAnchors;
  readonly anchor: SigningKey;
  readonly head: PublishedHead;
  readonly chains: readonly RecordedChain[];
}

export const anchor = signingKey(Buffer.alloc(32, 1).toString('base64url'));
export const anchors: TrustAnchors = {
  v: 1,
  cluster: 'k',
  keys: [{ id: anchor.id, publicKey: anchor.publicKey, from: '2026-11-29T00:00:00Z' }],
};

const replica: Identity = { namespace: 'sluice', serviceAccount: 'sluice', pod: 'sluice-0' };
const pod = (name: string): Identity => ({ namespace: 'agents', serviceAccount: 'a', pod: name, podUid: `uid-${name}` });

let second = 0;
/** Every record a second later. */
export function tick(): string {
  second += 1;
  return `${new Date(Date.UTC(2026, 10, 29) + second * 1000).toISOString().slice(0, 19)}.000000Z`;
}

let counter = 0;
export function statement(): readonly [AuditEntry, AuditEntry] {
  counter += 1;
  const id = `s${counter}`;
  return [
    {
      type: 'intent',
      session: 'x',
      statement: id,
      policies: ['p/q'],
      bundle: 'v',
      mode: 'Enforce',
      decision: 'allow',
      kind: 'update',
      fingerprint: 'f',
      text: 'UPDATE t SET a = $1',
      reads: [],
      writes: [{ relation: 'public.t', columns: ['a'], action: 'Update' }],
      masks: {},
      filters: {},
      values: ['d1', null],
    },
    { type: 'outcome', session: 'x', statement: id, result: 'ok', rows: 1, tag: 'UPDATE 1' },
  ];
}

export function certify(chain: string, key: SigningKey, owner: Omit<ChainOwner, 'kind'>): ChainCertificate {
  return issueCertificate(anchor, { chain, publicKey: key.publicKey, ...owner, issued: '2026-11-29T00:00:00Z' });
}

/** By the sidecar's own journal: `statements`, a checkpoint behind every third, each file beginning with the certificate. */
async function sidecarChain(name: string, statements: number, ends: boolean): Promise<RecordedChain> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-trail-'));
  try {
    const identity = pod(name);
    const journal = openSegmentedJournal({
      directory,
      segment: 3_000,
      total: 1_000_000,
      durability: () => 'Local',
      start: { product: 'sluice test', identity, database: { namespace: 'd', name: 'o' } },
      clock: tick,
      log: () => {},
    });
    const { chain } = journal;
    const key = signingKey();
    const owner = { identity, database: 'd/o' };
    const certificate = certify(chain, key, owner);
    let files = 0;
    const append = (entry: AuditEntry): void => {
      void journal.append([entry]);
      const now = segmentsOf(directory).length;
      if (now > files) void journal.append([{ type: 'chain-key', certificate }]);
      files = now;
    };
    for (let index = 0; index < statements; index += 1) {
      statement().forEach(append);
      if (index % 3 === 2) append(checkpointEntry({ chain, key }));
    }
    if (ends) {
      void journal.append([{ type: 'chain-end', reason: 'stopped' }, checkpointEntry({ chain, key })]);
    } else statement().forEach(append);
    await journal.close();
    const lines = segmentsOf(directory).map((path) => readFileSync(path, 'utf8').trimEnd().split('\n'));
    return { chain, owner: { ...owner, kind: 'sidecar' }, key, files: lines, countersigned: lastCheckpoint(lines.flat()) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function lastCheckpoint(lines: readonly string[]): number {
  return lines.findLastIndex((line) => line.includes('"type":"checkpoint"'));
}

function operatorChain(): RecordedChain {
  const name = operatorChainName('r');
  const key = signingKey();
  const owner: ChainOwner = { identity: replica, kind: 'operator' };
  const chain = new Chain();
  const lines = [
    chain.seal({ type: 'chain-start', chain: name, product: 'sluice test', identity: replica }, tick()),
    chain.seal({ type: 'chain-key', certificate: certify(name, key, { identity: replica }) }, tick()),
  ];
  for (const action of ['policy-changed', 'operator-started']) {
    lines.push(chain.seal({ type: 'admin', action, author: { username: 'u', groups: ['g'] }, detail: { uid: 'x' } }, tick()));
    lines.push(chain.seal(checkpointEntry({ chain: name, key }), tick()));
  }
  const file = lines.map((line) => line.trimEnd());
  return { chain: name, owner, key, files: [file], countersigned: file.length - 1 };
}

/** One term each half; each with a key of its own. */
function clusterLog(chains: readonly RecordedChain[]): RecordedChain & { readonly head: PublishedHead } {
  const name = clusterLogName(anchors.cluster);
  const checkpoints = chains.flatMap(({ chain, owner, files }) =>
    files.flat().flatMap((line, position) => (line.includes('"type":"checkpoint"') ? [{ chain, owner, line, position }] : [])),
  );
  const chain = new Chain();
  const files: string[][] = [];
  let key = signingKey();
  let head: PublishedHead | undefined;
  const half = Math.ceil(checkpoints.length / 2);
  for (const term of [checkpoints.slice(0, half), checkpoints.slice(half)]) {
    key = signingKey();
    const { seq, hash } = chain.head;
    const continues = seq === 0 ? {} : { continues: { seq: seq - 1, hash } };
    const lines = [
      chain.seal({ type: 'chain-start', chain: name, product: 'sluice test', identity: replica, ...continues }, tick()),
      chain.seal({ type: 'chain-key', certificate: certify(name, key, { identity: replica }) }, tick()),
    ];
    for (const { chain: of, owner, line, position } of term) {
      const { identity, database } = owner;
      const said = { chain: of, position, hash: hashLine(line), identity, ...(database === undefined ? {} : { database }) };
      lines.push(chain.seal({ type: 'countersignature', ...said }, tick()));
    }
    lines.push(chain.seal(checkpointEntry({ chain: name, key }), tick()));
    files.push(lines.map((line) => line.trimEnd()));
    head = { chain: name, seq: chain.head.seq - 1, hash: chain.head.hash };
  }
  const countersigned = files.flat().length - 1;
  return { chain: name, owner: { identity: replica, kind: 'cluster' }, key, files, countersigned, head: head! };
}

export async function recordTrail(statements = 6): Promise<RecordedTrail> {
  const chains = [await sidecarChain('one', statements, true), await sidecarChain('two', 3, false), operatorChain()];
  const log = clusterLog(chains);
  return { anchors, anchor, head: log.head, chains: [...chains, log] };
}

/** As a directory of files is read: a file that does not say of which chain it is stands alone. */
export function asFiles(
  files: readonly { readonly source: string; readonly lines: readonly string[]; readonly torn?: number }[],
): Trail {
  const chains = new Map<string, { chain: string | undefined; parts: TrailPart[] }>();
  for (const { source, lines, torn } of files) {
    const { chain, ...described } = describePart(lines.slice(0, DESCRIBED_BY).map((line) => Buffer.from(line)));
    const key = chain ?? `\0${source}`;
    const group = chains.get(key) ?? { chain, parts: [] };
    chains.set(key, group);
    group.parts.push(partOf(source, lines, { ...described, middle: false }, torn));
  }
  return { chains: [...chains.values()], complete: false };
}

export function filesOf({ chains }: Pick<RecordedTrail, 'chains'>): { source: string; lines: readonly string[] }[] {
  return chains.flatMap(({ chain, files }) => files.map((lines, index) => ({ source: `${chain}/${index}`, lines })));
}

/** As a store is read: what is there of a chain, under the name that it is kept as. */
export function asStore(
  chains: readonly { readonly chain: string; readonly owner: ChainOwner; readonly lines: readonly string[] }[],
): Trail {
  return {
    complete: true,
    chains: chains
      .filter(({ lines }) => lines.length > 0)
      .map(
        ({ chain, owner, lines }): TrailChain => ({
          chain,
          owner,
          parts: [partOf(chain, lines, { first: undefined, middle: true })],
        }),
      ),
  };
}

function partOf(
  source: string,
  lines: readonly string[],
  described: Pick<TrailPart, 'first' | 'renumbered' | 'middle'>,
  torn = 0,
): TrailPart {
  return {
    source,
    ...described,
    async *lines() {
      yield lines.map((line) => Buffer.from(line));
      return torn;
    },
  };
}

/** Every link from `from` on as if it had been written so: by somebody who has the file, and with `key` by somebody who has the key as well. */
export function relink(
  lines: readonly string[],
  from: number,
  key?: { readonly chain: string; readonly key: SigningKey },
): string[] {
  const made = lines.slice(0, from);
  for (const line of lines.slice(from)) {
    const { signature, ...record } = JSON.parse(line) as Record<string, unknown>;
    const seq = made.length;
    const prev = hashLine(made.at(-1) ?? '');
    const continues = record['continues'] === undefined ? {} : { continues: { seq: seq - 1, hash: prev } };
    const linked = { ...record, seq, prev, ...continues };
    if (record['type'] === 'checkpoint' && key !== undefined)
      made.push(sealCheckpoint({ v: 1, seq, time: record['time'], prev }, key));
    else made.push(JSON.stringify(signature === undefined ? linked : { ...linked, signature }));
  }
  return made;
}
