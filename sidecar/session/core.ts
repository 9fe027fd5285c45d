/**
 * What both directions of a session share: where the server stands, what it still owes, which names exist. Only the session's
 * own parts write here, and only from the event loop's one thread.
 */
import { governance } from '../../core/policy/bundle.ts';
import type { Denial } from '../../core/errors/denial.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { SessionState } from '../../core/sql/session-state.ts';
import type { ResultShape } from '../evidence/returned-rows.ts';
import type { ColumnDescription, TransactionStatus } from '../../core/wire/server-messages.ts';
import type { AuditTrail } from './audit-trail.ts';
import { SILENT, type Telemetry } from '../telemetry/telemetry.ts';
import type { EngineHost } from './engine-host.ts';
import { type Execution, type Expected, Pipeline } from './pipeline.ts';
import { resultShape } from './result-shape.ts';
import { Statements } from './statements.ts';

export interface CoreOptions {
  readonly id: string;
  readonly host: EngineHost;
  readonly state: SessionState;
  readonly audit: AuditTrail;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Hex; part of the names of our own prepared statements, which no client can guess. */
  readonly secret: string;
  readonly telemetry?: Telemetry;
  /** Asks the server to stop what it is doing; resolves when it has taken the request. */
  readonly cancel: () => Promise<void>;
}

/** How a session ends: what the client is told last (nothing when it has left or was told already). */
export interface Ending {
  readonly reason: string;
  readonly denial?: Denial;
}

export class SessionCore {
  readonly id: string;
  readonly host: EngineHost;
  readonly state: SessionState;
  readonly audit: AuditTrail;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly secret: string;
  readonly cancel: () => Promise<void>;
  readonly pipeline = new Pipeline();
  readonly statements: Statements;

  /** Of the last ReadyForQuery. */
  status: TransactionStatus = 'I';
  /** Counts Syncs sent: messages between two of them share their fate. */
  group = 0;
  /** Extended messages were sent since the last Sync or Query. */
  groupOpen = false;
  /** Something that is not read-only was executed since the last Sync. */
  groupWrites = false;
  /** After an error the client's messages are dropped up to its Sync, as the server does. */
  skipping = false;
  /** The client has been told of an error that the server does not know of: the transaction must not go on until it does. */
  aborting = false;
  /** COPY FROM STDIN: asked for, the server's answer is awaited; active: the client may send data. */
  copyIn: 'none' | 'expected' | 'active' = 'none';
  /** What the awaited COPY was sent with. */
  copyOf: Expected | null = null;
  /** The check that follows COPY FROM STDIN in the extended protocol is due when the client is done. */
  copyCheck: (() => void) | null = null;
  /** A statement changed the session within a transaction that has not ended. */
  dirty = false;
  /** OIDs of relations that this transaction may have renamed or dropped. */
  readonly altered = new Set<number>();
  /** The schema may have changed. */
  catalogStale = false;
  /** Counts changes of the schema by this session that the catalog does not know yet; 0: none. */
  unseenChanges = 0;
  /** A statement of this transaction touched a governed relation. */
  governed = false;
  /** The last description of a simple query's rows that are recorded. */
  described: { readonly execution: Execution; readonly columns: readonly ColumnDescription[] } | null = null;
  ended = false;

  /** Set by the session. */
  end: (ending: Ending) => void = () => {};
  /** A defect of ours: ends this session and no other. */
  fault: (error: unknown) => void = () => {};
  /** Bytes for the client at this place of its stream. */
  toClient: (bytes: Buffer) => void = () => {};

  constructor(options: CoreOptions) {
    this.id = options.id;
    this.host = options.host;
    this.state = options.state;
    this.audit = options.audit;
    this.telemetry = options.telemetry ?? SILENT;
    this.now = options.now;
    this.secret = options.secret;
    this.cancel = options.cancel;
    this.statements = new Statements(options.state);
  }

  get engine(): SqlEngine | undefined {
    return this.host.engine;
  }

  /** Whether the rows of results are recorded. */
  get recordsRows(): boolean {
    const rows = this.host.engine?.bundle.audit.rows;
    return rows === 'Keys' || rows === 'Proof';
  }

  /** Of a simple query's rows. */
  shapeOf(execution: Execution): ResultShape | undefined {
    if (this.described?.execution !== execution) return undefined;
    return resultShape(this.described.columns, undefined, this.host.engine?.catalog);
  }

  /** Under which policy effects are recorded. */
  get policyVersion(): string {
    const bundle = this.host.engine?.bundle;
    return bundle === undefined ? '' : governance(bundle);
  }

  /** Outside of a transaction: the schema is read, and what this session has changed is known. */
  async seeChanges(): Promise<void> {
    const changes = this.unseenChanges;
    try {
      await this.host.refreshCatalog('schema changed by this session');
      if (this.unseenChanges === changes) this.unseenChanges = 0;
    } catch {
      // It stays unknown.
    }
  }

  async refreshCatalog(cause: string): Promise<void> {
    try {
      await this.host.refreshCatalog(cause);
    } catch {
      // The old catalog stays in force: what it does not know is refused.
    }
    this.catalogStale = false;
  }
}
