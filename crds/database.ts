/** `Database`: where a PostgreSQL database is, how to log in, what in it is sensitive, and the floors no policy can lift. */
import {
  ACTIONS,
  type API_VERSION,
  CLASSES,
  type ObjectMeta,
  columnName,
  conditions,
  duration,
  objectName,
  observedGeneration,
  qualifiedTable,
  secretKey,
} from './meta.ts';
import { type Infer, defaulted, described, integer, list, object, oneOf, optional, required, string } from './schema.ts';

const endpoint = object(
  {
    host: required(
      string({
        pattern: '^[A-Za-z0-9]([-A-Za-z0-9.:_]*[A-Za-z0-9])?\\.?$',
        explained: true,
        expected: 'a host name or an IP address, without port',
        minLength: 1,
        maxLength: 253,
        description:
          'Host name or address as applications know it, for example orders-db.shop.svc. In governed pods this name leads to the sidecar.',
      }),
    ),
    port: defaulted(integer({ minimum: 1, maximum: 65_535, description: 'TCP port of the server.' }), 5432),
    database: required(string({ minLength: 1, maxLength: 63, description: 'Name of the database on the server.' })),
  },
  { description: 'The server, as applications reach it today.' },
);

const tls = object(
  {
    mode: defaulted(
      oneOf(
        ['VerifyFull', 'VerifyCA', 'Require', 'Disable'],
        'VerifyFull: the certificate must be for this host. VerifyCA: it must be signed by the CA. Require and Disable let whatever answers at the address be the database.',
      ),
      'VerifyFull',
    ),
    caSecretRef: optional(
      object(
        {
          name: required(described(objectName, 'A Secret of this namespace.')),
          key: defaulted(described(secretKey, 'The key whose value is PEM.'), 'ca.crt'),
        },
        { description: 'PEM certificates that sign the server certificate. Without it the public roots are used.' },
      ),
    ),
  },
  { description: 'TLS towards the server.' },
);

const sensitiveColumn = object({
  table: required(described(qualifiedTable, 'As SQL writes it, with its schema: public.customers')),
  column: required(described(columnName, 'Its plain name.')),
  class: required(
    oneOf([...CLASSES, 'none'], 'Decides the default mask. none: not sensitive, whatever detection or lineage says.', 'a class'),
  ),
});

const sensitivity = object(
  {
    detection: defaulted(
      oneOf(['Automatic', 'Off'], 'Automatic classifies by name, type, comment and sampled values.'),
      'Automatic',
    ),
    columns: defaulted(list(sensitiveColumn, { maxItems: 4096, description: 'What a person knows better than detection.' }), []),
  },
  { description: 'Which columns are sensitive. Sensitive columns are masked unless a policy reveals them.' },
);

const protection = object(
  {
    neverReveal: defaulted(
      list(oneOf(CLASSES, undefined, 'a class'), { maxItems: 32, listType: 'set', description: 'Classes no policy can reveal.' }),
      [],
    ),
    deny: defaulted(
      list(oneOf(ACTIONS, undefined, 'an action'), {
        maxItems: 16,
        listType: 'set',
        description: 'Actions no policy can grant.',
      }),
      [],
    ),
  },
  { description: 'Floors: no policy of any subject can lift them.' },
);

const audit = object(
  {
    durability: defaulted(
      oneOf(
        ['Local', 'Synced', 'Replicated'],
        'What a record survives before its statement is forwarded: the crash of the proxy, of the machine, or the loss of pod and node.',
      ),
      'Local',
    ),
    rows: defaulted(oneOf(['None', 'Writes', 'Keys', 'Proof'], 'Row-level evidence.'), 'None'),
    // Optional rather than defaulted: an older sidecar refuses what it does not know, so only those who use it ask for a newer one.
    values: optional(
      oneOf(
        ['None', 'Digest'],
        'Digest: each literal and bound value is recorded as a keyed digest, so that the log can be asked for a value while it holds none. None if left out.',
      ),
    ),
    recipients: optional(
      list(
        string({
          pattern: '^age1[02-9ac-hj-np-z]{58}$',
          explained: true,
          expected: 'an X25519 recipient as age-keygen prints it (age1…)',
          minLength: 62,
          maxLength: 62,
        }),
        {
          maxItems: 8,
          listType: 'set',
          description:
            'Who may open the images of rows that rows records: public keys (age1…) whose private keys neither the operator nor a sidecar has. Without any there are no images.',
        },
      ),
    ),
  },
  { description: 'What is recorded of every statement, and how safely.' },
);

