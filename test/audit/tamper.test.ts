/**
 * Somebody has the records and changes them: every field of every record, every record removed, repeated, moved, the tail cut at every byte,
 * links made anew behind any record, forks from any record on, with and without the keys of the writers. Verification has to name the first
 * record that is not as it was written, and has nothing to say where nothing was done.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyTrail, type TrailReport, type TrailVerifierOptions } from '../../core/audit/verify-trail.ts';
import { asFiles, asStore, filesOf, type RecordedChain, type RecordedTrail, recordTrail, relink } from './recorded-trail.ts';

let trail: RecordedTrail;
let trusted: TrailVerifierOptions;
beforeAll(async () => {
  trail = await recordTrail();
  trusted = { trusted: { anchors: trail.anchors, head: trail.head } };
});

/** Which file of a chain a record is in, and which line of it. */
function placeOf(chain: RecordedChain, seq: number): { file: number; line: number } {
  let file = 0;
  let line = seq;
  while (line >= chain.files[file]!.length) {
    line -= chain.files[file]!.length;
    file += 1;
  }
  return { file, line };
}

/** Lines of a chain in its files: what is added stays in the file of the record before. */
function split(chain: RecordedChain, lines: readonly string[], at: number): string[][] {
  const grown = lines.length - chain.files.flat().length;
  const { file: changed } = placeOf(chain, Math.min(at, chain.files.flat().length - 1));
  let from = 0;
  return chain.files.map((file, index) => {
    const length = file.length + (index === changed ? grown : 0);
    from += length;
    return lines.slice(from - length, from);
  });
}

type Kept = 'files' | 'store';

/** What is left of the files, where the tail is cut off. */
function clip(chain: RecordedChain, length: number): string[][] {
  let left = length;
  return chain.files.map((file) => {
    const kept = file.slice(0, left);
    left -= kept.length;
    return kept;
  });
}

/** With the log of the cluster; where that is tampered with, with all that it countersigns. */
async function verified(
  kept: Kept,
  tampered: RecordedChain,
  lines: readonly string[],
  files: readonly (readonly string[])[],
  torn = 0,
): Promise<TrailReport> {
  const log = trail.chains.at(-1)!;
  const given = tampered.chain === log.chain ? trail.chains : [tampered, log];
  if (kept === 'store') {
    const chains = given.map((each) => ({ ...each, lines: each.chain === tampered.chain ? lines : each.files.flat() }));
    return await verifyTrail({ ...asStore(chains), complete: false }, { ...trusted, whole: true });
  }
  const chains = given.map((each) => (each.chain === tampered.chain ? { ...each, files } : each));
  const last = `${tampered.chain}/${files.findLastIndex(({ length }) => length > 0)}`;
  const all = filesOf({ chains }).filter((file) => file.lines.length > 0);
  return await verifyTrail(asFiles(all.map((file) => ({ ...file, torn: file.source === last ? torn : 0 }))), trusted);
}

/** The lines of a chain are these, what was added being in the file of the record before `at`. */
async function put(kept: Kept, chain: RecordedChain, lines: readonly string[], at: number): Promise<TrailReport> {
  return await verified(kept, chain, lines, split(chain, lines, at));
}

/** Some chain is broken at this record, and no other chain is accused at any other. */
function named(report: TrailReport, chain: RecordedChain, seq: number | readonly number[]): void {
  const wanted = typeof seq === 'number' ? [seq] : seq;
  const faults = report.chains.filter(({ state }) => state === 'broken');
  const hits = faults.filter(({ fault, chain: of }) =>
    wanted.some((each) => {
      const { file, line } = placeOf(chain, Math.min(each, chain.files.flat().length - 1));
      const here = [`${chain.chain}/${file}`, chain.chain].includes(fault!.source ?? '') && fault!.line === line + 1;
      return (of === chain.chain && fault!.seq === each) || here;
    }),
  );
  expect(
    hits,
    `expected seq ${wanted} of ${chain.chain}, got ${JSON.stringify(faults.map(({ chain, fault }) => [chain, fault]))}`,
  ).not.toEqual([]);
  expect(report.valid).toBe(false);
  const others = trail.chains.map((each) => each.chain).filter((each) => each !== chain.chain);
  expect(faults.filter(({ chain: of }) => others.includes(of ?? ''))).toEqual([]);
}

