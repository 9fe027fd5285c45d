/** What is compared: the server itself, a relay that looks at nothing, pgbouncer, and Sluice with masks and audit. */
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClientOptions } from './client.ts';
import { type BenchDatabase, DATABASE, LOGIN } from './database.ts';
import { POLICY } from './policy.ts';
import { start } from './processes.ts';
import { freePort } from '../test/support/free-ports.ts';

export type TargetName = 'direct' | 'relay' | 'pgbouncer' | 'sluice';

export interface Target {
  readonly name: TargetName;
  readonly client: ClientOptions;
  /** The process whose memory is the target's. */
  readonly pid: number;
  stop(): Promise<void>;
}

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

export function direct(database: BenchDatabase): Target {
  return {
    name: 'direct',
    client: { port: database.server.port, user: LOGIN, password: database.password, database: DATABASE },
    pid: database.server.pid,
    stop: async () => {},
  };
}

export async function startRelay(database: BenchDatabase): Promise<Target> {
  const port = (line: string): number | undefined => (/^\d+$/.test(line) ? Number(line) : undefined);
  const relay = await start(process.execPath, [join(ROOT, 'bench/relay.ts'), String(database.server.port)], port);
  return {
    ...direct(database),
    name: 'relay',
    client: { ...direct(database).client, port: relay.value },
    pid: relay.pid,
    stop: relay.stop,
  };
}

/** Session pooling, as Sluice does it; one server connection for each client. `command`: the binary. */
export async function startPgbouncer(database: BenchDatabase, command: string): Promise<Target> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-pgbouncer-'));
  const port = await freePort();
  const configuration = join(directory, 'pgbouncer.ini');
  await writeFile(
    configuration,
    `[databases]
${DATABASE} = host=127.0.0.1 port=${database.server.port} dbname=${DATABASE} user=${LOGIN} password=${database.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = session
max_client_conn = 200
default_pool_size = 100
ignore_startup_parameters = extra_float_digits
server_reset_query =
`,
  );
  // It refuses to run as root.
  const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (account.uid !== undefined) for (const path of [directory, configuration]) await chown(path, account.uid, account.gid);
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const running = await start(command, [configuration], (line) => (/process up/.test(line) ? true : undefined), account);
    return {
      name: 'pgbouncer',
      client: { port, user: LOGIN, database: DATABASE },
      pid: running.pid,
      async stop() {
        await running.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** `bin/sluice proxy` exactly as a user starts it; `environment` is added to ours. */
export async function startSluice(
  database: BenchDatabase,
  environment: Readonly<Record<string, string>> = {},
  policy = POLICY,
): Promise<Target & { readonly auditFile: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const policyFile = join(directory, 'policy.yaml');
  // In a directory of its own: policy files are watched for changes.
  const auditFile = join(directory, 'audit', 'audit.jsonl');
  await mkdir(join(directory, 'audit'));
  await writeFile(policyFile, policy);
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  const readyPort = (line: string): number | undefined => {
    if (!line.startsWith('{')) return undefined;
    try {
      const { msg, listen } = JSON.parse(line) as { msg?: unknown; listen?: unknown };
      return msg === 'ready' && typeof listen === 'string' ? Number(listen.slice(listen.lastIndexOf(':') + 1)) : undefined;
    } catch {
      return undefined;
    }
  };
  const upstream = `postgres://${LOGIN}:${database.password}@127.0.0.1:${database.server.port}/${DATABASE}`;
  const identity = ['--policy', policyFile, '--as', 'bench/agent', '--database', 'bench/bench'];
  const wiring = ['--listen', '127.0.0.1:0', '--upstream', upstream, '--audit', auditFile, '--log-level', 'warn'];
  try {
    const running = await start(join(ROOT, 'bin/sluice'), ['proxy', ...identity, ...wiring], readyPort, {
      env: { ...process.env, ...environment },
    });
    return {
      name: 'sluice',
      client: { port: running.value, user: 'agent', database: DATABASE },
      pid: running.pid,
      auditFile,
      async stop() {
        await running.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
