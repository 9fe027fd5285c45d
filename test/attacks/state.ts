/** What a write would change: a digest of every row, sequence and catalog entry of a database, and of the cluster's roles. */
import { rows } from '../support/shop.ts';
import type { WireClient } from '../support/wire-client.ts';

const USER_SCHEMAS = "(SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')";

/** [what, query whose rows are digested] */
const CATALOGS: readonly (readonly [string, string])[] = [
  ['schemas', "SELECT nspname, nspacl::text FROM pg_namespace WHERE nspname !~ '^pg_(temp|toast_temp)'"],
  [
    'relations',
    `SELECT relname, relnamespace, relkind, relacl::text, relrowsecurity, relhastriggers, relispopulated, relispartition, relhasrules FROM pg_class WHERE relnamespace IN ${USER_SCHEMAS}`,
  ],
  [
    'columns',
    `SELECT attrelid, attname, atttypid, atthasdef, attisdropped, attnotnull FROM pg_attribute WHERE attnum > 0 AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace IN ${USER_SCHEMAS})`,
  ],
  [
    'defaults',
    `SELECT adrelid, adnum, pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid IN (SELECT oid FROM pg_class WHERE relnamespace IN ${USER_SCHEMAS})`,
  ],
  ['functions', `SELECT proname, pronamespace, prosrc FROM pg_proc WHERE pronamespace IN ${USER_SCHEMAS}`],
  ['types', `SELECT typname, typnamespace FROM pg_type WHERE typnamespace IN ${USER_SCHEMAS}`],
  ['labels', 'SELECT enumtypid, enumlabel FROM pg_enum'],
  ['triggers', 'SELECT tgrelid, tgname, tgenabled FROM pg_trigger'],
  [
    'rules',
    `SELECT rulename, ev_class FROM pg_rewrite WHERE ev_class IN (SELECT oid FROM pg_class WHERE relnamespace IN ${USER_SCHEMAS})`,
  ],
  ['operators', `SELECT oprname, oprleft, oprright FROM pg_operator WHERE oprnamespace IN ${USER_SCHEMAS}`],
  ['casts', 'SELECT castsource, casttarget FROM pg_cast'],
  ['policies', 'SELECT polname, polrelid FROM pg_policy'],
  ['publications', 'SELECT pubname FROM pg_publication'],
  ['statistics objects', 'SELECT stxname FROM pg_statistic_ext'],
  ['event triggers', 'SELECT evtname FROM pg_event_trigger'],
  ['extensions', 'SELECT extname FROM pg_extension'],
  ['default privileges', 'SELECT defaclrole, defaclacl::text FROM pg_default_acl'],
  ['comments', 'SELECT objoid, objsubid, description FROM pg_description WHERE objoid >= 16384'],
  ['large objects', 'SELECT oid FROM pg_largeobject_metadata'],
  ['inheritance', 'SELECT inhrelid, inhparent FROM pg_inherits'],
  ['roles', 'SELECT rolname, rolsuper, rolcreaterole FROM pg_roles'],
  ['settings', 'SELECT setdatabase, setrole, setconfig::text FROM pg_db_role_setting'],
];

/** One query: a row for each thing, with its digest. */
const DIGEST = [
  `SELECT 'rows of ' || c.oid::regclass, md5(query_to_xml(format(CASE c.relkind WHEN 'S' THEN 'SELECT last_value, is_called FROM %s' ELSE 'SELECT string_agg(t::text, chr(10) ORDER BY t::text) FROM %s AS t' END, c.oid::regclass), true, true, '')::text)
   FROM pg_class c WHERE c.relkind IN ('r', 'S', 'm') AND c.relispopulated AND c.relnamespace IN ${USER_SCHEMAS}`,
  ...CATALOGS.map(([what, query]) => `SELECT '${what}', md5(string_agg(x::text, chr(10) ORDER BY x::text)) FROM (${query}) AS x`),
].join('\nUNION ALL\n');

export type State = ReadonlyMap<string, string>;

/** `client` must be the superuser's. */
export async function stateOf(client: WireClient): Promise<State> {
  return new Map((await rows(client, DIGEST)).map(([what, digest]) => [what ?? '', digest ?? '']));
}

/** What differs, by name; empty when nothing does. */
export function changed(before: State, after: State): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((what) => before.get(what) !== after.get(what));
}
