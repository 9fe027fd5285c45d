/**
 * What makes a function of pg_catalog safe: the reviewed rules behind generated/safe-functions.ts. A safe function gives a value that
 * depends on its arguments and on harmless facts of the session alone: it reads no table, no file, no catalog object by name or OID,
 * no other session, runs no text, and changes nothing that outlives it.
 *
 *   by rule        immutable ones with ordinary arguments; functions behind operators and casts; aggregates and window functions
 *   by list        stable and volatile ones, each looked at
 *   never by rule  UNSAFE: families that are immutable or sit behind an aggregate and still are not pure
 */
export interface FunctionRow {
  readonly name: string;
  /** f function, p procedure, a aggregate, w window. */
  readonly kind: string;
  /** i, s, v. */
  readonly volatility: string;
  /** Type names of the input arguments. */
  readonly argumentTypes: readonly string[];
  readonly returnType: string;
  readonly defaults: number;
  readonly variadic: boolean;
  /** It implements an operator, or a cast between types. */
  readonly behindOperator: boolean;
  readonly behindCast: boolean;
}

/** Values of these types cannot be made by a client, or print as names: functions over them are not safe by rule. */
const SPECIAL_TYPES =
  /^(?:internal|cstring|trigger|event_trigger|language_handler|fdw_handler|index_am_handler|table_am_handler|tsm_handler|pg_ddl_command|reg(?:class|type|proc|procedure|oper|operator|namespace|role|collation)(?:\[\])?|refcursor|aclitem(?:\[\])?|pg_node_tree|oidvector)$/;

/** Immutable or behind an operator, and still not for clients. */
const UNSAFE =
  /^(?:satisfies_hash_partition|pg_partition_root|acl\w*|hash_aclitem\w*|makeaclitem|postgresql_fdw_validator|\w+_validator|pg_indexam_progress_phasename|pg_get_partition_hash|pg_walfile_name\w*|pg_split_walfile_name|pg_wal_lsn_diff|binary_upgrade_\w+|unique_key_recheck|currtid\w*|oidvectortypes|pg_ddl_command_\w+)$/;

/** Stable: they also look at the session's settings (time zone, formats, text search configuration), or at its own facts. */
export const SAFE_STABLE: readonly string[] = [
  // Time.
  'age',
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'date',
  'date_part',
  'date_trunc',
  'date_add',
  'date_subtract',
  'extract',
  'generate_series',
  'make_timestamptz',
  'overlaps',
  'time',
  'timestamp',
  'timestamptz',
  'timetz',
  'timezone',
  'to_char',
  'to_date',
  'to_timestamp',
  'to_number',
  'in_range',
  'interval_pl_timestamptz',
  'pg_timezone_abbrevs',
  'pg_timezone_abbrevs_abbrevs',
  'pg_timezone_abbrevs_zone',
  'pg_timezone_names',
  // Text and numbers.
  'concat',
  'concat_ws',
  'format',
  'quote_literal',
  'quote_nullable',
  'anytextcat',
  'textanycat',
  'money',
  'numeric',
  'length',
  'convert',
  'convert_from',
  'convert_to',
  'pg_char_to_encoding',
  'pg_encoding_to_char',
  'pg_client_encoding',
  'getdatabaseencoding',
  'array_to_string',
  'pg_column_size',
  'pg_column_compression',
  'pg_collation_for',
  'to_bin',
  'to_oct',
  'unicode_version',
  'icu_unicode_version',
  // JSON and XML.
  'array_to_json',
  'row_to_json',
  'to_json',
  'to_jsonb',
  'json_agg',
  'jsonb_agg',
  'json_object_agg',
  'jsonb_object_agg',
  'json_agg_strict',
  'jsonb_agg_strict',
  'json_object_agg_strict',
  'json_object_agg_unique',
  'json_object_agg_unique_strict',
  'jsonb_object_agg_strict',
  'jsonb_object_agg_unique',
  'jsonb_object_agg_unique_strict',
  'json_build_array',
  'json_build_object',
  'jsonb_build_array',
  'jsonb_build_object',
  'json_populate_record',
  'json_populate_recordset',
  'jsonb_populate_record',
  'jsonb_populate_recordset',
  'jsonb_populate_record_valid',
  'json_to_record',
  'json_to_recordset',
  'jsonb_to_record',
  'jsonb_to_recordset',
  'jsonb_path_exists_tz',
  'jsonb_path_match_tz',
  'jsonb_path_query_array_tz',
  'jsonb_path_query_first_tz',
  'jsonb_path_query_tz',
  'xml',
  'xml_is_well_formed',
  'xmltext',
  // Text search.
  'to_tsvector',
  'to_tsquery',
  'plainto_tsquery',
  'phraseto_tsquery',
  'websearch_to_tsquery',
  'ts_headline',
  'ts_match_tq',
  'ts_match_tt',
  'ts_debug',
  'ts_parse',
  'ts_token_type',
  'json_to_tsvector',
  'jsonb_to_tsvector',
  'get_current_ts_config',
  // Enums and ranges.
  'enum_first',
  'enum_last',
  'enum_range',
  // Who and where, of this session only.
  'current_database',
  'current_schema',
  'current_schemas',
  'current_user',
  'session_user',
  'getpgusername',
  'version',
  'pg_backend_pid',
  'pg_my_temp_schema',
  'pg_is_other_temp_schema',
  'pg_trigger_depth',
  'pg_get_keywords',
  'pg_options_to_table',
  'pg_available_extensions',
  'pg_available_extension_versions',
  'pg_listening_channels',
  'pg_indexam_has_property',
  'aclexplode',
  // Snapshots and transactions of this session.
  'pg_current_snapshot',
  'txid_current_snapshot',
  'pg_current_xact_id',
  'pg_current_xact_id_if_assigned',
  'txid_current',
  'txid_current_if_assigned',
  'mxid_age',
];

