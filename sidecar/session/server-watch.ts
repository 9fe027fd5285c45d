/**
 * The second line, independent of the analysis: a protected column that reaches the wire as itself, or a pinned setting that
 * changed, ends the session. Notifications of other sessions are recorded.
 */
import { denial } from '../../core/errors/denial.ts';
import { decodeNotification, decodeParameterStatus, firstColumnName } from '../../core/wire/server-messages.ts';
import { ProtocolError } from '../../core/wire/protocol-error.ts';
import {
  EVIDENCE_COLUMN,
  findProtectedColumn,
  parameterViolation,
  protectedColumnSet,
  showsEvidence,
  tripwireDenial,
} from '../../core/wire/second-line.ts';
import type { SessionCore } from './core.ts';

export class ServerWatch {
  readonly #core: SessionCore;
  /** What the server reported at login. */
  readonly #baseline: ReadonlyMap<string, string>;
  #listed: readonly string[] = [];
  #protected: ReadonlySet<number> = new Set();

  constructor(core: SessionCore, baseline: ReadonlyMap<string, string>) {
    this.#core = core;
    this.#baseline = baseline;
  }

  /** Throws ProtocolError (SLUICE-704). */
  rowDescription(body: Buffer): void {
    // Without a policy the last one's list holds.
    const listed = this.#core.engine?.bundle.protectedColumns ?? this.#listed;
    if (listed !== this.#listed) {
      this.#listed = listed;
      this.#protected = protectedColumnSet(listed);
    }
    if (this.#protected.size === 0) return;
    const origin = findProtectedColumn(body, this.#protected);
    if (origin === undefined) return;
    this.#core.audit.event('tripwire', { table: origin.tableOid, attnum: origin.attnum, column: origin.index });
    throw new ProtocolError(tripwireDenial(), true);
  }

  /**
   * Our own column is cut off where a plan says that it rides along, and must be there then; anywhere else whoever decided that was mistaken,
   * and rows in clear would follow. `cut`: columns that the client is not shown. Throws ProtocolError (SLUICE-704).
   */
  shown(rowDescription: Buffer, cut: 0 | 1): void {
    const isOurs = cut === 0 || firstColumnName(rowDescription) === EVIDENCE_COLUMN;
    if (isOurs && !showsEvidence(rowDescription, cut)) return;
    this.#core.audit.event('tripwire', { column: EVIDENCE_COLUMN, expected: cut });
    throw new ProtocolError(tripwireDenial(), true);
  }

  /** Throws ProtocolError (SLUICE-705). */
  parameter(body: Buffer): void {
    const { name, value } = decodeParameterStatus(body);
    const violation = parameterViolation(this.#baseline, name, value);
    if (violation === undefined) return;
    this.#core.audit.event('pinned-setting', { name });
    throw new ProtocolError(violation, true);
  }

  /** The payload may be anything: its size is recorded, not its text. */
  notification(body: Buffer): void {
    const { channel, payload } = decodeNotification(body);
    // Events wait in memory until they can be written, and a channel may be busy.
    if (!this.#core.audit.healthy)
      throw new ProtocolError(
        denial('SLUICE-701', 'the audit record cannot be written, so notifications are not passed on'),
        true,
      );
    this.#core.audit.event('notification', { channel, bytes: payload.length });
  }
}
