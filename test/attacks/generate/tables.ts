/** What the generator reads: the shop's relations as the restrictive policy sees them. */

export type Type =
  | 'text'
  | 'int'
  | 'number'
  | 'date'
  | 'timestamp'
  | 'jsonb'
  | 'texts'
  | 'address'
  | 'inet'
  | 'uuid'
  | 'bytea'
  | 'enum';

/** SQL names of the types, for record definitions and casts. */
export const SQL_TYPES: Readonly<Record<Type, string>> = {
  text: 'text',
  int: 'bigint',
  number: 'numeric',
  date: 'date',
  timestamp: 'timestamptz',
  jsonb: 'jsonb',
  texts: 'text[]',
  address: 'public.address',
  inet: 'inet',
  uuid: 'uuid',
  bytea: 'bytea',
  enum: 'text',
};

export interface Column {
  /** Unquoted. */
  readonly name: string;
  readonly type: Type;
  /** clear: shown as it is in the rows that are let through; masked; hidden: does not exist for the agent. */
  readonly guard: 'clear' | 'masked' | 'hidden';
}

export interface Table {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly Column[];
  /** Name of the numeric key. */
  readonly key: string;
  readonly granted: boolean;
  /** Decides which forms it can take; the catalogs are read as what they are, and tell of tables what nobody may know. */
  readonly kind: 'table' | 'view' | 'catalog';
  /** Where there is no numeric column: an expression over the row. */
  readonly keySql?: (row: string) => string;
  /** A column that an UPDATE is granted for, which is what a write of the agent may touch. */
  readonly updatable?: string;
  readonly deletable?: boolean;
  /** It shows the session to itself. */
  readonly fleeting?: true;
}

function columns(text: string): readonly Column[] {
  return text.split(/\s*;\s*/).map((entry) => {
    const [name = '', type = 'text', guard = 'clear'] = entry.split(/\s*:\s*/);
    return { name, type: type as Type, guard: guard as Column['guard'] };
  });
}

/** A relation that is not granted at all. */
function hidden(text: string): readonly Column[] {
  return columns(text).map((column) => ({ ...column, guard: 'hidden' }));
}

const CUSTOMERS = columns(
  'id:int; tenant; region; name; email:text:masked; phone:text:masked; ssn:text:masked; salary:number:masked; birth_date:date:masked; notes:text:masked; city; tier:enum; tags:texts; contact_numbers:texts:masked; profile:jsonb:masked; home:address:masked; last_ip:inet:masked; api_key:uuid:hidden; credit_limit:int:hidden; photo:bytea:hidden; created_at:timestamp; ssn_key:text:masked; label',
);

