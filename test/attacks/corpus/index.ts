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

const ALL: readonly Attack[] = [
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

const changes = ({ kind, dirty }: Attack): boolean => kind === 'write' || dirty === true;

/** Those that change something come last: the database is made anew behind them, and what the server had counted of it is gone. */
export const CORPUS: readonly Attack[] = [...ALL.filter((attack) => !changes(attack)), ...ALL.filter(changes)];
