/** The whole corpus. */
import type { Attack } from '../attack.ts';
import { CATALOGS } from './catalogs.ts';
import { CHANNELS } from './channels.ts';
import { FUNCTIONS } from './functions.ts';
import { INFERENCE } from './inference.ts';
import { NAMES } from './names.ts';
import { RIVALS } from './rivals.ts';
import { SESSIONS } from './sessions.ts';
import { STATEMENTS } from './statements.ts';
import { WIRE } from './wire.ts';
import { WRITES } from './writes.ts';

export const CORPUS: readonly Attack[] = [
  ...NAMES,
  ...FUNCTIONS,
  ...CATALOGS,
  ...STATEMENTS,
  ...SESSIONS,
  ...INFERENCE,
  ...CHANNELS,
  ...RIVALS,
  ...WRITES,
  ...WIRE,
];
