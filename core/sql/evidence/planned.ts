/** What a plan says about the evidence of its rows (Database.spec.audit.rows): what rides along, and how complete it can be at best. */
import type { CaptureReason } from '../../audit/evidence.ts';

export interface PlannedEvidence {
  /** Why the capture cannot be exact, as far as that is known beforehand. */
  readonly reasons: readonly CaptureReason[];
  /** Absent where there is no one relation to speak of. */
  readonly target?: EvidenceTarget;
  /** Absent: nothing rides along, rows are only counted. */
  readonly column?: EvidenceColumn;
}

export interface EvidenceTarget {
  /** As records spell it. */
  readonly relation: string;
  /** Undefined: several (MERGE, ON CONFLICT DO UPDATE). */
  readonly action?: 'Insert' | 'Update' | 'Delete';
  /** Names of the primary key's columns, as far as the login may read them all; else empty. */
  readonly key: readonly string[];
}

/**
 * The result's first column, which is ours: `ROW(…)::text` of one flat row. `tag` says what comes before the images:
 *
 *   none      nothing
 *   matched   't' if the image before is that of the version that was overwritten
 *   upsert    't' if the row was inserted; then as `matched`
 *   merge     merge_action()
 */
export interface EvidenceColumn {
  readonly tag: 'none' | 'matched' | 'upsert' | 'merge';
  /** Before that stands one more field: extra_float_digits and DateStyle, since the text of some columns depends on them. */
  readonly settings?: true;
  /** Before all that stands the number of triggers that matter now (WriteFacts.triggerCount): so many there were when the schema was read. */
  readonly triggers: number;
  /** Of each image, in its order: the key's columns first. */
  readonly columns: readonly string[];
  /** Which images follow, each with all columns. `row`: before of a DELETE, after of everything else. */
  readonly images: 'row' | 'before-and-row';
}
