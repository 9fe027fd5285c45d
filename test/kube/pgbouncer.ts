/** Test support: PgBouncer in transaction mode in front of the database `orders`. */
import { spawn } from 'node:child_process';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-ports.ts';

/** `line`: one more of its configuration. */
export async function startPgBouncer(upstream: number, line: string): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-pgbouncer-'));
  const port = await freePort();
  const users = join(directory, 'users.txt');
  const configuration = join(directory, 'pgbouncer.ini');
  await writeFile(users, '"app" "app-password"\n');
  await writeFile(
    configuration,
    `[databases]
orders = host=127.0.0.1 port=${upstream} dbname=orders
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
${line}
`,
  );
  // It refuses to run as root.
  const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (account.uid !== undefined)
    for (const path of [directory, users, configuration]) await chown(path, account.uid, account.gid);
  const child = spawn('pgbouncer', [configuration], { ...account, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  let said = '';
  const up = new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('process up')) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`pgbouncer ended: ${said}`)));
  });
  await up.catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { port, stop };
}
