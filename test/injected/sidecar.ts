/** Test support: the sidecar as it runs in a pod: its own process, settings in its environment, volumes in a directory. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SETTINGS_VARIABLE, type SidecarSettings } from '../../core/injection/sidecar-settings.ts';
import { SERVER_NAME, type TestCluster } from '../stream/operator.ts';
import { WireClient } from '../support/wire-client.ts';

/** `SLUICE_TEST_SIDECAR`: another one to test, as that of `npm run bundle`. */
const main = process.env['SLUICE_TEST_SIDECAR'] ?? fileURLToPath(new URL('../../sidecar/main.ts', import.meta.url));

/** The pod's volumes: they outlive the container. */
export interface Volumes {
  readonly directory: string;
  readonly token: string;
  readonly state: string;
  readonly ca: string;
  readonly audit: string;
  writeToken(token: string): void;
  remove(): void;
}

export function podVolumes(): Volumes {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-pod-'));
  const volumes: Volumes = {
    directory,
    token: join(directory, 'token'),
    state: join(directory, 'state'),
    ca: join(directory, 'ca.crt'),
    audit: join(directory, 'audit'),
    writeToken: (token) => writeFileSync(join(directory, 'token'), token),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
  mkdirSync(volumes.state, { mode: 0o700 });
  volumes.writeToken('token-1');
  return volumes;
}

export interface SidecarOptions {
  readonly cluster: TestCluster;
  /** Port of the operator; one where nobody listens by default. */
  readonly operator?: number;
  readonly volumes: Volumes;
  readonly databases?: SidecarSettings['databases'];
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: the sources, or what SLUICE_TEST_SIDECAR names. */
  readonly program?: { readonly command: readonly string[]; readonly environment?: Readonly<Record<string, string>> };
}

export interface RunningSidecar {
  readonly pid: number;
  /** In the order of the settings' addresses. */
  readonly ports: readonly number[];
  connect(database?: string, port?: number): Promise<WireClient>;
  /** Path of the health address: status and text. */
  health(path: string): Promise<{ readonly status: number; readonly text: string }>;
  /** Log lines, as objects. */
  logs(): readonly Readonly<Record<string, unknown>>[];
  stdout(): string;
  /** Resolves with the exit code. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

export function served(
  name: string,
  options: Partial<SidecarSettings['databases'][number]> = {},
): SidecarSettings['databases'][number] {
  return {
    namespace: 'data',
    name,
    database: name,
    listen: [{ host: '127.0.0.1', port: 0 }],
    names: ['db.data.svc'],
    ...options,
  };
}

export async function startSidecar(options: SidecarOptions): Promise<RunningSidecar> {
  const { cluster, volumes } = options;
  const settings: SidecarSettings = {
    formatVersion: 1,
    operator: {
      address: `127.0.0.1:${options.operator ?? 1}`,
      serverName: SERVER_NAME,
      ca: cluster.authority.certificate,
    },
    databases: options.databases ?? [served('shop')],
  };
  const { command, environment } = options.program ?? { command: [main] };
  const child = spawn(process.execPath, [...command, 'sidecar'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      [SETTINGS_VARIABLE]: JSON.stringify(settings),
      SLUICE_POD_NAMESPACE: 'somebody-else',
      SLUICE_POD_NAME: 'a-claim',
      SLUICE_SERVICE_ACCOUNT: 'cluster-admin',
      SLUICE_POD_IP: '127.0.0.1',
      SLUICE_HEALTH_PORT: '0',
      SLUICE_TOKEN_FILE: volumes.token,
      SLUICE_STATE_DIRECTORY: volumes.state,
      SLUICE_CLIENT_CA_FILE: volumes.ca,
      SLUICE_AUDIT_DIRECTORY: volumes.audit,
      ...environment,
      ...options.environment,
    },
  });
  let stdout = '';
  let stderr = '';
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  void exited.then(() => process.removeListener('exit', endWithUs));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const logs = (): readonly Readonly<Record<string, unknown>>[] =>
    stderr
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => {
        try {
          return [JSON.parse(line) as Record<string, unknown>];
        } catch {
          return [{ msg: line }];
        }
      });
  const listening = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the sidecar ended with ${code}\n${stderr}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      const line = logs().find(({ msg }) => msg === 'listening');
      if (line !== undefined) resolve(line);
    });
  });
  const ports = (listening['addresses'] as { port: number }[]).map(({ port }) => port);
  return {
    pid: child.pid ?? 0,
    ports,
    connect: (database = 'shop', port = ports[0]!) => WireClient.connect({ port, user: 'agent', database }),
    health: async (path) => {
      const response = await fetch(`http://${String(listening['health'])}${path}`);
      return { status: response.status, text: await response.text() };
    },
    logs,
    stdout: () => stdout,
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await exited;
      clearTimeout(late);
      return child.exitCode;
    },
  };
}
