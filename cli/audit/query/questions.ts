/** The questions by name: what each is about, in one line and in examples. */
import { adminRecords, sessions } from '../../../core/audit/questions/administration.ts';
import { denials } from '../../../core/audit/questions/denials.ts';
import { firstAccesses } from '../../../core/audit/questions/first-accesses.ts';
import { unusedGrants } from '../../../core/audit/questions/grants.ts';
import { inClear } from '../../../core/audit/questions/in-clear.ts';
import { listStatements } from '../../../core/audit/questions/list-statements.ts';
import type { Question } from '../../../core/audit/questions/question.ts';
import { type ReaderOrder, readers } from '../../../core/audit/questions/readers.ts';
import type { Selection } from '../../../core/audit/questions/selection.ts';
import { writeEvidence } from '../../../core/audit/questions/write-evidence.ts';
import { who } from '../../../core/audit/questions/who.ts';
import type { DatabaseAccessPolicy } from '../../../crds/database-access-policy.ts';

export interface QuestionOptions {
  readonly by?: ReaderOrder;
  readonly observed?: boolean;
  /** RFC 3339 as records spell it. */
  readonly since?: string;
  readonly all?: boolean;
}

export interface NamedQuestion {
  readonly name: string;
  readonly description: string;
  /** Options beside period and output. */
  readonly about: 'statements' | 'subjects' | 'period';
  /** Without the program's name. */
  readonly examples: readonly string[];
  readonly needsPolicies?: true;
  readonly ask: (selection: Selection, options: QuestionOptions, policies: readonly DatabaseAccessPolicy[]) => Question;
}

export const QUESTIONS: readonly NamedQuestion[] = [
  {
    name: 'who',
    description: 'who touched which table, with which action and columns, how often, and when last',
    about: 'statements',
    examples: ['who --table public.customers --column ssn --last 7d', 'who --as ai-agents/support-agent'],
    ask: (selection) => who(selection),
  },
  {
    name: 'statements',
    description: 'every statement that fits, one row each: of a subject, a table, a row, a trace',
    about: 'statements',
    examples: [
      'statements --trace 4bf92f3577b34da6a3ce929d0e0e4736',
      'statements --table public.customers --row id=42 --digest-key FILE',
      'statements --pod support-agent-5b67b4bd7-572ln -o json',
    ],
    ask: (selection) => listStatements(selection),
  },
  {
    name: 'denied',
    description: 'what was denied and why: by code, rule and subject, with examples',
    about: 'statements',
    examples: ['denied --last 24h', 'denied --as ai-agents --observed'],
    ask: (selection, { observed }) => denials(selection, { ...(observed === undefined ? {} : { observed }) }),
  },
  {
    name: 'clear',
    description: 'which sensitive columns were read as they are stored, by whom, and why they could be',
    about: 'statements',
    examples: ['clear --last 30d -o csv'],
    ask: (selection) => inClear(selection),
  },
  {
    name: 'writes',
    description: 'how completely it is known which rows writes changed: exact, partial or none, and why',
    about: 'statements',
    examples: ['writes --database orders --last 7d'],
    ask: (selection) => writeEvidence(selection),
  },
  {
    name: 'readers',
    description: 'who read most: rows, bytes, and the largest single result',
    about: 'statements',
    examples: ['readers --last 24h --by bytes --limit 10'],
    ask: (selection, { by }) => readers(selection, by),
  },
  {
    name: 'first',
    description: 'accesses that had not been seen before the period: subject, table, columns, action',
    about: 'statements',
    examples: ['first --last 24h', 'first --from 2026-11-01 --since 2026-08-01 --as ai-agents'],
    ask: (selection, { since }) => firstAccesses(selection, { ...(since === undefined ? {} : { since }) }),
  },
  {
    name: 'unused',
    description: 'grants of the policies that nobody has used in the period, whole or in part',
    about: 'subjects',
    examples: ['unused --policy policies/ --last 90d'],
    needsPolicies: true,
    ask: (selection, { all }, policies) => unusedGrants(selection, policies, { ...(all === undefined ? {} : { all }) }),
  },
  {
    name: 'sessions',
    description: 'who connected, from which pod, and what the client said of itself',
    about: 'subjects',
    examples: ['sessions --last 1h'],
    ask: (selection) => sessions(selection),
  },
  {
    name: 'admin',
    description: 'what people and the operator did: policies, Databases, keys, starts',
    about: 'period',
    examples: ['admin --last 30d'],
    ask: (selection) => adminRecords(selection),
  },
];