/** Where nobody can know: it is in order, and it is said that it is not proven up to there. */
function unproven(report: TrailReport, chain: RecordedChain, seq: number): void {
  const own = report.chains.find((each) => each.chain === chain.chain)!;
  expect([report.valid, own.state]).toEqual([true, 'partly']);
  expect(own.provenTo).toBeLessThan(seq);
}

const isSigned = (chain: RecordedChain, seq: number): boolean => seq <= chain.countersigned;

/** A value with one thing in it changed, each way; as [what was done, value]. */
function* changes(value: unknown, path = ''): Generator<readonly [string, unknown]> {
  if (typeof value === 'string') {
    yield [`${path} flipped`, value.length === 0 ? 'x' : `${value.slice(0, -1)}${value.endsWith('x') ? 'y' : 'x'}`];
    yield [`${path} emptied`, value.length === 0 ? ' ' : ''];
  } else if (typeof value === 'number') yield [`${path} raised`, value + 1];
  else if (typeof value === 'boolean') yield [`${path} turned`, !value];
  yield [`${path} of another type`, value === null ? 0 : null];
  if (Array.isArray(value)) {
    yield [`${path} longer`, [...value, 'more']];
    for (const [index, item] of value.entries()) {
      yield [`${path}[${index}] removed`, value.toSpliced(index, 1)];
      for (const [what, changed] of changes(item, `${path}[${index}]`)) yield [what, value.with(index, changed)];
    }
  } else if (typeof value === 'object' && value !== null) {
    yield [`${path} with another field`, { ...value, more: 1 }];
    for (const [key, item] of Object.entries(value)) {
      const { [key]: _, ...rest } = value as Record<string, unknown>;
      yield [`${path}.${key} removed`, rest];
      for (const [what, changed] of changes(item, `${path}.${key}`)) yield [what, { ...value, [key]: changed }];
    }
  }
}

