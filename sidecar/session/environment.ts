/** What a session is given besides its client: what all sessions share. Clock, randomness and I/O come from here. */
import type { BackendKey } from '../../core/wire/server-messages.ts';
import type { Journal } from '../journal/journal.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { EvidenceKeys } from '../evidence/keys.ts';
import type { UpstreamConnection } from '../upstream/connect.ts';
import type { EngineHost } from './engine-host.ts';
import type { SessionRegistry } from './registry.ts';

export interface SessionEnvironment {
  readonly host: EngineHost;
  readonly journal: Journal;
  readonly registry: SessionRegistry;
  /** Dials, verifies and logs in. `settings`: what the client may have, and ours, for the StartupMessage. */
  readonly connect: (settings: ConnectSettings, signal: AbortSignal) => Promise<UpstreamConnection>;
  /** Asks the server to cancel; resolves when it has taken the request. */
  readonly sendCancel: (key: BackendKey) => Promise<void>;
  readonly clock: {
    /** Milliseconds since the epoch. */
    now(): number;
    /** Microseconds, never backwards. */
    monotonic(): number;
  };
  readonly randomBytes: (count: number) => Buffer;
  /** Milliseconds. */
  readonly timeouts?: {
    /** A peer that takes no bytes for so long is given up. Default 60,000. */
    readonly writeStall?: number;
    /** A client that is idle outside a transaction for so long is disconnected. Default: never. */
    readonly idle?: number;
    /** How long a session may go on whose policy was withdrawn, to finish its transaction. Default 10,000. */
    readonly withdrawn?: number;
    /** How much longer than its statements may take the server may be silent. Default 15,000. */
    readonly replyGrace?: number;
    /** How long the last bytes may take on their way out. Default 2,000. */
    readonly linger?: number;
  };
  /** Sessions beyond these are refused whatever the policy says. Default 1,000. */
  readonly maxSessions?: number;
  /**
   * Where `audit.rows` or `audit.values` asks for evidence: its keys. Asked for each statement, because they are replaced. Absent or undefined: counts
   * only.
   */
  readonly evidence?: () => EvidenceKeys | undefined;
  /** Absent: nothing is counted. */
  readonly telemetry?: Telemetry;
  /** What happened, for logs: never statement text. */
  readonly log?: (event: string, detail: Readonly<Record<string, string | number | boolean>>) => void;
}

export interface ConnectSettings {
  readonly passed: readonly (readonly [name: string, value: string])[];
  readonly ours: readonly (readonly [name: string, value: string])[];
}