export const databaseSpec = object(
  {
    endpoint: required(endpoint),
    tls: defaulted(tls, { mode: 'VerifyFull' }),
    credentialsSecretRef: optional(
      object(
        { name: required(described(objectName, 'A Secret of this namespace.')) },
        {
          description:
            'The login that Sluice uses: a Secret of this namespace with the keys username and password. Governed pods never see it.',
        },
      ),
    ),
    environment: optional(
      string({
        pattern: '^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$',
        explained: true,
        expected: 'a word such as production',
        minLength: 1,
        maxLength: 63,
        description: 'A word such as production; stands in every audit record.',
      }),
    ),
    sensitivity: defaulted(sensitivity, { detection: 'Automatic', columns: [] }),
    protection: defaulted(protection, { neverReveal: [], deny: [] }),
    audit: defaulted(audit, { durability: 'Local', rows: 'None' }),
    maxStaleness: defaulted(
      described(duration, 'How long a sidecar may serve without hearing from the operator before it refuses.'),
      '10m',
    ),
  },
  {
    rules: [
      {
        cel: "!(has(self.tls.caSecretRef) && self.tls.mode in ['Require', 'Disable'])",
        message: 'tls.caSecretRef has no effect with mode Require or Disable; use VerifyFull or VerifyCA, or remove it',
        check: (spec: Infer<typeof specShape>) =>
          spec.tls.caSecretRef === undefined || spec.tls.mode === 'VerifyFull' || spec.tls.mode === 'VerifyCA',
      },
    ],
    description: 'Where the database is, how to log in, what in it is sensitive, and the floors no policy can lift.',
  },
);

const specShape = object({ tls: required(tls) });

const count = (description: string) => integer({ minimum: 0, maximum: 1_000_000, description });

const databaseStatus = object(
  {
    observedGeneration: optional(observedGeneration),
    conditions: optional(conditions),
    policies: optional(count('Accepted policies.')),
    boundPods: optional(count('Pods that use it under some policy. While there are any, deleting it needs an annotation.')),
    tables: optional(count('Tables and views that policies can be about.')),
    sensitiveColumns: optional(count('Columns that have a class: declared, detected or by lineage.')),
    classes: optional(
      list(
        object({
          class: required(string({ maxLength: 63, description: 'For example pii.email.' })),
          columns: required(count('Columns of this class.')),
        }),
        {
          maxItems: 64,
          listType: 'map',
          listMapKeys: ['class'],
          description: 'sensitiveColumns, by class.',
        },
      ),
    ),
    serverVersion: optional(string({ maxLength: 64, description: 'As the server reports it.' })),
  },
  { description: 'What the operator says about it; conditions first.' },
);

export type DatabaseSpec = Infer<typeof databaseSpec>;
export type DatabaseStatus = Infer<typeof databaseStatus>;

export interface Database {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'Database';
  readonly metadata: ObjectMeta;
  readonly spec: DatabaseSpec;
  readonly status?: DatabaseStatus;
}

export const databaseKind = {
  kind: 'Database',
  plural: 'databases',
  singular: 'database',
  shortNames: ['sdb'],
  description:
    'A PostgreSQL database that Sluice governs. Policies of the same namespace (DatabaseAccessPolicy) say who may do what with it; pods reach it with the annotation sluice.dev/inject. Honoured in the namespaces that the installation lists (policyNamespaces).',
  spec: databaseSpec,
  status: databaseStatus,
  columns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Host', type: 'string', jsonPath: '.spec.endpoint.host' },
    { name: 'Database', type: 'string', jsonPath: '.spec.endpoint.database' },
    { name: 'Policies', type: 'integer', jsonPath: '.status.policies' },
    { name: 'Pods', type: 'integer', jsonPath: '.status.boundPods' },
    { name: 'Environment', type: 'string', jsonPath: '.spec.environment', priority: 1 },
    { name: 'Sensitive', type: 'integer', jsonPath: '.status.sensitiveColumns', priority: 1 },
    { name: 'Server', type: 'string', jsonPath: '.status.serverVersion', priority: 1 },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
} as const;