/** Volatile: clocks, chance, and facts about the server as a whole. */
export const SAFE_VOLATILE: readonly string[] = [
  'clock_timestamp',
  'timeofday',
  'random',
  'random_normal',
  'setseed',
  'gen_random_uuid',
  'uuidv4',
  'uuidv7',
  'array_shuffle',
  'array_sample',
  'lastval',
  'pg_is_in_recovery',
  'pg_jit_available',
  'pg_postmaster_start_time',
  'pg_conf_load_time',
  'pg_notification_queue_usage',
];

const LISTED: ReadonlySet<string> = new Set([...SAFE_STABLE, ...SAFE_VOLATILE]);

export function isSafe(row: FunctionRow): boolean {
  if (row.kind === 'p' || UNSAFE.test(row.name) || row.argumentTypes.some((type) => hardType(type)) || hardReturn(row)) {
    return LISTED.has(row.name) && row.name === 'aclexplode';
  }
  if (LISTED.has(row.name)) return !(row.name === 'ts_rewrite');
  if (row.kind === 'a' || row.kind === 'w') return true;
  if (row.behindOperator || row.behindCast) return true;
  return row.volatility === 'i';
}

function hardType(type: string): boolean {
  return SPECIAL_TYPES.test(type);
}

function hardReturn(row: FunctionRow): boolean {
  return SPECIAL_TYPES.test(row.returnType);
}

/** How many arguments a call of it may have; a variadic one takes up to the server's limit. */
export function arities(row: FunctionRow): readonly number[] {
  const most = row.argumentTypes.length;
  if (row.variadic) return range(Math.max(0, most - 1 - row.defaults), 100);
  return range(most - row.defaults, most);
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_unused, index) => from + index);
}

/** A name with all its arities, or with those for which every overload is safe. */
export type SafeEntry = string | readonly [name: string, arities: readonly number[]];

/** The list over all given servers: an arity is safe when every overload on every server is. */
export function safeList(rows: readonly FunctionRow[]): readonly SafeEntry[] {
  const names = new Map<string, FunctionRow[]>();
  for (const row of rows) names.set(row.name, [...(names.get(row.name) ?? []), row]);
  const entries: SafeEntry[] = [];
  for (const name of [...names.keys()].sort()) {
    const overloads = names.get(name) ?? [];
    const unsafe = new Set(overloads.filter((row) => !isSafe(row)).flatMap((row) => arities(row)));
    const safe = [...new Set(overloads.filter(isSafe).flatMap((row) => arities(row)))].filter((arity) => !unsafe.has(arity));
    if (safe.length === 0) continue;
    entries.push(unsafe.size === 0 ? name : [name, safe.sort((a, b) => a - b)]);
  }
  return entries;
}
