/** What an operator of the operator sees of the stream. Names and reasons only: never a token, a credential or a document. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { RefusalCode } from '../../core/stream/frames.ts';

export type StreamEnd =
  | 'closed'
  | 'goodbye'
  | 'revoked'
  | 'silent'
  | 'stalled'
  | 'token-expired'
  | 'replaced'
  | 'protocol'
  | 'stopped';

export interface DistributionMetrics {
  connected(version: string): void;
  disconnected(version: string, how: StreamEnd): void;
  refused(code: RefusalCode | 'Busy'): void;
  sent(type: string, bytes: number): void;
  received(type: string, bytes: number): void;
  /** Seconds from a change seen to the last acknowledgement of those it concerns. */
  propagated(seconds: number): void;
  /** Connections that were closed without an answer because too many were waiting for one. */
  dropped(): void;
}

const KNOWN_FROM_SIDECARS: ReadonlySet<string> = new Set(['hello', 'acknowledged', 'token', 'heartbeat']);

export function distributionMetrics(registry: Registry): DistributionMetrics {
  const registers = [registry];
  const sidecars = new Gauge({
    name: 'sluice_operator_sidecars',
    help: 'Connected sidecars by version',
    labelNames: ['version'],
    registers,
  });
  const ended = new Counter({
    name: 'sluice_operator_streams_ended_total',
    help: 'Streams that ended, by how',
    labelNames: ['how'],
    registers,
  });
  const refusals = new Counter({
    name: 'sluice_operator_stream_refusals_total',
    help: 'Sidecars that were not let in, by code',
    labelNames: ['code'],
    registers,
  });
  const frames = new Counter({
    name: 'sluice_operator_stream_frames_total',
    help: 'Frames by direction and type',
    labelNames: ['direction', 'type'],
    registers,
  });
  const bytes = new Counter({
    name: 'sluice_operator_stream_bytes_total',
    help: 'Bytes of frames by direction',
    labelNames: ['direction'],
    registers,
  });
  const propagation = new Histogram({
    name: 'sluice_operator_propagation_seconds',
    help: 'From a change seen to the last acknowledgement of the sidecars it concerns',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const dropped = new Counter({
    name: 'sluice_operator_stream_connections_dropped_total',
    help: 'Connections closed unheard because too many were waiting',
    registers,
  });
  return {
    connected: (version) => sidecars.inc({ version: label(version) }),
    disconnected: (version, how) => {
      sidecars.dec({ version: label(version) });
      ended.inc({ how });
    },
    refused: (code) => refusals.inc({ code }),
    sent: (type, count) => {
      frames.inc({ direction: 'sent', type });
      bytes.inc({ direction: 'sent' }, count);
    },
    received: (type, count) => {
      frames.inc({ direction: 'received', type: KNOWN_FROM_SIDECARS.has(type) ? type : 'unknown' });
      bytes.inc({ direction: 'received' }, count);
    },
    propagated: (seconds) => propagation.observe(seconds),
    dropped: () => dropped.inc(),
  };
}

/** A sidecar names its version; a label must not be made of anything else. */
function label(version: string): string {
  return /^[0-9A-Za-z.+-]{1,32}$/.test(version) ? version : 'other';
}