describe('a trail that nobody has touched', () => {
  it('is valid, and proven as far as it is signed', async () => {
    const files = await verifyTrail(asFiles(filesOf(trail)), trusted);
    const store = await verifyTrail(asStore(trail.chains.map((each) => ({ ...each, lines: each.files.flat() }))), {
      ...trusted,
      whole: true,
    });
    for (const report of [files, store]) {
      expect(report.valid).toBe(true);
      expect(report.chains.map(({ kind, state, fate }) => [kind, state, fate])).toEqual([
        ['cluster', 'proven', 'open'],
        ['sidecar', 'proven', 'ended'],
        ['sidecar', 'partly', 'open'],
        ['operator', 'proven', 'open'],
      ]);
      expect(report.absent).toEqual([]);
      expect(report.chains.flatMap(({ remarks }) => remarks)).toEqual([]);
    }
  });

  it('has several files in a chain', () => {
    expect(trail.chains.map(({ files }) => files.length > 1)).toEqual([true, expect.any(Boolean), false, true]);
  });

  it('holds by itself without anchors; files in any order, copies, and some of them alone are valid', async () => {
    const files = filesOf(trail);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...files, ...files], { minLength: 1 }), fc.boolean(), async (some, anchored) => {
        // The oldest of a chain may be missing, not one between others, and not the end of what was countersigned.
        const chains = trail.chains.flatMap(({ chain, files: all }) => {
          const first = all.findIndex((_, index) => some.some(({ source }) => source === `${chain}/${index}`));
          return first === -1 ? [] : all.slice(first).map((lines, index) => ({ source: `${chain}/${first + index}`, lines }));
        });
        const given = [...some, ...chains.filter(({ source }) => !some.some((each) => each.source === source))];
        const report = await verifyTrail(asFiles(given), anchored ? trusted : {});
        expect(report.chains.map(({ chain, fault }) => [chain, fault]).filter(([, fault]) => fault !== undefined)).toEqual([]);
        expect(report.valid).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe.each(['files', 'store'] as const)('of records kept in %s', (kept) => {
  const each = async (act: (chain: RecordedChain, lines: readonly string[], seq: number) => Promise<void>): Promise<void> => {
    for (const chain of trail.chains) {
      const lines = chain.files.flat();
      for (const seq of lines.keys()) await act(chain, lines, seq);
    }
  };

  it('every field of every record: removed, added, changed', async () => {
    let tried = 0;
    await each(async (chain, lines, seq) => {
      const record: unknown = JSON.parse(lines[seq]!);
      const last = seq === lines.length - 1;
      for (const [what, changed] of changes(record)) {
        const report = await put(kept, chain, lines.with(seq, JSON.stringify(changed) ?? ''), seq);
        tried += 1;
        try {
          if (isSigned(chain, seq)) named(report, chain, seq);
          // Of the last two records that nobody signed nobody can say which was changed, or whether the last was.
          else if (!last) named(report, chain, seq);
          else if (report.valid) unproven(report, chain, seq);
          else named(report, chain, [seq - 1, seq]);
        } catch (error) {
          throw new Error(`${what} in seq ${seq} of ${chain.chain}: ${(error as Error).message}`);
        }
      }
    });
    expect(tried).toBeGreaterThan(2_000);
  }, 120_000);

  it('every byte of a record', async () => {
    const chain = trail.chains[0]!;
    const lines = chain.files.flat();
    for (const seq of [1, chain.files[0]!.length, lines.length - 1]) {
      const line = lines[seq]!;
      for (let at = 0; at < line.length; at += 1) {
        const other = line[at] === '0' ? '1' : '0';
        const changed = kept === 'files' ? line.slice(0, at) + other : line.slice(0, at);
        named(await put(kept, chain, lines.with(seq, changed + line.slice(at + 1)), seq), chain, seq);
      }
    }
  }, 120_000);

  it('every record removed', async () => {
    await each(async (chain, lines, seq) => {
      const report = await put(kept, chain, lines.toSpliced(seq, 1), seq);
      if (seq <= chain.countersigned || seq < lines.length - 1) named(report, chain, seq);
      else unproven(report, chain, seq);
    });
  });

  it('every two neighbours swapped', async () => {
    await each(async (chain, lines, seq) => {
      if (seq === lines.length - 1) return;
      const swapped = lines.with(seq, lines[seq + 1]!).with(seq + 1, lines[seq]!);
      named(await put(kept, chain, swapped, seq), chain, seq);
    });
  });

  it('a copy of every record inserted in every place', async () => {
    await each(async (chain, lines, copied) => {
      for (let at = 0; at <= lines.length; at += 1) {
        const inserted = lines.toSpliced(at, 0, lines[copied]!);
        // Behind or before itself the second of the two is one too many.
        const seq = copied === at ? at + 1 : at;
        const report = await put(kept, chain, inserted, at);
        const faults = report.chains.filter(({ state }) => state === 'broken');
        const lineOf = kept === 'store' ? seq : undefined;
        expect(
          faults.map(({ fault }) => fault),
          `${copied} at ${at} of ${chain.chain}`,
        ).not.toEqual([]);
        if (lineOf !== undefined) expect(faults[0]!.fault!.line).toBe(lineOf + 1);
        else named(report, { ...chain, files: split(chain, inserted, at) }, seq);
      }
    });
  }, 120_000);

  it('a record made up and inserted in every place', async () => {
    await each(async (chain, lines, seq) => {
      const forged = JSON.stringify({ ...(JSON.parse(lines[seq]!) as object), type: 'event', event: 'forged', detail: {} });
      const report = await put(kept, chain, lines.toSpliced(seq, 0, forged), seq);
      named(report, { ...chain, files: split(chain, lines.toSpliced(seq, 0, forged), seq) }, seq);
    });
  });

  it('the tail cut off at every record, and at every byte of the last', async () => {
    await each(async (chain, lines, seq) => {
      if (seq === 0) return;
      const report = await verified(kept, chain, lines.slice(0, seq), clip(chain, seq));
      if (seq <= chain.countersigned) named(report, chain, seq);
      else
        expect([report.valid, report.chains.find((own) => own.chain === chain.chain)?.state]).toEqual([
          true,
          expect.stringMatching(/proven|partly/),
        ]);
    });
    for (const chain of trail.chains) {
      const lines = chain.files.flat();
      const seq = lines.length - 1;
      for (let length = 1; length < lines[seq]!.length; length += 1) {
        if (kept === 'store') named(await verified(kept, chain, lines.with(seq, lines[seq]!.slice(0, length)), []), chain, seq);
        else {
          const report = await verified(kept, chain, lines.slice(0, seq), clip(chain, seq), length);
          if (seq <= chain.countersigned) named(report, chain, seq);
          else expect(report.valid).toBe(true);
          expect(report.chains.find((own) => own.chain === chain.chain)?.tornBytes).toBe(length);
        }
      }
    }
  }, 120_000);

  it('a record changed and all links behind it made anew', async () => {
    await each(async (chain, lines, seq) => {
      const changed = { ...(JSON.parse(lines[seq]!) as object), more: 1 };
      const relinked = relink(lines.with(seq, JSON.stringify(changed)), seq);
      const report = await put(kept, chain, relinked, seq);
      const checkpoint = lines.findIndex((line, index) => index >= seq && line.includes('"type":"checkpoint"'));
      if (checkpoint === -1) unproven(report, chain, seq);
      else named(report, chain, checkpoint);
    });
  });

  it('the same by somebody who has the key of the writer: what was countersigned, or published, shows it', async () => {
    await each(async (chain, lines, seq) => {
      const changed = { ...(JSON.parse(lines[seq]!) as object), more: 1 };
      // It would be sealed anew as it was.
      if (lines[seq]!.includes('"type":"checkpoint"')) return;
      const isLog = chain.owner.kind === 'cluster';
      // The first term of the log had another key; its checkpoint is the first that does not fit.
      const relinked = relink(lines.with(seq, JSON.stringify(changed)), seq, chain);
      const report = await put(kept, chain, relinked, seq);
      const checkpoint = lines.findIndex((line, index) => index >= seq && line.includes('"type":"checkpoint"'));
      if (checkpoint === -1) unproven(report, chain, seq);
      else named(report, chain, isLog ? [checkpoint, lines.length - 1] : checkpoint);
    });
  });
});

describe('forks', () => {
  it('from every record on: the two are compared, and the first that differs is named', async () => {
    for (const chain of trail.chains) {
      const lines = chain.files.flat();
      for (const seq of lines.keys()) {
        const changed = JSON.stringify({ ...(JSON.parse(lines[seq]!) as object), more: 1 });
        const other = relink(lines.with(seq, changed), seq, chain);
        if (other[seq] === lines[seq]) continue;
        const report = await verifyTrail(asFiles([...filesOf(trail), { source: 'other', lines: other }]), trusted);
        const fault = report.chains.find((each) => each.chain === chain.chain)!.fault!;
        // Whichever of the two is read first, the other differs from it here; or it is the one that was not countersigned.
        const checkpoint = lines.findIndex((line, index) => index >= seq && line.includes('"type":"checkpoint"'));
        expect([seq, checkpoint]).toContain(fault.seq);
      }
    }
  });
});
