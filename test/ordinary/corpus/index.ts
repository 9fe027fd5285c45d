/** The whole ordinary corpus. */
import type { Statement } from '../statement.ts';
import { QUERIES } from './queries.ts';
import { SESSIONS } from './sessions.ts';
import { VALUES } from './values.ts';
import { WRITES } from './writes.ts';

export const CORPUS: readonly Statement[] = [...QUERIES, ...VALUES, ...WRITES, ...SESSIONS];
