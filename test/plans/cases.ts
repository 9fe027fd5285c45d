/** Every statement whose plan is looked at. */
import { DOCUMENTS } from './cases/documents.ts';
import { GROUPS } from './cases/groups.ts';
import { JOINS } from './cases/joins.ts';
import { KEYS } from './cases/keys.ts';
import { RANGES } from './cases/ranges.ts';
import { WRITES } from './cases/writes.ts';
import type { PlanCase } from './plan-case.ts';

export const CASES: readonly PlanCase[] = [...KEYS, ...JOINS, ...RANGES, ...DOCUMENTS, ...GROUPS, ...WRITES];
