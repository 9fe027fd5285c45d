/** `DatabaseAccessPolicy`: which service accounts may do what with a Database, and how its sensitive columns look to them. */
import {
  ACTIONS,
  type API_VERSION,
  type ObjectMeta,
  columnName,
  conditions,
  duration,
  functionPattern,
  namespaceName,
  objectName,
  observedGeneration,
  tablePattern,
  time,
} from './meta.ts';
import { type Infer, boolean, defaulted, described, integer, list, object, oneOf, optional, required, string } from './schema.ts';

const serviceAccountRef = object(
  {
    namespace: required(described(namespaceName, 'Where the pods run.')),
    name: required(
      string({
        description: 'spec.serviceAccountName of the pods; "*" for every service account of the namespace.',
        pattern: '^(\\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)$',
        explained: true,
        expected: 'the name of a service account, or "*" for all of the namespace',
        minLength: 1,
        maxLength: 253,
      }),
    ),
  },
  { description: 'A service account, of any namespace.' },
);

const subject = object({ serviceAccount: required(serviceAccountRef) });

const empty = object({}, { maxProperties: 0 });

const mask = object(
  {
    nullify: optional(described(empty, 'NULL; where the column cannot be NULL, a constant that fits its type.')),
    redact: optional(described(empty, 'A constant that fits the type.')),
    partial: optional(
      object(
        {
          keepFirst: defaulted(integer({ minimum: 0, maximum: 64, description: 'Characters at the beginning that stay.' }), 0),
          keepLast: defaulted(integer({ minimum: 0, maximum: 64, description: 'Characters at the end that stay.' }), 0),
        },
        {
          description:
            'Text: some characters at the ends stay. A value too short to hide at least as many is hidden whole. Whole numbers and numeric: the last digits.',
        },
      ),
    ),
    email: optional(described(empty, 'Text: an address that cannot receive mail, with the first letter of the original.')),
    hash: optional(described(empty, 'Keyed HMAC-SHA-256: equal values stay equal within one database.')),
    date: optional(
      object(
        { truncate: required(oneOf(['year', 'month', 'day'], 'The smallest unit that stays.')) },
        { description: 'Dates and timestamps, truncated in UTC; the year also of dates in text.' },
      ),
    ),
    number: optional(
      object(
        { round: required(integer({ minimum: 2, maximum: 1_000_000_000_000, description: 'Multiples of this.' })) },
        { description: 'Numbers, rounded towards zero to a multiple.' },
      ),
    ),
    constant: optional(
      object(
        { value: required(string({ maxLength: 1024, description: 'As SQL would write it in quotes.' })) },
        { description: 'This value, which must be valid for the type.' },
      ),
    ),
  },
  { minProperties: 1, maxProperties: 1, description: 'Exactly one kind of mask.' },
);

export type MaskSpec = Infer<typeof mask>;

const grant = object(
  {
    tables: required(
      list(tablePattern, {
        minItems: 1,
        maxItems: 256,
        description: 'Tables and views this grant is about, as SQL writes them: public.customers, schema.*, "*.*".',
      }),
    ),
    actions: required(
      list(oneOf([...ACTIONS, '*'], undefined, 'an action'), {
        minItems: 1,
        maxItems: 16,
        listType: 'set',
        description: 'What may be done with them; "*" alone for everything.',
      }),
    ),
    columns: optional(
      list(columnName, {
        minItems: 1,
        maxItems: 1600,
        listType: 'set',
        description: 'What is not listed does not exist for the subjects. Default: all.',
      }),
    ),
    reveal: optional(list(columnName, { maxItems: 1600, listType: 'set', description: 'Sensitive columns shown in clear.' })),
    masks: optional(
      list(
        object({
          columns: required(
            list(columnName, { minItems: 1, maxItems: 256, listType: 'set', description: 'Plain names of columns.' }),
          ),
          mask: required(mask),
        }),
        {
          maxItems: 64,
          description: 'Masks other than the default of the class.',
        },
      ),
    ),
    rowFilter: optional(
      string({
        minLength: 1,
        maxLength: 4096,
        description:
          "SQL condition for the rows that exist for the subjects, for example region = 'eu' AND tenant = identity.namespace; new rows must satisfy it too.",
      }),
    ),
  },
  {
    rules: [
      {
        cel: "!('*' in self.actions) || size(self.actions) == 1",
        message: 'actions: "*" already means all actions; list it alone',
        check: (value: { readonly actions: readonly string[] }) => !value.actions.includes('*') || value.actions.length === 1,
      },
    ],
  },
);

export type Grant = Infer<typeof grant>;

const channel = string({ minLength: 1, maxLength: 63 });

