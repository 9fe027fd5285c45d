/**
 * Row filters and column masks of the system relations that show granted objects only. One entry per relation; `rules.ts` turns an
 * entry into a ReadRule. Conditions name columns as `{column}`; where a server version lacks one, the entry is not used (rules.ts
 * refuses the relation), so a change of the catalogs closes a relation instead of opening it.
 */
import type { Catalog } from '../../catalog/catalog.ts';
import { RESERVED_SETTING_PREFIX } from '../../policy/bundle.ts';
import {
  constraintCondition,
  hiddenDefaultColumn,
  namedColumn,
  namedConstraint,
  namedFunction,
  namedRelation,
  namedType,
  serverOrOneOf,
  triggerCondition,
  visibleColumn,
  visibleComment,
  visibleObject,
  visibleSchemaName,
} from './conditions.ts';
import type { Visible } from './visible.ts';

export interface SystemFilter {
  readonly where: string;
  /** Column -> expression of the same type; `null` gives NULL of that type; `=expression` keeps the expression's own type. */
  readonly masks?: Readonly<Record<string, string | null>>;
  /** It reads another relation. */
  readonly sublink?: true;
}

type Build = (visible: Visible, catalog: Catalog) => SystemFilter;

const EQ = 'OPERATOR(pg_catalog.=)';
const OWN_BACKEND = `{pid} ${EQ} pg_catalog.pg_backend_pid()`;
const OWN_DATABASE = `{datname} ${EQ} pg_catalog.current_database()`;

/** A role name is shown when it is the session's own. */
const ownRole = (column: string): Record<string, string> => ({
  [column]: `CASE WHEN {${column}} ${EQ} current_user THEN {${column}} END`,
});

/** Settings are readable, but for our keys and for what describes the machine. */
const HIDDEN_SETTING = `^(${RESERVED_SETTING_PREFIX.replace('.', '\\.')}|primary_conninfo$|archive_command$|restore_command$|.*_command$|.*_file$|.*_directory$|.*_directories$|.*_dir$)`;

const measured = (visible: Visible, column: string, withheld: string): Record<string, string> => ({
  [column]: `CASE WHEN ${serverOrOneOf('{oid}', visible.measurable)} THEN {${column}} ELSE ${withheld} END`,
});

/** information_schema privileges: of the session's own role and of everybody. */
const ownGrants = `({grantee}::pg_catalog.text ${EQ} current_user::pg_catalog.text OR {grantee}::pg_catalog.text ${EQ} 'PUBLIC')`;

