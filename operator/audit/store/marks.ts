/**
 * What a store's indexes know of a record: numbers, each the hash of one fact. So an index is as small as numbers are, whatever a sidecar wrote;
 * two facts with the same number only mean that a reader is given a record more, which it looks at again (RecordFilter).
 */
import { hash } from 'node:crypto';
import { type RecordFacts, traceId } from '../../../core/audit/facts.ts';
import type { RecordFilter } from '../../../core/audit/store.ts';

type Kind = 'relation' | 'row' | 'decision' | 'trace' | 'fingerprint' | 'type';

/** Facts of one record that are indexed one by one. A record with more has a mark that every question for a relation or row finds. */
const MOST = 4096;
/** Of all records of a busy database these are nearly all: not worth an index. */
const COMMON_TYPES: ReadonlySet<string> = new Set(['intent', 'outcome']);
const OVERFLOW = mark('row', '\0more than were indexed');

/** 47 bits: six bytes in SQLite, exact as a number. */
export function mark(kind: Kind, value: string): number {
  return Math.floor(hash('sha256', `${kind}\0${value}`, 'buffer').readUIntBE(0, 6) / 2);
}

/** Of the execution that pairs an intent with its outcome, in a chain. */
export function statementMark(statement: string): number {
  return Math.floor(hash('sha256', `statement\0${statement}`, 'buffer').readUIntBE(0, 6) / 2);
}

export function marksOf(facts: RecordFacts): ReadonlySet<number> {
  const marks = new Set<number>();
  if (facts.decision === 'deny') marks.add(mark('decision', 'deny'));
  if (facts.fingerprint !== undefined) marks.add(mark('fingerprint', facts.fingerprint));
  if (facts.trace !== undefined) {
    marks.add(mark('trace', facts.trace));
    const id = traceId(facts.trace);
    if (id !== undefined) marks.add(mark('trace', id));
  }
  if (!COMMON_TYPES.has(facts.type)) marks.add(mark('type', facts.type));
  if (facts.relations.length + facts.rows.length > MOST) marks.add(OVERFLOW);
  for (const relation of facts.relations.slice(0, MOST)) marks.add(mark('relation', relation));
  for (const row of facts.rows.slice(0, MOST)) marks.add(mark('row', row));
  return marks;
}

/**
 * What a filter asks of an index: of each group a record has at least one mark. The first is the one that selects best. Conditions that are not
 * in here are for whoever reads the record.
 */
export function markGroups(filter: RecordFilter): readonly (readonly number[])[] {
  const { row, trace, fingerprint, relation, decision, types } = filter;
  return [
    ...(row === undefined ? [] : [[mark('row', row), OVERFLOW]]),
    ...(trace === undefined ? [] : [[mark('trace', trace)]]),
    ...(types === undefined || types.length > 16 || types.some((each) => COMMON_TYPES.has(each))
      ? []
      : [[...new Set(types)].map((each) => mark('type', each))]),
    ...(decision === 'deny' ? [[mark('decision', 'deny')]] : []),
    ...(fingerprint === undefined ? [] : [[mark('fingerprint', fingerprint)]]),
    ...(relation === undefined ? [] : [[mark('relation', relation), OVERFLOW]]),
  ];
}