const session = object(
  {
    temporaryTables: defaulted(boolean('CREATE TEMPORARY TABLE and what belongs to it.'), false),
    listen: defaulted(list(channel, { maxItems: 64, listType: 'set', description: 'Channels for LISTEN; "*" for any.' }), []),
    notify: defaulted(list(channel, { maxItems: 64, listType: 'set', description: 'Channels for NOTIFY; "*" for any.' }), []),
    advisoryLocks: defaulted(boolean('pg_advisory_lock and its family.'), false),
  },
  { description: 'Features of a session that are not granted by themselves.' },
);

const guardrails = object(
  {
    requireWhere: defaulted(boolean('UPDATE and DELETE need a WHERE that refers to a column of the target.'), false),
    maxAffectedRows: optional(
      integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Rows one statement may write.' }),
    ),
  },
  { description: 'What a statement must be like. The strictest policy that binds wins.' },
);

const limits = object(
  {
    maxRows: optional(integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Rows one statement may return.' })),
    statementTimeout: optional(described(duration, 'How long one statement may run, for example 5s.')),
    maxConnections: optional(integer({ minimum: 0, maximum: 100_000, description: 'Open connections of one pod.' })),
  },
  { description: 'How much is too much. The strictest policy that binds wins.' },
);

export const policySpec = object(
  {
    databaseRef: required(
      object(
        { name: required(described(objectName, 'metadata.name of the Database.')) },
        { description: 'A Database of the same namespace.' },
      ),
    ),
    subjects: required(list(subject, { minItems: 1, maxItems: 64, description: 'Whose pods it binds.' })),
    mode: defaulted(
      oneOf(
        ['Enforce', 'Observe'],
        'Enforce denies, masks and filters. Observe lets pass and records what Enforce would have done.',
      ),
      'Enforce',
    ),
    masking: optional(
      oneOf(
        ['Enforce', 'Record'],
        'With mode Observe: Record (the default there) only notes masks and filters, Enforce applies them.',
      ),
    ),
    validUntil: optional(described(time, 'Access ends by itself at this time (RFC 3339), for example 2027-01-31T00:00:00Z.')),
    grants: defaulted(
      list(grant, { maxItems: 128, description: 'What is not granted is denied. Grants of all policies that bind add up.' }),
      [],
    ),
    functions: defaulted(
      list(functionPattern, {
        maxItems: 256,
        listType: 'set',
        description: 'Functions and procedures beyond the built-in safe list.',
      }),
      [],
    ),
    session: defaulted(session, { temporaryTables: false, listen: [], notify: [], advisoryLocks: false }),
    guardrails: defaulted(guardrails, { requireWhere: false }),
    limits: defaulted(limits, {}),
    credentialsSecretRef: optional(
      object(
        { name: required(described(objectName, 'A Secret of this namespace.')) },
        { description: 'A login of its own for these subjects: a Secret with username and password.' },
      ),
    ),
  },
  {
    rules: [
      {
        cel: "!has(self.masking) || self.masking == 'Enforce' || self.mode == 'Observe'",
        message: 'masking: Record needs mode: Observe',
        check: (spec: { readonly masking?: string; readonly mode: string }) =>
          spec.masking !== 'Record' || spec.mode === 'Observe',
      },
    ],
    description: 'Who may do what with which Database.',
  },
);

const count = (description: string) => integer({ minimum: 0, maximum: 1_000_000, description });

const policyStatus = object(
  {
    observedGeneration: optional(observedGeneration),
    conditions: optional(conditions),
    boundPods: optional(count('Running pods of the subjects.')),
    programmedPods: optional(count('Those of them that acknowledged this generation.')),
    boundServiceAccounts: optional(count('Service accounts with a running pod.')),
  },
  { description: 'What the operator says about it; conditions first.' },
);

export type PolicySpec = Infer<typeof policySpec>;
export type PolicyStatus = Infer<typeof policyStatus>;

export interface DatabaseAccessPolicy {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'DatabaseAccessPolicy';
  readonly metadata: ObjectMeta;
  readonly spec: PolicySpec;
  readonly status?: PolicyStatus;
}

export const policyKind = {
  kind: 'DatabaseAccessPolicy',
  plural: 'databaseaccesspolicies',
  singular: 'databaseaccesspolicy',
  shortNames: ['dap'],
  description:
    'What some service accounts may do with a Database of the same namespace, and how its sensitive columns look to them. Nothing is allowed that no policy grants.',
  spec: policySpec,
  status: policyStatus,
  columns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Database', type: 'string', jsonPath: '.spec.databaseRef.name' },
    { name: 'Mode', type: 'string', jsonPath: '.spec.mode' },
    { name: 'Pods', type: 'integer', jsonPath: '.status.boundPods' },
    { name: 'Programmed', type: 'integer', jsonPath: '.status.programmedPods', priority: 1 },
    { name: 'Until', type: 'string', jsonPath: '.spec.validUntil', priority: 1 },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
} as const;
