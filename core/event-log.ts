/**
 * How the rooms say what happened. An event has a name that stays (`database-not-read`), to search for and to alert on; what differs from
 * case to case is detail. Details hold no secrets, no statements and no values.
 */
export type EventLog = (
  level: 'debug' | 'info' | 'warn' | 'error',
  event: string,
  detail?: Readonly<Record<string, unknown>>,
) => void;
