/** The statement around a query: everything that runs one, stores one, or hands one on. */
import type { StatementForm } from './statement.ts';
import { KEEPING } from './statements-keep.ts';
import { READING } from './statements-read.ts';
import { CHANGING, STASHING } from './statements-session.ts';
import { WRITING } from './statements-write.ts';

/** In this order: the dice name a form by its place. */
export const STATEMENTS: readonly StatementForm[] = [...READING, ...KEEPING, ...CHANGING, ...STASHING, ...WRITING];
