/**
 * The last line against defects of ours. Every callback of a session is guarded where it begins, and ends that session alone; what
 * gets past all guards belongs to nobody known. It is written down and counted, and the process goes on serving everybody else:
 * the alternative would let one client's input end the sessions of all.
 */
import type { EventLog } from '../../core/event-log.ts';
import type { Telemetry } from './telemetry.ts';

export function surviveDefects(log: EventLog, telemetry: Telemetry): void {
  const survived = (kind: string) => (error: unknown) => {
    telemetry.defect();
    log('error', 'internal-error', { kind, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  };
  process.on('uncaughtException', survived('uncaught exception'));
  process.on('unhandledRejection', survived('unhandled rejection'));
}
