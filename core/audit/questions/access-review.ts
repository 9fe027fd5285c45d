/**
 * An access review of a period: what was done, what was denied, what left in clear, what of the grants was used, who changed policies. One pass over
 * the records; the same records give the same review. What it says is what records say; whether they hold, the chains' section says.
 */
import type { DatabaseAccessPolicy } from '../../../crds/database-access-policy.ts';
import { adminRecords } from './administration.ts';
import { denials } from './denials.ts';
import { firstAccesses } from './first-accesses.ts';
import { unusedGrants } from './grants.ts';
import { inClear } from './in-clear.ts';
import type { Answer, Column, Question } from './question.ts';
import { readers } from './readers.ts';
import type { RecordFilter } from '../store.ts';
import { type Selection, withLate } from './selection.ts';
import type { Listener, OtherRecord, Statement } from './statements.ts';
import { who } from './who.ts';
import { writeEvidence } from './write-evidence.ts';

export interface Section {
  /** A key of the JSON, and an anchor. */
  readonly id: string;
  readonly title: string;
  /** What it says and what it does not. */
  readonly note: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Answer[];
}

export interface AccessReview {
  /** Numbers for the head of the page, in their order. */
  readonly summary: readonly (readonly [name: string, value: number])[];
  readonly sections: readonly Section[];
}

export interface AccessReviewOptions {
  /** Absent: nothing is said about grants. */
  readonly policies?: readonly DatabaseAccessPolicy[];
  /** RFC 3339: accesses that were not seen between it and the period count as first. Absent: nothing is said about them. */
  readonly since?: string;
}

interface Part {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly question: Question;
}

export class AccessReviewer implements Listener {
  readonly #selection: Selection;
  readonly #since: string | undefined;
  readonly #parts: readonly Part[];
  readonly #rows = new Map<string, Answer[]>();
  readonly #counts = { statements: 0, denied: 0, observed: 0, failed: 0, unknown: 0, rows: 0, sessions: 0 };

  constructor(selection: Selection, options: AccessReviewOptions = {}) {
    this.#selection = selection;
    this.#since = options.since;
    this.#parts = partsOf(selection, options);
  }

  /** What has to be read for it. */
  get filter(): RecordFilter {
    const { from, to } = this.#selection;
    const begins = this.#since ?? from;
    return { ...(begins === undefined ? {} : { from: begins }), ...(to === undefined ? {} : { to: withLate(to) }) };
  }

  statement(statement: Statement): void {
    for (const part of this.#parts) this.#add(part, part.question.statement(statement));
    this.#count(statement);
  }

  other(other: OtherRecord): void {
    const { record } = other;
    for (const part of this.#parts) this.#add(part, part.question.other?.(other) ?? []);
    if (record.type === 'session-start' && this.#isIn(record.time)) this.#counts.sessions += 1;
  }

  end(): AccessReview {
    return {
      summary: Object.entries(this.#counts),
      sections: this.#parts.map((part) => {
        this.#add(part, part.question.end());
        const { id, title, note, question } = part;
        return { id, title, note, columns: question.columns, rows: this.#rows.get(id) ?? [] };
      }),
    };
  }

  #add({ id }: Part, answers: readonly Answer[]): void {
    if (answers.length === 0) return;
    const rows = this.#rows.get(id);
    if (rows === undefined) this.#rows.set(id, [...answers]);
    else for (const answer of answers) rows.push(answer);
  }

  #count({ intent, outcome }: Statement): void {
    if (!this.#isIn(intent.time)) return;
    const counts = this.#counts;
    counts.statements += 1;
    if (intent.decision === 'deny') counts.denied += 1;
    else if ((intent.observed?.length ?? 0) > 0) counts.observed += 1;
    if (outcome?.result === 'error') counts.failed += 1;
    if (outcome === undefined || outcome.result === 'unknown') counts.unknown += 1;
    counts.rows += outcome?.rows ?? 0;
  }

  #isIn(time: string): boolean {
    const { from, to } = this.#selection;
    return (from === undefined || time >= from) && (to === undefined || time < to);
  }
}

function partsOf(selection: Selection, { policies, since }: AccessReviewOptions): readonly Part[] {
  return [
    {
      id: 'access',
      title: 'Who touched what',
      note: 'Subjects × tables × actions, with the columns that were named. System catalogs are left out. Rows are those of statements that touched the table.',
      question: who(selection),
    },
    ...(policies === undefined
      ? []
      : [
          {
            id: 'grants',
            title: 'Granted against used',
            note: 'Every grant of the policies that were given, and what of it was used. A use counts for every grant that covers it. What a wildcard covers and nobody touched has no line of its own.',
            question: unusedGrants(selection, policies, { all: true }),
          },
        ]),
    {
      id: 'denied',
      title: 'What was denied',
      note: 'By code, rule and subject, with up to three examples as normalised text. "observed": let through by Observe, and what Enforce would have said.',
      question: denials(selection, { observed: true }),
    },
    {
      id: 'clear',
      title: 'What was read in clear',
      note: 'Sensitive columns that were read as they are stored: returned, compared or passed on. "revealed" by a policy; "observed": Observe masked nothing.',
      question: inClear(selection),
    },
    {
      id: 'readers',
      title: 'Who read most',
      note: 'Rows and bytes that were returned, and the largest single result.',
      question: readers(selection),
    },
    {
      id: 'writes',
      title: 'Evidence of writes',
      note: 'Writes that succeeded, by how completely it is known which rows they changed and how.',
      question: writeEvidence(selection),
    },
    ...(since === undefined
      ? []
      : [
          {
            id: 'first',
            title: 'Accesses not seen before',
            note: `Since ${since}.`,
            question: firstAccesses(selection, { since }),
          },
        ]),
    {
      id: 'admin',
      title: 'Changes and administration',
      note: 'What people and the operator did to the installation: policies, Databases, keys, starts. The author is whom the API server had authenticated.',
      question: adminRecords(selection),
    },
  ];
}
