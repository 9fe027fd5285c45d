/** No room, no permission, no file: nothing is forwarded without a record, and everything works again when there is a place for it. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasProgram } from '../support/majors.ts';
import { rows } from '../support/shop.ts';
import { WireClient } from '../support/wire-client.ts';
import type { Board } from './board.ts';
import { type Laboratory, type Lane, readAudit, startLane, verifyAudit } from './laboratory.ts';

const run = promisify(execFile);

interface Trouble {
  readonly name: string;
  /** Where the journal is; made anew for each. */
  readonly place?: (directory: string) => Promise<void>;
  readonly begin: (file: string, lane: Lane, directory: string) => Promise<void>;
  readonly end: (file: string, lane: Lane, directory: string) => Promise<void>;
  /** Statements are refused meanwhile; otherwise all work. */
  readonly refuses: boolean;
  /** Further files that hold what the first no longer does. */
  readonly files?: (file: string) => readonly string[];
}

const limit = async (lane: Lane, size: string): Promise<void> =>
  void (await run('prlimit', ['--pid', String(lane.sluice.pid), `--fsize=${size}:unlimited`]));

const TROUBLES: readonly Trouble[] = [
  ...(hasProgram('prlimit')
    ? [
        {
          name: 'the file may not grow',
          begin: async (_file: string, lane: Lane) => await limit(lane, '2000'),
          end: async (_file: string, lane: Lane) => await limit(lane, 'unlimited'),
          refuses: true,
        },
      ]
    : []),
  ...(process.getuid?.() === 0
    ? [
        {
          name: 'the disk is full',
          place: async (directory: string) => void (await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'sluice', directory])),
          begin: async (_file: string, _lane: Lane, directory: string) =>
            void (await run('sh', ['-c', `dd if=/dev/zero of=${directory}/ballast bs=1k count=1000 2>/dev/null; true`])),
          end: async (_file: string, _lane: Lane, directory: string) => await rm(join(directory, 'ballast')),
          refuses: true,
        },
        {
          name: 'the file system becomes read-only',
          place: async (directory: string) => void (await run('mount', ['-t', 'tmpfs', '-o', 'size=10m', 'sluice', directory])),
          // The descriptor stays writable until it is closed, so the file is moved away, too.
          begin: async (file: string) => {
            await rename(file, `${file}.1`);
            await run('sh', ['-c', `ln -s /proc/version ${file}`]);
            // As below: the journal looks every 100 ms, and thirty statements need less on an idle machine.
            await pause(150);
          },
          end: async (file: string) => await rm(file),
          refuses: true,
          files: (file: string) => [`${file}.1`],
        },
      ]
    : []),
  {
    name: 'the file is removed',
    begin: async (file) => {
      await rm(file);
      await pause(150);
    },
    end: async () => undefined,
    refuses: false,
    files: () => [],
  },
  {
    name: 'the file is moved away',
    begin: async (file) => {
      await rename(file, `${file}.1`);
      await pause(150);
    },
    end: async () => undefined,
    refuses: false,
    files: (file) => [`${file}.1`],
  },
  {
    name: 'the directory is gone',
    begin: async (_file, _lane, directory) => {
      await rename(directory, `${directory}.away`);
      await pause(150);
    },
    end: async (_file, _lane, directory) => {
      await mkdir(directory);
      await chmod(directory, 0o755);
    },
    refuses: true,
    files: (file) => [file.replace('/audit.jsonl', '.away/audit.jsonl')],
  },
];

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

export async function troubledJournals(laboratory: Laboratory, board: Board): Promise<void> {
  await Promise.all(
    (['Local', 'Synced'] as const).map(async (durability) => {
      const own = { ...laboratory, admin: await laboratory.connect() };
      for (const trouble of TROUBLES)
        await board.case(`${trouble.name}, ${durability}`, () => troubled(own, board, trouble, durability));
      await own.admin.close();
    }),
  );
}

async function troubled(laboratory: Laboratory, board: Board, trouble: Trouble, durability: string): Promise<readonly string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-journal-'));
  let mounted = false;
  if (trouble.place !== undefined) {
    try {
      await trouble.place(directory);
      mounted = true;
    } catch {
      // Not allowed to mount here.
      await rm(directory, { recursive: true });
      return [];
    }
  }
  const file = join(directory, 'audit.jsonl');
  const lane = await startLane(laboratory, { audit: file, extra: ['--durability', durability] });
  const complaints: string[] = [];
  const run = `${durability}${Date.now() % 1e9}`;
  let mark = 0;
  const client = await connect(lane);
  /** Writes marks in all protocol forms; returns how many the client was told are done. */
  const write = async (count: number): Promise<number> => {
    let done = 0;
    for (let index = 0; index < count; index += 1) {
      const sql = `INSERT INTO marks VALUES ('${run}', '${(mark += 1)}')`;
      const { error } = await (index % 2 === 0 ? client.query(sql) : client.extended(sql));
      if (error === null) done += 1;
      else if (error['C'] !== '58030') complaints.push(`refused with ${error['C']}: ${error['M']}`);
    }
    return done;
  };
  try {
    let told = await write(4);
    if (told !== 4) complaints.push(`${4 - told} of 4 refused before anything happened`);
    await trouble.begin(file, lane, directory);
    const during = await write(30);
    told += during;
    if (trouble.refuses && during > 25) complaints.push(`${during} of 30 statements were let through`);
    if (!trouble.refuses && during !== 30) complaints.push(`${30 - during} of 30 statements were refused`);
    const newcomer = await connect(lane).then(
      (other) => other.close().then(() => true),
      () => false,
    );
    if (newcomer === trouble.refuses)
      complaints.push(trouble.refuses ? 'a session began without a record' : 'a newcomer was refused');
    await trouble.end(file, lane, directory);
    await pause(1_300);
    const after = await write(4);
    told += after;
    if (after !== 4) complaints.push(`${4 - after} of 4 refused after it was over`);
    const [[stored] = []] = await rows(laboratory.admin, `SELECT count(*) FROM marks WHERE run = '${run}'`);
    if (Number(stored) !== told) complaints.push(`${stored} marks where ${told} were reported done`);
    await client.close();
    await pause(100);
    if (!lane.alive()) board.deaths += 1;
    const files = [...(trouble.files?.(file) ?? []), file];
    let intents = 0;
    for (const each of files) {
      const found = await verifyAudit(each);
      // What was under way when the file went is settled in the next one.
      complaints.push(...found.filter((complaint) => files.length === 1 || !complaint.includes('without an outcome')));
      for (const record of await readAudit(each)) if (record.type === 'intent' && record.decision === 'allow') intents += 1;
    }
    // The removed file took its four with it.
    const lost = trouble.files?.(file).length === 0 ? 4 : 0;
    if (intents + lost < told) complaints.push(`${told} statements were run, ${intents} are recorded`);
    return complaints;
  } finally {
    client.destroy();
    await lane.stop();
    if (mounted) await promisify(execFile)('umount', [directory]).catch(() => undefined);
    await rm(directory, { recursive: true, force: true });
    await rm(`${directory}.away`, { recursive: true, force: true });
  }
}

const connect = (lane: Lane): Promise<WireClient> =>
  WireClient.connect({ port: lane.sluice.port, user: 'agent', database: 'shop' });
