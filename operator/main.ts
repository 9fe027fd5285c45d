/** The operator's process: settings from a file, credentials of its pod (or $KUBECONFIG), until SIGTERM. */
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { VERSION } from '../core/version.ts';
import { systemClock } from '../sidecar/bundle/clock.ts';
import { untilSignal } from '../sidecar/telemetry/signals.ts';
import { createKubeApi } from './api/create-kube-api.ts';
import { errorInLog } from './api/error-in-log.ts';
import { ApiUnreachableError } from './api/kube-api.ts';
import { findCredentials } from './api/kubeconfig.ts';
import type { RunningOperator } from './run.ts';
import { loadOperatorSettings, OperatorSettingsError } from './settings.ts';

const USAGE = `usage: operator --settings FILE

Injects sidecars into annotated pods, tells them what is in force, and writes the status of Databases and policies.
FILE is what the chart puts into the ConfigMap "…-settings" (docs/reference/operator.md).

  --settings FILE   YAML
  --version         prints the version
  --help            prints this

In a pod it acts as the pod's service account, elsewhere as $KUBECONFIG says. SIGTERM and SIGINT: connected sidecars and the webhook are
handed to other replicas, then it exits with 0; a second signal ends it at once. Exit codes: 1 failure, 2 usage or settings.
`;

/** Longer than everything that stop() waits for. Milliseconds. */
const STOP_WITHIN = 25_000;

// Connections and timers of what was started would keep a process alive that has nothing left to do.
process.exit(await main());

async function main(): Promise<number> {
  const path = settingsPath();
  if (typeof path === 'number') return path;
  let settings: Awaited<ReturnType<typeof loadOperatorSettings>>;
  try {
    settings = await loadOperatorSettings(path);
  } catch (error) {
    if (!(error instanceof OperatorSettingsError)) throw error;
    for (const problem of error.problems) process.stderr.write(`operator: ${problem}\n`);
    return 2;
  }
  const log = pino(
    { level: settings.logLevel, base: { replica: replicaName() }, serializers: { err: errorInLog } },
    pino.destination({ fd: 1, sync: true }),
  );
  // A promise that nobody waits for any more is a defect of ours; a replica that stops for it helps nobody.
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'internal-error'));
  let running: RunningOperator;
  try {
    const { runOperator } = await import('./run.ts');
    const credentials = await findCredentials();
    const api = createKubeApi({ credentials, userAgent: `sluice-operator/${VERSION}` });
    running = await runOperator({ settings, api, replica: replicaName(), clock: systemClock, random: Math.random, log });
  } catch (error) {
    const known = error instanceof ApiUnreachableError || (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    log.fatal(known ? { reason: (error as Error).message } : { err: error }, 'cannot-start');
    return 1;
  }
  const signal = await untilSignal();
  log.info({ signal }, 'stopping');
  const late = setTimeout(() => {
    log.warn('stopping-cut-short');
    process.exit(1);
  }, STOP_WITHIN);
  await running.stop();
  clearTimeout(late);
  log.info('stopped');
  return 0;
}

/** A number: exit with it. */
function settingsPath(): string | number {
  try {
    const { values } = parseArgs({
      options: { settings: { type: 'string' }, version: { type: 'boolean' }, help: { type: 'boolean' } },
      // The image's programs are told apart by their first word.
      args: process.argv.slice(2).filter((each, at) => !(at === 0 && each === 'operator')),
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    if (values.version) {
      process.stdout.write(`${VERSION}\n`);
      return 0;
    }
    if (values.settings !== undefined) return values.settings;
    process.stderr.write(USAGE);
  } catch (error) {
    process.stderr.write(`operator: ${(error as Error).message}\n${USAGE}`);
  }
  return 2;
}

function replicaName(): string {
  return process.env['SLUICE_POD_NAME'] || hostname();
}
