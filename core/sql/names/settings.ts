/**
 * Settings (GUCs) by name: which a client may change, to what, and which it may read. One table for SET, RESET, set_config(),
 * current_setting(), SHOW and the startup packet.
 *
 * A setting that is not in the table cannot be changed: it may change how text is read, what is logged, who acts, or what row-level
 * security on the server believes. Custom settings of applications (`app.user`) are among those: a policy on the server that trusts
 * such a setting must not be steered by the statement it judges.
 *
 * Sources: https://www.postgresql.org/docs/current/runtime-config.html
 */
import { RESERVED_SETTING_PREFIX } from '../../policy/bundle.ts';

/** 'any': whatever the server accepts. A list: these values, lower case. 'path': search_path, tracked by the session. 'timeout': not above limits.statementTimeout. */
export type SettingRule = 'any' | 'path' | 'timeout' | readonly string[];

const ON = ['on', 'true', 'yes', '1', 'y', 't'] as const;
const OFF = ['off', 'false', 'no', '0', 'n', 'f'] as const;

const ANY: readonly string[] = [
  // Formats and locale of values.
  'datestyle',
  'intervalstyle',
  'timezone',
  'extra_float_digits',
  'bytea_output',
  'xmlbinary',
  'xmloption',
  'array_nulls',
  'lc_monetary',
  'lc_numeric',
  'lc_time',
  'default_text_search_config',
  'escape_string_warning',
  // Transactions and waiting.
  'default_transaction_isolation',
  'default_transaction_read_only',
  'default_transaction_deferrable',
  'transaction_isolation',
  'transaction_read_only',
  'transaction_deferrable',
  'lock_timeout',
  'deadlock_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'transaction_timeout',
  'synchronous_commit',
  'tcp_keepalives_idle',
  'tcp_keepalives_interval',
  'tcp_keepalives_count',
  'tcp_user_timeout',
  'client_connection_check_interval',
  // The planner's choices and a session's memory.
  'enable_async_append',
  'enable_bitmapscan',
  'enable_distinct_reordering',
  'enable_gathermerge',
  'enable_group_by_reordering',
  'enable_hashagg',
  'enable_hashjoin',
  'enable_incremental_sort',
  'enable_indexonlyscan',
  'enable_indexscan',
  'enable_material',
  'enable_memoize',
  'enable_mergejoin',
  'enable_nestloop',
  'enable_parallel_append',
  'enable_parallel_hash',
  'enable_partition_pruning',
  'enable_partitionwise_aggregate',
  'enable_partitionwise_join',
  'enable_presorted_aggregate',
  'enable_self_join_elimination',
  'enable_seqscan',
  'enable_sort',
  'enable_tidscan',
  'force_parallel_mode',
  'parallel_leader_participation',
  'max_parallel_workers',
  'max_parallel_maintenance_workers',
  'stats_fetch_consistency',
  'cpu_index_tuple_cost',
  'cpu_operator_cost',
  'cpu_tuple_cost',
  'random_page_cost',
  'seq_page_cost',
  'effective_cache_size',
  'effective_io_concurrency',
  'parallel_setup_cost',
  'parallel_tuple_cost',
  'min_parallel_index_scan_size',
  'min_parallel_table_scan_size',
  'max_parallel_workers_per_gather',
  'constraint_exclusion',
  'cursor_tuple_fraction',
  'default_statistics_target',
  'from_collapse_limit',
  'join_collapse_limit',
  'geqo',
  'geqo_effort',
  'geqo_generations',
  'geqo_pool_size',
  'geqo_seed',
  'geqo_selection_bias',
  'geqo_threshold',
  'jit',
  'jit_above_cost',
  'jit_inline_above_cost',
  'jit_optimize_above_cost',
  'work_mem',
  'hash_mem_multiplier',
  'maintenance_work_mem',
  'temp_buffers',
  'gin_fuzzy_search_limit',
  'plan_cache_mode',
  'recursive_worktable_factor',
  // Who the client says it is, and drivers' habits.
  'application_name',
  'check_function_bodies',
  'default_tablespace',
  'default_table_access_method',
  'default_toast_compression',
  // Search extensions.
  'hnsw.ef_search',
  'hnsw.iterative_scan',
  'hnsw.max_scan_tuples',
  'hnsw.scan_mem_multiplier',
  'ivfflat.probes',
  'ivfflat.iterative_scan',
  'ivfflat.max_probes',
  'pg_trgm.similarity_threshold',
  'pg_trgm.word_similarity_threshold',
  'pg_trgm.strict_word_similarity_threshold',
];

const RULES: ReadonlyMap<string, SettingRule> = new Map<string, SettingRule>([
  ...ANY.map((name) => [name, 'any'] as const),
  ['search_path', 'path'],
  ['statement_timeout', 'timeout'],
  // Pinned: may be "set" to what they are.
  ['client_encoding', ['utf8', 'utf-8', 'unicode']],
  ['standard_conforming_strings', ON],
  ['backslash_quote', ['safe_encoding', ...OFF]],
  ['transform_null_equals', OFF],
  ['quote_all_identifiers', OFF],
  ['row_security', ON],
  ['lc_messages', ['c', 'posix']],
  ['client_min_messages', ['notice', 'warning', 'error']],
]);

/** Which values may be set; undefined: the setting cannot be changed. Names are compared without case, as the server does. */
export function settingRule(name: string): SettingRule | undefined {
  return RULES.get(name.toLowerCase());
}

/**
 * @param value as written, one of the list for settings that take lists; null for DEFAULT and RESET.
 * @returns false when the setting or the value is not allowed. 'path' and 'timeout' settings: true (their own rules apply elsewhere).
 */
export function isSettable(name: string, value: string | null): boolean {
  const rule = settingRule(name);
  if (rule === undefined) return false;
  if (typeof rule === 'string' || value === null) return true;
  return rule.includes(value.trim().toLowerCase());
}

/**
 * What stays pinned even where nothing is governed: how text is read, what is logged or shown of it, who acts, what the server
 * writes to its own disk, and settings of applications.
 */
const PINNED =
  /^(?:client_encoding|names|standard_conforming_strings|backslash_quote|transform_null_equals|quote_all_identifiers|row_security|lc_messages|client_min_messages|role|session_authorization|session_replication_role|debug_.*|log_.*|track_.*|trace_.*|allow_system_table_mods|allow_in_place_tablespaces|password_encryption|zero_damaged_pages|ignore_.*|lo_compat_privileges|.*_preload_libraries|dynamic_library_path|temp_tablespaces|vacuum_.*|wal_.*|commit_.*|max_stack_depth|exit_on_error|event_triggers|restrict_nonsystem_relation_kind|createrole_self_grant|scram_iterations|backtrace_functions|jit_(?:debugging|dump|profiling).*|.*\..*)$/;

/** Whether a setting of no rule may be changed in a transparent bundle: whatever is not pinned. */
export function isOpenSetting(name: string): boolean {
  return settingRule(name) === undefined && !PINNED.test(name.toLowerCase());
}

/** Our own settings, and those that describe the server's machine, are not readable by any route. */
export function isReadableSetting(name: string): boolean {
  const folded = name.toLowerCase();
  return !folded.startsWith(RESERVED_SETTING_PREFIX) && !MACHINE.test(folded);
}

/** Paths, commands and connection strings of the server. */
const MACHINE = /^(?:primary_conninfo|.*_command|.*_file|.*_directory|.*_directories|.*_dir)$/;

/** Names for a hint. */
export function settableNames(): readonly string[] {
  return [...RULES.keys()];
}
