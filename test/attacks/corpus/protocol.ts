/** Class E: login and session tricks that change as whom, or how, the server reads what follows. Each opens its own connection. */
import type { ConnectOptions } from '../../support/wire-client.ts';

/** An attack by startup parameters: what is sent at login, and the statement after it. */
export interface StartupAttack {
  readonly class: string;
  readonly name: string;
  readonly parameters: NonNullable<ConnectOptions['parameters']>;
  readonly steps: readonly string[];
  /** An honest login whose statement must work. */
  readonly twin: { readonly parameters: NonNullable<ConnectOptions['parameters']>; readonly sql: string };
}

const HONEST = {
  parameters: [
    ['application_name', 'agent'],
    ['client_encoding', 'UTF8'],
    ['extra_float_digits', '2'],
  ],
  sql: 'SELECT id, ssn FROM customers ORDER BY id',
} as const;
/** One string to a server with the setting off, a string and a column to a reader that thinks it is on. */
const CONFUSED = "SELECT 'x\\'|| name ||', ssn FROM customers --' FROM customers";

export const STARTUP: readonly StartupAttack[] = [
  {
    class: 'E13',
    name: 'standard_conforming_strings as a startup parameter',
    parameters: [['standard_conforming_strings', 'off']],
    steps: [CONFUSED],
    twin: HONEST,
  },
  {
    class: 'E13',
    name: 'standard_conforming_strings in options',
    parameters: [['options', '-c standard_conforming_strings=off']],
    steps: [CONFUSED],
    twin: HONEST,
  },
  {
    class: 'E13',
    name: 'role in options',
    parameters: [['options', '-c role=shop_app']],
    steps: ['SELECT iban FROM payroll'],
    twin: { ...HONEST, parameters: [['options', '-c statement_timeout=4000']] },
  },
  {
    class: 'E13',
    name: 'search_path as a startup parameter',
    parameters: [['search_path', 'archive']],
    steps: ['SELECT name, ssn FROM customers'],
    twin: { parameters: [['search_path', 'public']], sql: HONEST.sql },
  },
  {
    class: 'E13',
    name: 'client_encoding that eats a quote',
    parameters: [['client_encoding', 'LATIN1']],
    steps: ['SELECT ssn FROM customers', 'SELECT iban FROM payroll'],
    twin: HONEST,
  },
  {
    class: 'E13',
    name: 'datestyle and an ungranted table',
    parameters: [['DateStyle', 'German']],
    steps: ['SELECT month, iban FROM payroll'],
    twin: { parameters: [['DateStyle', 'ISO, DMY']], sql: 'SELECT id, name FROM customers' },
  },
  {
    class: 'E14',
    name: 'another database name',
    parameters: [['application_name', "x'; SELECT iban FROM payroll; --"]],
    steps: ['SELECT iban FROM payroll'],
    twin: HONEST,
  },
];
