/** What people and the operator did to the installation, and who connected: records that are no statements, in their order. */
import type { Answer, Column, Question } from './question.ts';
import { subjectOf } from './question.ts';
import { inPeriod, type Selection, storeFilter } from './selection.ts';
import type { OtherRecord } from './statements.ts';

const ADMIN_COLUMNS: readonly Column[] = [
  { key: 'time', title: 'TIME' },
  { key: 'action', title: 'ACTION' },
  { key: 'object', title: 'OBJECT' },
  { key: 'author', title: 'AUTHOR' },
  { key: 'groups', title: 'GROUPS', wide: true },
  { key: 'detail', title: 'DETAIL' },
  { key: 'chain', title: 'CHAIN', wide: true },
  { key: 'seq', title: 'SEQ', wide: true },
];

/** Of `selection` the period alone counts. */
export function adminRecords({ from, to }: Selection): Question {
  const period = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  return {
    columns: ADMIN_COLUMNS,
    filter: { ...period, types: ['admin', 'chain-start'] },
    statement: () => [],
    other: ({ chain, record }) => {
      if (record.type !== 'admin' || !inPeriod(period, record.time)) return [];
      const { time, action, object, author, detail, seq } = record;
      return [{ time, action, object, author: author?.username, groups: author?.groups, detail: listed(detail), chain, seq }];
    },
    end: () => [],
  };
}

const SESSION_COLUMNS: readonly Column[] = [
  { key: 'time', title: 'TIME' },
  { key: 'event', title: 'EVENT' },
  { key: 'subject', title: 'SUBJECT' },
  { key: 'database', title: 'DATABASE' },
  { key: 'pod', title: 'POD' },
  { key: 'image', title: 'IMAGE', wide: true },
  { key: 'node', title: 'NODE', wide: true },
  { key: 'claims', title: 'CLAIMS' },
  { key: 'reason', title: 'REASON', wide: true },
  { key: 'session', title: 'SESSION' },
  { key: 'chain', title: 'CHAIN', wide: true },
  { key: 'seq', title: 'SEQ', wide: true },
];

/** Of `selection` the conditions on statements do not count. `claims` are what the client said of itself: nobody has checked them. */
export function sessions(selection: Selection): Question {
  const { decision: _, relation: __, row: ___, trace: ____, fingerprint: _____, ...filter } = storeFilter(selection);
  return {
    columns: SESSION_COLUMNS,
    filter: { ...filter, types: ['session-start', 'session-end', 'chain-start'] },
    statement: () => [],
    other: (other) => (isWanted(selection, other) ? described(other) : []),
    end: () => [],
  };
}

function isWanted(selection: Selection, { owner, record }: OtherRecord): boolean {
  const { identity, database } = owner;
  return (
    (record.type === 'session-start' || record.type === 'session-end') &&
    inPeriod(selection, record.time) &&
    (selection.session === undefined || record.session.startsWith(selection.session)) &&
    (selection.namespace === undefined || identity.namespace === selection.namespace) &&
    (selection.serviceAccount === undefined || identity.serviceAccount === selection.serviceAccount) &&
    (selection.pod === undefined || identity.pod === selection.pod || identity.podUid === selection.pod) &&
    (selection.image === undefined || identity.image?.includes(selection.image) === true) &&
    (selection.database === undefined || database === selection.database || database?.endsWith(`/${selection.database}`) === true)
  );
}

function described(other: OtherRecord): readonly Answer[] {
  const { chain, owner, record } = other;
  if (record.type !== 'session-start' && record.type !== 'session-end') return [];
  return [
    {
      time: record.time,
      event: record.type === 'session-start' ? 'begins' : 'ends',
      subject: subjectOf(other),
      database: owner.database,
      pod: owner.identity.pod,
      image: owner.identity.image,
      node: owner.identity.node,
      claims: record.type === 'session-start' ? listed({ ...record.claims }) : undefined,
      reason: record.type === 'session-end' ? record.reason : undefined,
      session: record.session,
      chain,
      seq: record.seq,
    },
  ];
}

function listed(detail: Readonly<Record<string, string | number | boolean>>): readonly string[] {
  return Object.entries(detail).map(([key, value]) => `${key}=${String(value)}`);
}
