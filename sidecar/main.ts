/** The entry point in a pod: `sidecar`, as the injector starts it. No client of the Kubernetes API is in its import graph. */
import type { EventLog } from '../core/event-log.ts';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { SidecarSettingsError } from '../core/injection/sidecar-settings.ts';
import { VERSION } from '../core/version.ts';
import { systemClock } from './bundle/clock.ts';
import { type InjectedEnvironment, readEnvironment } from './injected/environment.ts';
import { collector, collectWhenIdle, processorTime } from './injected/idle-memory.ts';
import { startSidecar } from './injected/sidecar.ts';
import { copyToOutput } from './journal/standard-output.ts';
import { surviveDefects } from './telemetry/last-resort.ts';
import { untilSignal } from './telemetry/signals.ts';
import { prometheusTelemetry } from './telemetry/telemetry.ts';

/** How long transactions may take to finish after SIGTERM; a pod has 30 s by default. */
const DRAIN_MS = 25_000;

async function main(): Promise<void> {
  const environment = environmentOrExit();
  const logger = pino({ level: environment.settings.logLevel ?? 'info', base: { pod: environment.pod } }, pino.destination(2));
  const log: EventLog = (level, event, detail) => logger[level]({ ...detail }, event);
  const registry = new Registry();
  const telemetry = prometheusTelemetry(registry);
  const fatal = (error: unknown): never => {
    log('error', 'cannot-start', { reason: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  };
  // Before anything can be asked to end.
  const ended = untilSignal();
  surviveDefects(log, telemetry);
  // Looking at it makes a pipe non-blocking: a reader that stops must not stop us.
  void process.stdout.writable;
  const sidecar = await startSidecar({ environment, telemetry, registry, output: copyToOutput(1), log, fatal }).catch(fatal);
  log('info', 'listening', { addresses: sidecar.addresses, health: sidecar.health, version: VERSION });
  const collect = collector();
  if (collect !== undefined) collectWhenIdle({ clock: systemClock, processorTime, collect });
  const signal = await ended;
  log('info', 'draining', { signal });
  await sidecar.drain(DRAIN_MS);
  log('info', 'stopped');
  process.exit(0);
}

function environmentOrExit(): InjectedEnvironment {
  try {
    return readEnvironment(process.env);
  } catch (error) {
    if (!(error instanceof SidecarSettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

await main();
