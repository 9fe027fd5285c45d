/**
 * Every code Sluice can answer with. docs/reference/errors.md documents them one for one (a test compares the two).
 * A code is never reused for another meaning. `sqlstate` is the default; a denial may carry a more exact one.
 *
 * 1xx the statement is not understood · 2xx not granted · 3xx guardrails · 4xx limits · 5xx protocol · 6xx masking ·
 * 7xx Sluice cannot do its work right now · 8xx connecting · 9xx configuration (command line only)
 */
export interface CodeEntry {
  /** SQLSTATE, five characters. */
  readonly sqlstate: string;
  /** A few words, lower case, for logs, metrics and the reference. */
  readonly title: string;
}

export const CODES = {
  'SLUICE-101': { sqlstate: '42601', title: 'syntax error' },
  'SLUICE-102': { sqlstate: '0A000', title: 'statement form not understood' },
  'SLUICE-103': { sqlstate: '0A000', title: 'syntax the server version does not have' },
  'SLUICE-104': { sqlstate: '54001', title: 'statement too large or too complex' },
  'SLUICE-105': { sqlstate: '0A000', title: 'rewrite could not be verified' },
  'SLUICE-106': { sqlstate: '22021', title: 'statement is not valid UTF-8' },

  'SLUICE-201': { sqlstate: '42501', title: 'relation not granted' },
  'SLUICE-202': { sqlstate: '42501', title: 'column not granted' },
  'SLUICE-203': { sqlstate: '42501', title: 'action not granted' },
  'SLUICE-204': { sqlstate: '42501', title: 'function not granted' },
  'SLUICE-205': { sqlstate: '42501', title: 'setting not changeable' },
  'SLUICE-206': { sqlstate: '42501', title: 'statement kind not granted' },
  'SLUICE-207': { sqlstate: '42501', title: 'type or cast not granted' },
  'SLUICE-208': { sqlstate: '42501', title: 'operator not granted' },
  'SLUICE-209': { sqlstate: '42501', title: 'session feature not granted' },

  'SLUICE-301': { sqlstate: '42501', title: 'WHERE required' },
  'SLUICE-302': { sqlstate: '53400', title: 'too many affected rows' },
  'SLUICE-303': { sqlstate: '42501', title: 'forbidden by the database protection' },
  'SLUICE-304': { sqlstate: '42501', title: 'row outside the row filter' },

  'SLUICE-401': { sqlstate: '53400', title: 'too many rows' },
  'SLUICE-402': { sqlstate: '57014', title: 'statement timeout' },
  'SLUICE-403': { sqlstate: '53300', title: 'too many connections' },
  'SLUICE-404': { sqlstate: '53400', title: 'too many prepared statements' },

  'SLUICE-501': { sqlstate: '08P01', title: 'malformed protocol message' },
  'SLUICE-502': { sqlstate: '08P01', title: 'protocol message not allowed in this state' },
  'SLUICE-503': { sqlstate: '08P01', title: 'message type refused' },

  'SLUICE-601': { sqlstate: '42501', title: 'masked value written elsewhere' },
  'SLUICE-602': { sqlstate: '0A000', title: 'statement form cannot be masked' },
  'SLUICE-603': { sqlstate: '0A000', title: 'statement form cannot be row-filtered' },

  'SLUICE-701': { sqlstate: '58030', title: 'audit record cannot be written' },
  'SLUICE-702': { sqlstate: '57P03', title: 'parser unavailable' },
  'SLUICE-703': { sqlstate: '57P03', title: 'policy is withdrawn' },
  'SLUICE-704': { sqlstate: 'XX000', title: 'protected column reached the wire' },
  'SLUICE-705': { sqlstate: 'XX000', title: 'server changed a pinned setting' },
  'SLUICE-706': { sqlstate: 'XX000', title: 'server violated the protocol' },
  'SLUICE-707': { sqlstate: 'XX000', title: 'internal error' },
  'SLUICE-708': { sqlstate: '57P03', title: 'operator not heard from yet' },
  'SLUICE-709': { sqlstate: '57P03', title: 'policy is stale' },
  'SLUICE-710': { sqlstate: '57P03', title: 'schema not read yet' },

  'SLUICE-801': { sqlstate: '3D000', title: 'unknown database' },
  'SLUICE-802': { sqlstate: '08001', title: 'upstream unreachable' },
  'SLUICE-803': { sqlstate: '08006', title: 'upstream connection lost' },
  'SLUICE-804': { sqlstate: '28000', title: 'upstream refused the login' },
  'SLUICE-805': { sqlstate: '08001', title: 'upstream identity not verified' },
  'SLUICE-806': { sqlstate: '57P01', title: 'shutting down' },
  'SLUICE-807': { sqlstate: '08004', title: 'upstream not usable' },
} as const satisfies Record<string, CodeEntry>;

export type Code = keyof typeof CODES;