export const TABLES: readonly Table[] = [
  // Three times, because it has the most to hide.
  ...Array.from(
    { length: 6 },
    (): Table => ({
      schema: 'public',
      name: 'customers',
      columns: CUSTOMERS,
      key: 'id',
      granted: true,
      kind: 'table',
      updatable: 'city',
    }),
  ),
  {
    schema: 'public',
    name: 'orders',
    columns: columns(
      'id:int; customer_id:int; tenant; status:enum; total:number; currency; placed_at:timestamp; note; metadata:jsonb',
    ),
    key: 'id',
    granted: true,
    kind: 'table',
    updatable: 'note',
    deletable: true,
  },
  {
    schema: 'public',
    name: 'tickets',
    columns: columns('id:int; tenant; customer_id:int; subject; status; priority:int; assignee:int; opened_at:timestamp'),
    key: 'id',
    granted: true,
    kind: 'table',
    updatable: 'subject',
  },
  {
    schema: 'public',
    name: 'ticket_messages',
    columns: columns('id:int; ticket_id:int; author; body:text:masked'),
    key: 'id',
    granted: true,
    kind: 'table',
  },
  {
    schema: 'public',
    name: 'products',
    columns: columns(
      'id:int; sku; name; description; price:number; stock:int; attributes:jsonb; search; supplier_cost:number:hidden',
    ),
    key: 'id',
    granted: true,
    kind: 'table',
  },
  {
    schema: 'public',
    name: 'employees',
    columns: columns(
      'id:int; name; department; salary:number:hidden; manager_id:int; national_id:text:hidden; hired_on:date:hidden',
    ),
    key: 'id',
    granted: true,
    kind: 'table',
  },
  {
    schema: 'public',
    name: 'events',
    columns: columns('id:int; tenant; kind; actor_email:text:masked; payload:jsonb:masked; created_at:date'),
    key: 'id',
    granted: true,
    kind: 'table',
  },
  {
    schema: 'Weird Schema',
    name: 'Customer Data',
    columns: columns('Id:int; E-Mail:text:masked; select; Ünïcode näme; a"b:int'),
    key: 'Id',
    granted: true,
    kind: 'table',
    updatable: 'select',
  },
  {
    schema: 'public',
    name: 'ticket_feed',
    columns: columns('id:int; subject; status; name:text:masked; contact:text:masked; reference:text:masked'),
    key: 'id',
    granted: true,
    kind: 'view',
  },
  {
    schema: 'public',
    name: 'events_2026',
    columns: hidden('id:int; tenant; kind; actor_email; payload:jsonb; created_at:date'),
    key: 'id',
    granted: false,
    kind: 'table',
  },
  {
    schema: 'public',
    name: 'vip_customers',
    columns: [...CUSTOMERS.map((column): Column => ({ ...column, guard: 'hidden' })), ...hidden('perk')],
    key: 'id',
    granted: false,
    kind: 'table',
  },
  {
    schema: 'public',
    name: 'payroll',
    columns: hidden('employee_id:int; month:date; gross:number; iban'),
    key: 'employee_id',
    granted: false,
    kind: 'table',
  },
  { schema: 'archive', name: 'customers', columns: hidden('id:int; name; ssn'), key: 'id', granted: false, kind: 'table' },
  { schema: 'archive', name: 'products', columns: hidden('id:int; sku'), key: 'id', granted: false, kind: 'table' },
  {
    schema: 'public',
    name: 'customer_contacts',
    columns: hidden('id:int; name; email; ssn'),
    key: 'id',
    granted: false,
    kind: 'view',
  },
  { schema: 'public', name: 'customer_digest', columns: hidden('id:int; digest'), key: 'id', granted: false, kind: 'view' },
];

/** Statistics, activity and estimates. Nothing in them is granted, though honest clients read them: what they show is filtered. */
export const CATALOGS: readonly Table[] = (
  [
    [
      'pg_stats',
      'tablename; attname; most_common_vals:anyarray; histogram_bounds:anyarray; n_distinct:number; correlation:number',
      'length(%.attname::text)',
    ],
    ['pg_statistic', 'stavalues1:anyarray; stavalues2:anyarray; stadistinct:number', '%.staattnum::int'],
    ['pg_class', 'relname; reltuples:number; relpages:int', 'length(%.relname::text)'],
    ['pg_stat_user_tables', 'relname; n_live_tup:int; n_tup_ins:int; seq_tup_read:int', 'length(%.relname::text)'],
    ['pg_stat_activity', 'query; application_name; state', '1'],
    ['pg_sequences', 'sequencename; last_value:int', 'length(%.sequencename::text)'],
    ['pg_stat_user_indexes', 'indexrelname; idx_tup_read:int; idx_scan:int', 'length(%.indexrelname::text)'],
  ] as const
).map(
  ([name, text, key]): Table => ({
    schema: 'pg_catalog',
    name,
    columns: hidden(text.replaceAll(':anyarray', ':text')).map((column) => ({ ...column })),
    key: 'catalog_key',
    keySql: (row) => key.replaceAll('%', row),
    granted: false,
    kind: 'catalog',
    ...(name === 'pg_stat_activity' ? { fleeting: true } : {}),
  }),
);

/** An identifier as SQL writes it. */
export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
const RESERVED = new Set(['select']);

/** With Unicode escapes for some of its letters. */
export function escaped(name: string): string {
  const letters = [...name].map((letter, at) => {
    if (letter === '"') return '""';
    if (letter === '\\') return '\\\\';
    return at % 2 === 0 || letter.charCodeAt(0) > 127 ? `\\${letter.charCodeAt(0).toString(16).padStart(4, '0')}` : letter;
  });
  return `U&"${letters.join('')}"`;
}
