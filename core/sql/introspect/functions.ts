/**
 * Catalog functions that take an object's OID or name: which argument is guarded, and as what (guards.ts). A function that is neither
 * here nor on the safe list is not callable. Keyed by the number of arguments, because overloads move the object's place:
 * `has_table_privilege(table, privilege)`, `has_table_privilege(user, table, privilege)`.
 *
 * The form with a user is only callable for the session's own user (`own`: the argument must be current_user or its name as a literal).
 *
 * Sources: https://www.postgresql.org/docs/current/functions-info.html, functions-admin.html
 */
import type { GuardKind } from './guards.ts';

/** Per argument: what it names, or null when it is harmless. `ownOrBuiltIn`: as `own`, or one of the server's own roles, `pg_…`. */
export type ArgumentRule = GuardKind | 'own' | 'ownOrBuiltIn' | null;

export interface IntrospectionFunction {
  /** Number of arguments -> one rule per argument. Another number of arguments is refused. */
  readonly arguments: Readonly<Record<number, readonly ArgumentRule[]>>;
  /** The result is a reg* value. */
  readonly reg?: true;
  /** The result is a column's comment: shown only where a visible column has the same (guards.ts). */
  readonly comment?: true;
  /** The result is a set of reg* values: the call becomes one of unnest() over their numbers, with this column name in FROM. */
  readonly regSet?: string;
}

const one = (kind: ArgumentRule, ...others: readonly (readonly ArgumentRule[])[]): IntrospectionFunction => ({
  arguments: Object.fromEntries([[kind], ...others].map((rule) => [rule.length, rule])),
});

const privilege = (kind: ArgumentRule): IntrospectionFunction => ({ arguments: { 2: [kind, null], 3: ['own', kind, null] } });

export const INTROSPECTION_FUNCTIONS: Readonly<Record<string, IntrospectionFunction>> = {
  pg_table_is_visible: one('relation'),
  pg_type_is_visible: one('type'),
  pg_function_is_visible: one('function'),
  pg_operator_is_visible: one(null),
  pg_opclass_is_visible: one(null),
  pg_opfamily_is_visible: one(null),
  pg_conversion_is_visible: one(null),
  pg_collation_is_visible: one(null),
  pg_statistics_obj_is_visible: one(null),
  pg_ts_config_is_visible: one(null),
  pg_ts_dict_is_visible: one(null),
  pg_ts_parser_is_visible: one(null),
  pg_ts_template_is_visible: one(null),

  format_type: { arguments: { 2: ['type', null] } },
  pg_get_userbyid: one('role'),
  pg_get_viewdef: one('definition', ['definition', null]),
  pg_get_indexdef: one('relation', ['relation', null, null]),
  pg_get_constraintdef: one('constraint', ['constraint', null]),
  pg_get_triggerdef: one('trigger', ['trigger', null]),
  pg_get_ruledef: one('server', ['server', null]),
  pg_get_expr: { arguments: { 2: [null, 'relation'], 3: [null, 'relation', null] } },
  pg_get_partkeydef: one('complete'),
  pg_get_partition_constraintdef: one('complete'),
  pg_get_statisticsobjdef: one('server'),
  pg_get_statisticsobjdef_columns: one('server'),
  pg_get_statisticsobjdef_expressions: one('server'),
  pg_get_functiondef: one('serverFunction'),
  pg_get_function_sqlbody: one('serverFunction'),
  pg_get_function_arguments: one('function'),
  pg_get_function_identity_arguments: one('function'),
  pg_get_function_result: one('function'),
  pg_get_function_arg_default: { arguments: { 2: ['function', null] } },
  pg_get_serial_sequence: { arguments: { 2: ['relationName', null] } },
  pg_sequence_parameters: one('relation'),
  pg_sequence_last_value: one('sequence'),
  pg_relation_is_updatable: { arguments: { 2: ['relation', null] } },
  pg_column_is_updatable: { arguments: { 3: ['relation', null, null] } },
  pg_index_column_has_property: { arguments: { 3: ['relation', null, null] } },
  pg_index_has_property: { arguments: { 2: ['relation', null] } },
  row_security_active: one('relation'),
  pg_relation_is_publishable: one('relation'),
  pg_describe_object: { arguments: { 3: [null, 'server', null] } },
  // Withheld: how large a whole database is, where files lie.
  pg_database_size: one('never'),
  pg_tablespace_size: one('never'),
  pg_tablespace_location: one('never'),

  col_description: { arguments: { 2: ['relation', null] }, comment: true },
  obj_description: one('anyObject', ['anyObject', null]),
  shobj_description: { arguments: { 2: ['server', null] } },

  pg_relation_size: one('measurable', ['measurable', null]),
  pg_table_size: one('measurable'),
  pg_total_relation_size: one('measurable'),
  pg_indexes_size: one('measurable'),

  has_table_privilege: privilege('relation'),
  has_any_column_privilege: privilege('relation'),
  has_sequence_privilege: privilege('relation'),
  has_column_privilege: { arguments: { 3: ['complete', null, null], 4: ['own', 'complete', null, null] } },
  has_schema_privilege: privilege('schema'),
  has_database_privilege: privilege('database'),
  has_type_privilege: privilege('typeOrName'),
  has_language_privilege: privilege(null),
  pg_has_role: { arguments: { 2: ['ownOrBuiltIn', null], 3: ['own', 'ownOrBuiltIn', null] } },

  to_regclass: { arguments: { 1: ['relationName'] }, reg: true },
  regclass: { arguments: { 1: ['relationName'] }, reg: true },
  to_regtype: { arguments: { 1: ['typeName'] }, reg: true },
  to_regnamespace: { arguments: { 1: ['schemaName'] }, reg: true },
  // Where all ancestors are visible; a partition whose parent is not has none here.
  pg_partition_ancestors: { arguments: { 1: ['rooted'] }, regSet: 'relid' },
  pg_typeof: { arguments: { 1: [null] }, reg: true },

  nextval: one('sequence'),
  currval: one('sequence'),
  setval: { arguments: { 2: ['sequence', null], 3: ['sequence', null, null] } },
};
