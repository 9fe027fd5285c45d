/** Policies that change while sessions are in the middle of something: from the moment they are live nothing is shown under the old one. */
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as f from '../support/frontend.ts';
import { WireClient } from '../support/wire-client.ts';
import type { Board } from './board.ts';
import { type Laboratory, type Lane, policyFile, startLane, verifyAudit } from './laboratory.ts';

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** DESIGN: live in under a second. */
const LIVE = 1_000;
const REVEALED = '0049 30 555';
const MASKED = /\*/;

export async function changingPolicies(laboratory: Laboratory, board: Board): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-policy-'));
  const file = join(directory, 'policy.yaml');
  const masked = await readFile(policyFile, 'utf8');
  const revealed = masked.replace('      rowFilter: "region = \'eu\'"', '      reveal: [phone]');
  const withdrawn = masked.slice(0, masked.lastIndexOf('---'));
  const put = async (text: string): Promise<void> => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  await put(revealed);
  const lane = await startLane(laboratory, { policy: file });
  const connect = (): Promise<WireClient> =>
    WireClient.connect({ port: lane.sluice.port, user: 'agent', database: 'shop', timeout: 15_000 });
  /** Text of everything that comes up to ReadyForQuery. */
  const shown = async (client: WireClient, ...bytes: readonly Buffer[]): Promise<string> =>
    Buffer.concat((await client.exchange(bytes)).messages.map(({ body }) => body)).toString('latin1');
  const run = (sql: string): readonly Buffer[] => [f.parse('', sql), f.bind(), f.execute(), f.sync];
  const SELECT = 'SELECT id, phone FROM people ORDER BY id LIMIT 3';
  /** From the revealing policy to the masking one and back; what is said in between is a complaint. */
  const change = async (
    name: string,
    before: (client: WireClient) => Promise<void>,
    after: (client: WireClient) => Promise<string>,
  ) => {
    await board.case(name, async () => {
      await put(revealed);
      await live(lane, connect, (text) => text.includes(REVEALED));
      const client = await connect();
      await before(client);
      await put(masked);
      await pause(LIVE);
      const text = await after(client);
      client.destroy();
      return text.includes(REVEALED) ? ['a row of the old policy'] : [];
    });
  };
  try {
    await change(
      'between two statements',
      async (client) => void (await shown(client, f.query(SELECT))),
      (client) => shown(client, f.query(SELECT)),
    );
    await change(
      'in a transaction',
      async (client) => void (await client.query('BEGIN')),
      (client) => shown(client, f.query(SELECT)),
    );
    await change(
      'between Parse and Bind',
      async (client) => void (await client.exchange([f.parse('s', SELECT), f.sync])),
      (client) => shown(client, f.bind({ statement: 's' }), f.execute(), f.sync),
    );
    await change(
      'between Bind and Execute',
      async (client) => {
        await client.query('BEGIN');
        await client.exchange([f.parse('', SELECT), f.bind({ portal: 'p' }), f.sync]);
      },
      (client) => shown(client, f.execute('p'), f.sync),
    );
    await change(
      'in a portal that is read in part',
      async (client) => {
        await client.query('BEGIN');
        await client.exchange([f.parse('', 'SELECT phone FROM people'), f.bind({ portal: 'p' }), f.execute('p', 2), f.sync]);
      },
      (client) => shown(client, f.execute('p', 2), f.sync),
    );
    await change(
      'in a cursor',
      async (client) => void (await client.query('BEGIN; DECLARE c CURSOR FOR SELECT phone FROM people; FETCH 1 FROM c')),
      (client) => shown(client, f.query('FETCH 5 FROM c')),
    );
    await change(
      'between PREPARE and EXECUTE',
      async (client) => void (await client.query('PREPARE p AS SELECT phone FROM people')),
      (client) => shown(client, f.query('EXECUTE p')),
    );
    await change(
      'in a Flush-ed batch',
      async (client) => {
        client.send(f.parse('', SELECT), f.bind(), f.flush);
        while (!['2', null].includes((await client.next())?.type ?? null));
      },
      (client) => shown(client, f.execute(), f.sync),
    );
    await board.case('in the middle of COPY FROM STDIN', async () => {
      const client = await connect();
      client.send(f.query('COPY marks FROM STDIN'));
      while ((await client.next())?.type !== 'G');
      client.send(f.copyData(Buffer.from('policy\tcopy\n')));
      await put(withdrawn);
      await pause(LIVE);
      client.send(f.copyDone);
      // What was allowed when it began may end: by success or by the end of the session.
      for (let next = await client.next(); next !== null && next.type !== 'Z'; next = await client.next());
      const { error } = await client.query(SELECT);
      client.destroy();
      return error === null && !client.ended ? ['a statement was run without a policy'] : [];
    });
    await board.case('a withdrawn identity', async () => {
      await put(masked);
      await live(lane, connect, (text) => MASKED.test(text));
      const [idle, inside] = [await connect(), await connect()];
      await inside.query("BEGIN; INSERT INTO marks VALUES ('policy', 'inside')");
      await put(withdrawn);
      await pause(LIVE);
      const complaints = idle.ended ? [] : ['an idle session goes on'];
      const refused = await inside.query(SELECT);
      if (refused.error?.['C'] !== '57P03') complaints.push(`a statement gets ${refused.error?.['C'] ?? 'rows'}`);
      for (let next = await inside.next().catch(() => 'hangs' as const); next !== null; next = await inside.next()) {
        if (next === 'hangs') {
          complaints.push('a transaction goes on for ever');
          break;
        }
      }
      return complaints;
    });
    await board.case('broken YAML', async () => {
      await put(masked);
      await live(lane, connect, (text) => MASKED.test(text));
      const client = await connect();
      const complaints: string[] = [];
      for (const text of ['{', '\0', '%', masked.slice(0, 700), masked.replace('region =', 'region ==='), 'a: &a [*a]\n']) {
        await put(text);
        await pause(500);
        const seen = await shown(client, f.query(SELECT));
        if (seen.includes(REVEALED)) complaints.push('a mask was lifted');
      }
      await put(masked);
      await live(lane, connect, (text) => MASKED.test(text));
      client.destroy();
      return complaints;
    });
    await board.case('hundreds of changes a minute', async () => {
      const client = await connect();
      let changes = 0;
      const complaints: string[] = [];
      const until = Date.now() + 5_000;
      while (Date.now() < until) {
        await (changes % 2 === 0 ? put(`${masked}# ${changes}\n`) : writeFile(file, `${masked}# ${changes}\n`));
        changes += 1;
        const seen = await shown(client, ...run(SELECT));
        if (!MASKED.test(seen) || seen.includes(REVEALED)) complaints.push(`not masked: ${seen.slice(0, 80)}`);
        await pause(40);
      }
      client.destroy();
      board.figures['policy changes a minute'] = changes * 12;
      await put(withdrawn);
      const began = performance.now();
      while (await accepted(connect))
        if (performance.now() - began > 3_000) return [...complaints, 'the last change is not followed'];
      return complaints;
    });
    await board.case('journal under changes', async () => {
      await pause(100);
      return await verifyAudit(lane.sluice.auditFile);
    });
    if (!lane.alive()) board.deaths += 1;
  } finally {
    await lane.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

const accepted = (connect: () => Promise<WireClient>): Promise<boolean> =>
  connect().then(
    (client) => {
      client.destroy();
      return true;
    },
    () => false,
  );

/** Waits until a fresh session sees what the policy shows. */
async function live(lane: Lane, connect: () => Promise<WireClient>, seen: (text: string) => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const client = await connect().catch(() => null);
    const answer = await client?.query('SELECT phone FROM people ORDER BY id');
    client?.destroy();
    const text = Buffer.concat(answer?.messages.map(({ body }) => body) ?? []).toString('latin1');
    if (answer?.error === null && seen(text)) return;
    if (Date.now() > deadline) throw new Error(`the policy is not live: ${lane.sluice.output().slice(-300)}`);
    await pause(50);
  }
}
