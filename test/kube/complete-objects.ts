/** One object of each kind in which every field has a value. */
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import { API_VERSION } from '../../crds/meta.ts';

export const COMPLETE_DATABASE: Database = {
  apiVersion: API_VERSION,
  kind: 'Database',
  metadata: { name: 'orders', namespace: 'default' },
  spec: {
    endpoint: { host: 'orders-db.data-platform.svc', port: 5432, database: 'orders' },
    tls: { mode: 'VerifyFull', caSecretRef: { name: 'orders-ca', key: 'ca.crt' } },
    credentialsSecretRef: { name: 'orders-login' },
    environment: 'production',
    sensitivity: {
      detection: 'Automatic',
      columns: [{ table: 'public.customers', column: 'ssn', class: 'pii.national-id' }],
    },
    protection: { neverReveal: ['pii.national-id'], deny: ['Drop'] },
    audit: {
      durability: 'Local',
      rows: 'None',
      values: 'Digest',
      recipients: ['age1ckehhcunz4k632g7jy59m2xwd2m0dfn6we5qlc8x7nnayk7yx3kqt7gy5w'],
    },
    maxStaleness: '10m',
  },
};

export const COMPLETE_POLICY: DatabaseAccessPolicy = {
  apiVersion: API_VERSION,
  kind: 'DatabaseAccessPolicy',
  metadata: { name: 'support-agent', namespace: 'default' },
  spec: {
    databaseRef: { name: 'orders' },
    subjects: [{ serviceAccount: { namespace: 'ai-agents', name: 'support-agent' } }],
    mode: 'Observe',
    masking: 'Record',
    validUntil: '2027-01-31T00:00:00Z',
    grants: [
      {
        tables: ['public.customers'],
        actions: ['Select'],
        columns: ['id'],
        reveal: ['name'],
        masks: [
          { columns: ['a'], mask: { nullify: {} } },
          { columns: ['b'], mask: { redact: {} } },
          { columns: ['c'], mask: { partial: { keepFirst: 1, keepLast: 4 } } },
          { columns: ['d'], mask: { email: {} } },
          { columns: ['e'], mask: { hash: {} } },
          { columns: ['f'], mask: { date: { truncate: 'year' } } },
          { columns: ['g'], mask: { number: { round: 1000 } } },
          { columns: ['h'], mask: { constant: { value: 'x' } } },
        ],
        rowFilter: "region = 'eu'",
      },
    ],
    functions: ['public.ticket_summary'],
    session: { temporaryTables: true, listen: ['a'], notify: ['b'], advisoryLocks: true },
    guardrails: { requireWhere: true, maxAffectedRows: 100 },
    limits: { maxRows: 10_000, statementTimeout: '5s', maxConnections: 20 },
    credentialsSecretRef: { name: 'support-login' },
  },
};