export const FILTERS: Readonly<Record<string, Build>> = {
  'pg_catalog.pg_class': (visible) => ({
    where: serverOrOneOf('{oid}', visible.relations),
    masks: {
      ...measured(visible, 'relpages', '0'),
      ...measured(visible, 'reltuples', '(-1)::pg_catalog.float4'),
      ...measured(visible, 'relallvisible', '0'),
      relpartbound: `CASE WHEN ${serverOrOneOf('{oid}', visible.complete)} THEN {relpartbound} END`,
    },
  }),
  'pg_catalog.pg_attribute': (visible) => ({
    where: visibleColumn(visible, '{attrelid}', '{attnum}'),
    masks: { attfdwoptions: null },
  }),
  'pg_catalog.pg_attrdef': (visible) => ({
    where: [
      visibleColumn(visible, '{adrelid}', '{adnum}'),
      ...visible.hiddenDefaults.map(
        ([oid, attnum]) => `NOT ({adrelid} ${EQ} ${oid}::pg_catalog.oid AND {adnum} ${EQ} ${attnum}::pg_catalog.int2)`,
      ),
    ].join(' AND '),
  }),
  'pg_catalog.pg_index': (visible) => ({ where: serverOrOneOf('{indexrelid}', visible.relations) }),
  'pg_catalog.pg_constraint': (visible) => ({ where: constraintCondition(visible) }),
  'pg_catalog.pg_trigger': (visible) => ({ where: triggerCondition(visible) }),
  'pg_catalog.pg_inherits': (visible) => ({
    where: `${serverOrOneOf('{inhrelid}', visible.relations)} AND ${serverOrOneOf('{inhparent}', visible.relations)}`,
  }),
  'pg_catalog.pg_partitioned_table': (visible) => ({ where: serverOrOneOf('{partrelid}', visible.complete) }),
  'pg_catalog.pg_statistic_ext': (visible) => ({ where: serverOrOneOf('{stxrelid}', visible.complete) }),
  'pg_catalog.pg_sequence': (visible) => ({ where: serverOrOneOf('{seqrelid}', visible.relations) }),
  'pg_catalog.pg_type': (visible) => ({ where: serverOrOneOf('{oid}', visible.types) }),
  'pg_catalog.pg_enum': (visible) => ({ where: serverOrOneOf('{enumtypid}', visible.types) }),
  'pg_catalog.pg_range': (visible) => ({ where: serverOrOneOf('{rngtypid}', visible.types) }),
  'pg_catalog.pg_cast': (visible) => ({
    where: `${serverOrOneOf('{castsource}', visible.types)} AND ${serverOrOneOf('{casttarget}', visible.types)}`,
  }),
  'pg_catalog.pg_proc': (visible) => ({
    where: serverOrOneOf('{oid}', visible.functions),
    masks: {
      prosrc: `CASE WHEN ${serverOrOneOf('{oid}', [])} THEN {prosrc} ELSE '' END`,
      probin: `CASE WHEN ${serverOrOneOf('{oid}', [])} THEN {probin} END`,
      prosqlbody: `CASE WHEN ${serverOrOneOf('{oid}', [])} THEN {prosqlbody} END`,
      proconfig: null,
    },
  }),
  'pg_catalog.pg_amproc': (visible) => ({ where: serverOrOneOf('{amproc}::pg_catalog.oid', visible.functions) }),
  'pg_catalog.pg_aggregate': (visible) => ({ where: serverOrOneOf('{aggfnoid}::pg_catalog.oid', visible.functions) }),
  'pg_catalog.pg_operator': (visible) => ({ where: serverOrOneOf('{oprcode}::pg_catalog.oid', visible.functions) }),
  'pg_catalog.pg_namespace': (visible) => ({ where: visibleSchemaName(visible, '{nspname}') }),
  'pg_catalog.pg_extension': () => ({ where: 'true', masks: { extconfig: null, extcondition: null } }),
  'pg_catalog.pg_description': (visible) => ({ where: visibleComment(visible) }),
  'pg_catalog.pg_shdescription': () => ({ where: serverOrOneOf('{objoid}', []) }),
  'pg_catalog.pg_depend': (visible) => ({
    where: `${visibleObject(visible, '{classid}', '{objid}')} AND ${visibleObject(visible, '{refclassid}', '{refobjid}')}`,
  }),
  // The stored tree of a view carries the names of all columns of its relations, used or not.
  'pg_catalog.pg_rewrite': (visible) => ({
    where: serverOrOneOf('{ev_class}', visible.relations),
    masks: {
      ev_qual: `CASE WHEN ${serverOrOneOf('{ev_class}', [])} THEN {ev_qual} END`,
      ev_action: `CASE WHEN ${serverOrOneOf('{ev_class}', [])} THEN {ev_action} END`,
    },
  }),
  'pg_catalog.pg_rules': (visible, catalog) => ({
    where: namedRelation(catalog, visible.definitions, 'schemaname', 'tablename'),
  }),
  'pg_catalog.pg_tables': (visible, catalog) => ({
    where: namedRelation(catalog, visible.relations, 'schemaname', 'tablename'),
    masks: ownRole('tableowner'),
  }),
  'pg_catalog.pg_views': (visible, catalog) => ({
    where: namedRelation(catalog, visible.relations, 'schemaname', 'viewname'),
    masks: {
      ...ownRole('viewowner'),
      definition: `CASE WHEN ${namedRelation(catalog, visible.definitions, 'schemaname', 'viewname')} THEN {definition} END`,
    },
  }),
  'pg_catalog.pg_matviews': (visible, catalog) => ({
    where: namedRelation(catalog, visible.relations, 'schemaname', 'matviewname'),
    masks: {
      ...ownRole('matviewowner'),
      definition: `CASE WHEN ${namedRelation(catalog, visible.definitions, 'schemaname', 'matviewname')} THEN {definition} END`,
    },
  }),
  'pg_catalog.pg_indexes': (visible, catalog) => ({
    where: namedRelation(catalog, visible.relations, 'schemaname', 'indexname'),
  }),
  'pg_catalog.pg_sequences': (visible, catalog) => ({
    where: namedRelation(catalog, visible.relations, 'schemaname', 'sequencename'),
    masks: {
      ...ownRole('sequenceowner'),
      // As text: a regtype column would lend its type to a number beside it in a UNION.
      data_type: '={data_type}::pg_catalog.text',
      last_value: `CASE WHEN ${namedRelation(catalog, visible.sequences, 'schemaname', 'sequencename')} THEN {last_value} END`,
    },
  }),
  'pg_catalog.pg_database': () => ({ where: OWN_DATABASE }),
  'pg_catalog.pg_roles': () => ({ where: `{rolname} ${EQ} current_user`, masks: { rolpassword: null, rolconfig: null } }),
  'pg_catalog.pg_authid': () => ({ where: `{rolname} ${EQ} current_user`, masks: { rolpassword: null } }),
  'pg_catalog.pg_user': () => ({ where: `{usename} ${EQ} current_user`, masks: { passwd: null, useconfig: null } }),
  'pg_catalog.pg_shadow': () => ({ where: `{usename} ${EQ} current_user`, masks: { passwd: null, useconfig: null } }),
  'pg_catalog.pg_settings': () => ({
    where: `pg_catalog.lower({name}) OPERATOR(pg_catalog.!~) '${HIDDEN_SETTING.replaceAll('\\.', '[.]')}'`,
    masks: { sourcefile: null, sourceline: null },
  }),
  'pg_catalog.pg_stat_activity': () => ({
    where: OWN_BACKEND,
    masks: { query: null, client_addr: null, client_hostname: null, client_port: null },
  }),
  'pg_catalog.pg_stat_ssl': () => ({ where: OWN_BACKEND }),
  'pg_catalog.pg_stat_gssapi': () => ({ where: OWN_BACKEND }),
  'pg_catalog.pg_locks': (visible) => ({
    where: `${OWN_BACKEND} AND ({relation} IS NULL OR ${serverOrOneOf('{relation}', visible.relations)})`,
  }),
  'pg_catalog.pg_prepared_statements': () => ({
    where: 'true',
    masks: {
      statement: null,
      parameter_types: '={parameter_types}::pg_catalog.text[]',
      result_types: '={result_types}::pg_catalog.text[]',
    },
  }),
  'pg_catalog.pg_cursors': () => ({ where: 'true', masks: { statement: null } }),

  'information_schema.tables': (visible, catalog) => ({
    where: namedRelation(catalog, visible.relations, 'table_schema', 'table_name'),
  }),
  'information_schema.columns': (visible, catalog) => {
    const hidden = hiddenDefaultColumn(catalog, visible, 'table_schema', 'table_name', 'column_name');
    return {
      where: namedColumn(catalog, visible, 'table_schema', 'table_name', 'column_name'),
      masks: {
        column_default: `CASE WHEN ${hidden} THEN NULL ELSE {column_default} END`,
        generation_expression: `CASE WHEN ${hidden} THEN NULL ELSE {generation_expression} END`,
      },
    };
  },
  'information_schema.views': (visible, catalog) => ({
    where: namedRelation(catalog, visible.relations, 'table_schema', 'table_name'),
    masks: {
      view_definition: `CASE WHEN ${namedRelation(catalog, visible.definitions, 'table_schema', 'table_name')} THEN {view_definition} END`,
    },
  }),
  'information_schema.sequences': (visible, catalog) => ({
    where: namedRelation(catalog, visible.relations, 'sequence_schema', 'sequence_name'),
  }),
  'information_schema.schemata': (visible) => ({
    where: visibleSchemaName(visible, '{schema_name}'),
    masks: {
      schema_owner: `CASE WHEN {schema_owner}::pg_catalog.text ${EQ} current_user::pg_catalog.text THEN {schema_owner} END`,
    },
  }),
  'information_schema.table_constraints': (visible, catalog) => ({
    where: `${namedRelation(catalog, visible.relations, 'table_schema', 'table_name')} AND ${namedConstraint(visible, 'constraint_schema', 'constraint_name')}`,
    sublink: true,
  }),
  'information_schema.key_column_usage': (visible, catalog) => ({
    where: `${namedColumn(catalog, visible, 'table_schema', 'table_name', 'column_name')} AND ${namedConstraint(visible, 'constraint_schema', 'constraint_name')}`,
    sublink: true,
  }),
  'information_schema.constraint_column_usage': (visible, catalog) => ({
    where: `${namedColumn(catalog, visible, 'table_schema', 'table_name', 'column_name')} AND ${namedConstraint(visible, 'constraint_schema', 'constraint_name')}`,
    sublink: true,
  }),
  'information_schema.constraint_table_usage': (visible, catalog) => ({
    where: `${namedRelation(catalog, visible.relations, 'table_schema', 'table_name')} AND ${namedConstraint(visible, 'constraint_schema', 'constraint_name')}`,
    sublink: true,
  }),
  'information_schema.referential_constraints': (visible) => ({
    where: `${namedConstraint(visible, 'constraint_schema', 'constraint_name')} AND ${namedConstraint(visible, 'unique_constraint_schema', 'unique_constraint_name')}`,
    sublink: true,
  }),
  'information_schema.check_constraints': (visible) => ({
    where: namedConstraint(visible, 'constraint_schema', 'constraint_name'),
    sublink: true,
  }),
  'information_schema.view_table_usage': (visible, catalog) => ({
    where: `${namedRelation(catalog, visible.definitions, 'view_schema', 'view_name')} AND ${namedRelation(catalog, visible.relations, 'table_schema', 'table_name')}`,
  }),
  'information_schema.view_column_usage': (visible, catalog) => ({
    where: `${namedRelation(catalog, visible.definitions, 'view_schema', 'view_name')} AND ${namedColumn(catalog, visible, 'table_schema', 'table_name', 'column_name')}`,
  }),
  'information_schema.table_privileges': (visible, catalog) => ({
    where: `${namedRelation(catalog, visible.relations, 'table_schema', 'table_name')} AND ${ownGrants}`,
    masks: { grantor: null },
  }),
  'information_schema.role_table_grants': (visible, catalog) => ({
    where: `${namedRelation(catalog, visible.relations, 'table_schema', 'table_name')} AND ${ownGrants}`,
    masks: { grantor: null },
  }),
  'information_schema.column_privileges': (visible, catalog) => ({
    where: `${namedColumn(catalog, visible, 'table_schema', 'table_name', 'column_name')} AND ${ownGrants}`,
    masks: { grantor: null },
  }),
  'information_schema.role_column_grants': (visible, catalog) => ({
    where: `${namedColumn(catalog, visible, 'table_schema', 'table_name', 'column_name')} AND ${ownGrants}`,
    masks: { grantor: null },
  }),
  'information_schema.enabled_roles': () => ({ where: `{role_name}::pg_catalog.text ${EQ} current_user::pg_catalog.text` }),
  'information_schema.routines': (visible, catalog) => ({
    where: namedFunction(catalog, visible, 'routine_schema', 'routine_name'),
    masks: { routine_definition: null, external_name: null },
  }),
  'information_schema.parameters': (visible, catalog) => ({
    where: namedFunction(catalog, visible, 'specific_schema', 'specific_name', true),
  }),
  'information_schema.domains': (visible, catalog) => ({ where: namedType(catalog, visible, 'domain_schema', 'domain_name') }),
  'information_schema.domain_constraints': (visible, catalog) => ({
    where: namedType(catalog, visible, 'domain_schema', 'domain_name'),
  }),
  'information_schema.domain_udt_usage': (visible, catalog) => ({
    where: namedType(catalog, visible, 'domain_schema', 'domain_name'),
  }),
  'information_schema.column_domain_usage': (visible, catalog) => ({
    where: namedColumn(catalog, visible, 'table_schema', 'table_name', 'column_name'),
  }),
  'information_schema.column_udt_usage': (visible, catalog) => ({
    where: namedColumn(catalog, visible, 'table_schema', 'table_name', 'column_name'),
  }),
  'information_schema.user_defined_types': (visible, catalog) => ({
    where: namedType(catalog, visible, 'user_defined_type_schema', 'user_defined_type_name'),
  }),
  'information_schema.attributes': (visible, catalog) => ({ where: namedType(catalog, visible, 'udt_schema', 'udt_name') }),
  'information_schema.element_types': (visible, catalog) => ({
    where: `{object_type}::pg_catalog.text ${EQ} 'TABLE' AND ${namedRelation(catalog, visible.complete, 'object_schema', 'object_name')}`,
  }),
};
