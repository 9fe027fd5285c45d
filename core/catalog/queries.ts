/**
 * The SQL that reads a database's schema, one text for all supported server majors (15 to 18): one simple Query message, one
 * round trip, one snapshot. Each kind of object arrives as one JSON document (`kind`, `document`), because one large JSON.parse is
 * many times cheaper than thousands of rows; `build.ts` turns the documents into CatalogData.
 *
 * The transaction narrows search_path to pg_catalog first: nothing that a user has created can then stand for a function, operator
 * or type used here, and format_type() qualifies every type that is not the server's own. The login's own path is read before that.
 *
 * Sources: System Catalogs, https://www.postgresql.org/docs/current/catalogs.html
 */

/** User objects start here; everything below was made by initdb (src/include/access/transam.h, FirstNormalObjectId). */
export const FIRST_USER_OID = 16_384;

/** Opens the transaction. JIT would cost more than the whole query. */
const OPEN = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`;

/** Must run before search_path is narrowed. */
const SESSION = `
SELECT 'session' AS kind, pg_catalog.json_build_object(
  'serverVersion', pg_catalog.current_setting('server_version_num')::pg_catalog.int4,
  'database', pg_catalog.current_database(),
  'login', current_user,
  'searchPath', pg_catalog.to_json(pg_catalog.current_schemas(false)))::pg_catalog.text AS document`;

const NARROW = `SET LOCAL search_path = pg_catalog; SET LOCAL jit = off; SET LOCAL statement_timeout = '30s'`;

/** Objects that belong to an extension, by catalog and OID. */
const EXTENSION_OBJECTS = `
extension_object AS MATERIALIZED (
  SELECT d.classid, d.objid, e.extname
  FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
  WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e')`;

/** Schemas whose relations are left out: storage details, and other sessions' temporary objects. */
const SCHEMAS = `
schema AS MATERIALIZED (
  SELECT oid, nspname FROM pg_namespace WHERE nspname <> 'pg_toast' AND nspname !~ '^pg_(toast_)?temp_')`;

/** [oid, name, 1 if the login may use it]. */
const SCHEMA_DOCUMENT = `SELECT 'schemas', (SELECT json_agg(json_build_array(oid::int8, nspname, has_schema_privilege(oid, 'USAGE')::int) ORDER BY oid) FROM schema)::text`;

/**
 * [oid, schema oid, name, relkind, reltype, flags, extension, columns]; flags: p = partition, r = row security, o = owned by the login.
 * A column: [attnum, name, type, typmod, format_type, flags, collation]; flags: n = not null, d = default, s/v = generated, a/b = identity.
 * A domain's own collation counts as the column's: masks see through domains.
 * System indexes are left out: nobody needs to know that their names are taken.
 */
const RELATION_DOCUMENT = `
SELECT 'relations', (
  SELECT json_agg(json_build_array(c.oid::int8, c.relnamespace::int8, c.relname, c.relkind, c.reltype::int8,
      CASE WHEN c.relispartition THEN 'p' ELSE '' END || CASE WHEN c.relrowsecurity THEN 'r' ELSE '' END
        || CASE WHEN pg_has_role(c.relowner, 'USAGE') THEN 'o' ELSE '' END,
      x.extname, a.columns) ORDER BY c.oid)
  FROM pg_class c
  JOIN schema s ON s.oid = c.relnamespace
  LEFT JOIN extension_object x ON x.classid = 'pg_class'::regclass AND x.objid = c.oid
  LEFT JOIN (
    SELECT a.attrelid, json_agg(json_build_array(a.attnum, a.attname, a.atttypid::int8, a.atttypmod,
        CASE WHEN a.atttypmod >= 0 OR a.atttypid >= ${FIRST_USER_OID} THEN format_type(a.atttypid, a.atttypmod) END,
        CASE WHEN a.attnotnull THEN 'n' ELSE '' END || CASE WHEN a.atthasdef THEN 'd' ELSE '' END || a.attgenerated::text
          || CASE a.attidentity WHEN 'a' THEN 'a' WHEN 'd' THEN 'b' ELSE '' END,
        CASE WHEN a.attcollation <> CASE WHEN t.typtype = 'd' THEN 'pg_catalog.default'::regcollation ELSE t.typcollation END AND a.attcollation <> 0
          THEN (SELECT quote_ident(n.nspname) || '.' || quote_ident(o.collname)
                FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace WHERE o.oid = a.attcollation) END)
      ORDER BY a.attnum) AS columns
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind NOT IN ('i', 'I', 't')
    GROUP BY a.attrelid) a ON a.attrelid = c.oid
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') OR (c.relkind IN ('i', 'I') AND c.oid >= ${FIRST_USER_OID})
)::text`;

/** [index, table, flags, key attnums, attnums its expressions and predicate use]; 0 stands for
 * the whole row; flags: p primary, u unique, d deferrable, x has expressions or a predicate, i invalid. */
const INDEX_DOCUMENT = `
SELECT 'indexes', (
  SELECT json_agg(json_build_array(i.indexrelid::int8, i.indrelid::int8,
      CASE WHEN i.indisprimary THEN 'p' ELSE '' END || CASE WHEN i.indisunique THEN 'u' ELSE '' END
        || CASE WHEN NOT i.indimmediate THEN 'd' ELSE '' END || CASE WHEN NOT i.indisvalid THEN 'i' ELSE '' END
        || CASE WHEN i.indexprs IS NOT NULL OR i.indpred IS NOT NULL THEN 'x' ELSE '' END,
      i.indnkeyatts, i.indkey::text,
      (SELECT json_agg(d.refobjsubid) FROM pg_depend d
       WHERE (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
         AND (d.refobjsubid > 0 OR concat(i.indexprs::text, i.indpred::text) LIKE '%:varattno 0 %') AND d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
         AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid)))
  FROM pg_index i WHERE i.indexrelid >= ${FIRST_USER_OID})::text`;

/** [child, parent], in the order of the child's parents. */
const INHERITANCE_DOCUMENT = `
SELECT 'inheritance', (SELECT json_agg(json_build_array(inhrelid::int8, inhparent::int8) ORDER BY inhrelid, inhseqno) FROM pg_inherits)::text`;

/** [view, relation, attnum] for user views. A whole-row reference is not among them (attnum 0 is the relation itself). */
const VIEW_DOCUMENT = `
SELECT 'views', (
  SELECT json_agg(DISTINCT jsonb_build_array(r.ev_class::int8, d.refobjid::int8, d.refobjsubid))
  FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
  WHERE r.ev_class >= ${FIRST_USER_OID} AND NOT (d.refobjid = r.ev_class))::text`;

/** [view, its rewrite rule as pg_node_tree text] for user views: view-origins.ts reads the columns' origins in it. */
const VIEW_RULE_DOCUMENT = `
SELECT 'viewrules', (
  SELECT json_agg(json_build_array(r.ev_class::int8, r.ev_action::text))
  FROM pg_rewrite r WHERE r.ev_class >= ${FIRST_USER_OID} AND r.ev_type = '1' AND r.rulename = '_RETURN')::text`;

/** [table, generated attnum, source attnum]. Before 15 the dependency hung on the column, since then on its default. */
const GENERATED_DOCUMENT = `
SELECT 'generated', (
  SELECT json_agg(DISTINCT jsonb_build_array(a.attrelid::int8, a.attnum, d.refobjsubid))
  FROM pg_attribute a JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid > 0 AND d.refobjsubid <> a.attnum
    AND ((d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid)
      OR (d.classid = 'pg_class'::regclass AND d.objid = a.attrelid AND d.objsubid = a.attnum))
  WHERE a.attgenerated <> '')::text`;

/** [sequence, table, attnum] for owned and identity sequences. */
const OWNED_DOCUMENT = `
SELECT 'owned', (
  SELECT json_agg(json_build_array(d.objid::int8, d.refobjid::int8, d.refobjsubid))
  FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
  WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0)::text`;

/** [oid, schema oid, name, typtype, category, base, element, relation, labels, not null, checks, extension, format_type of server types, of a domain's base]. */
const TYPE_DOCUMENT = `
SELECT 'types', (
  SELECT json_agg(json_build_array(t.oid::int8, t.typnamespace::int8, t.typname, t.typtype, t.typcategory, t.typbasetype::int8,
    CASE WHEN t.typcategory = 'A' THEN t.typelem::int8 ELSE 0 END, t.typrelid::int8, e.labels, t.typnotnull::int, k.checks, x.extname,
    CASE WHEN t.oid < ${FIRST_USER_OID} THEN format_type(t.oid, NULL) END,
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END) ORDER BY t.oid)
  FROM pg_type t
  JOIN schema s ON s.oid = t.typnamespace
  LEFT JOIN extension_object x ON x.classid = 'pg_type'::regclass AND x.objid = t.oid
  LEFT JOIN (SELECT enumtypid, json_agg(enumlabel ORDER BY enumsortorder) AS labels FROM pg_enum GROUP BY 1) e ON e.enumtypid = t.oid
  LEFT JOIN (SELECT contypid, count(*) AS checks FROM pg_constraint WHERE contypid <> 0 AND contype = 'c' GROUP BY 1) k ON k.contypid = t.oid
)::text`;

/**
 * [table, attnum, expression] for CHECKs of one column, [0, domain, expression] for those of domains; very long ones are left out.
 * pg_get_expr() takes a lock on the table: where DDL holds or wants it alone we would wait, and a plausible mask is not worth that.
 * OFFSET 0 keeps the call behind that condition.
 */
const CHECK_DOCUMENT = `
SELECT 'checks', (
  SELECT json_agg(json_build_array(k.conrelid::int8, k.place, k.expression) ORDER BY k.oid)
  FROM (
    SELECT c.oid, c.conrelid, CASE WHEN c.conrelid = 0 THEN c.contypid::int8 ELSE c.conkey[1]::int8 END AS place,
      pg_get_expr(c.conbin, c.conrelid) AS expression
    FROM pg_constraint c
    JOIN schema s ON s.oid = c.connamespace
    LEFT JOIN (
      SELECT DISTINCT l.relation FROM pg_locks l JOIN pg_database d ON d.oid = l.database
      WHERE d.datname = current_database() AND l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock') l ON l.relation = c.conrelid
    WHERE c.contype = 'c' AND c.oid >= ${FIRST_USER_OID} AND (c.conrelid = 0 OR cardinality(c.conkey) = 1) AND l.relation IS NULL
    OFFSET 0) k
  WHERE length(k.expression) <= 1000)::text`;

/** [oid, schema oid, name, prokind, argument types, defaults, return type, volatility, flags, language, extension]; flags: v variadic, s set, l leakproof, d definer. */
const FUNCTION_DOCUMENT = `
SELECT 'functions', (
  SELECT json_agg(json_build_array(p.oid::int8, p.pronamespace::int8, p.proname, p.prokind, p.proargtypes::text, p.pronargdefaults,
    p.prorettype::int8, p.provolatile,
    CASE WHEN p.provariadic <> 0 THEN 'v' ELSE '' END || CASE WHEN p.proretset THEN 's' ELSE '' END
      || CASE WHEN p.proleakproof THEN 'l' ELSE '' END || CASE WHEN p.prosecdef THEN 'd' ELSE '' END,
    l.lanname, x.extname) ORDER BY p.oid)
  FROM pg_proc p
  JOIN schema s ON s.oid = p.pronamespace
  JOIN pg_language l ON l.oid = p.prolang
  LEFT JOIN extension_object x ON x.classid = 'pg_proc'::regclass AND x.objid = p.oid)::text`;

/** [oid, schema oid, name, left, right, result, function]. Leakproofness and volatility are its function's. Shell operators have none. */
const OPERATOR_DOCUMENT = `
SELECT 'operators', (
  SELECT json_agg(json_build_array(o.oid::int8, o.oprnamespace::int8, o.oprname, o.oprleft::int8, o.oprright::int8, o.oprresult::int8,
    o.oprcode::oid::int8, x.extname) ORDER BY o.oid)
  FROM pg_operator o
  JOIN schema s ON s.oid = o.oprnamespace
  LEFT JOIN extension_object x ON x.classid = 'pg_operator'::regclass AND x.objid = o.oid)::text`;

/** Functions whose code users have written: what they do is not known. C functions of extensions are taken for what they say they are. */
const FOREIGN_FUNCTIONS = `
  SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
  WHERE p.oid >= ${FIRST_USER_OID} AND (l.lanname NOT IN ('c', 'internal') OR (p.prokind = 'a'
    AND NOT EXISTS (SELECT FROM extension_object x WHERE x.classid = 'pg_proc'::regclass AND x.objid = p.oid)))`;

/**
 * Which rows of pg_trigger, as `g`, may make a write do more: enabled ones with functions of users, and RI_FKey_cascade_del to RI_FKey_setdefault_upd. Other functions
 * of the server's own change the new row alone, or nothing. Everything is spelled out: it is used in clients' statements too.
 */
export const MATTERING_TRIGGERS = `g.tgenabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog."char" AND (g.tgfoid OPERATOR(pg_catalog.>=) '${FIRST_USER_OID}'::pg_catalog.oid OR (g.tgfoid OPERATOR(pg_catalog.>=) '1646'::pg_catalog.oid AND g.tgfoid OPERATOR(pg_catalog.<=) '1653'::pg_catalog.oid))`;

/** [table, tgtype; 0 of a foreign key's, which is found as a constraint] */
const TRIGGER_DOCUMENT = `
SELECT 'triggers', (
  SELECT json_agg(json_build_array(g.tgrelid::int8, CASE WHEN g.tgfoid >= ${FIRST_USER_OID} THEN g.tgtype::int4 ELSE 0 END)) FROM pg_trigger g
  WHERE ${MATTERING_TRIGGERS})::text`;

/** [table, 'I' | 'U' | 'D'] */
const RULE_DOCUMENT = `
SELECT 'rules', (
  SELECT json_agg(json_build_array(ev_class::int8, CASE ev_type WHEN '2' THEN 'U' WHEN '3' THEN 'I' ELSE 'D' END)) FROM pg_rewrite
  WHERE ev_class >= ${FIRST_USER_OID} AND ev_type IN ('2', '3', '4') AND ev_enabled <> 'D')::text`;

/** [referenced table, 1 if something happens on delete, attnums on whose update something happens] */
const CASCADE_DOCUMENT = `
SELECT 'cascades', (
  SELECT json_agg(json_build_array(confrelid::int8, (confdeltype IN ('c', 'n', 'd'))::int4,
    CASE WHEN confupdtype IN ('c', 'n', 'd') THEN to_json(confkey) ELSE '[]' END)) FROM pg_constraint
  WHERE contype = 'f' AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd')))::text`;

/** [relation] whose defaults, constraints, indexes or query call functions of users. [0]: something that belongs to no relation does. */
const CALLER_DOCUMENT = `
SELECT 'callers', (
  SELECT json_agg(DISTINCT jsonb_build_array(k.relation)) FROM (
    SELECT CASE d.classid
        WHEN 'pg_attrdef'::regclass THEN (SELECT adrelid::int8 FROM pg_attrdef WHERE oid = d.objid)
        WHEN 'pg_constraint'::regclass THEN (SELECT conrelid::int8 FROM pg_constraint WHERE oid = d.objid)
        WHEN 'pg_class'::regclass THEN COALESCE((SELECT indrelid::int8 FROM pg_index WHERE indexrelid = d.objid), d.objid::int8)
        WHEN 'pg_rewrite'::regclass THEN (SELECT ev_class::int8 FROM pg_rewrite WHERE oid = d.objid)
        ELSE 0 END AS relation
    FROM pg_depend d
    WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid IN (${FOREIGN_FUNCTIONS})
      AND d.classid IN ('pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_class'::regclass, 'pg_rewrite'::regclass, 'pg_cast'::regclass, 'pg_operator'::regclass)
  ) k WHERE k.relation IS NOT NULL)::text`;

/** [relation, 1 if row security applies to the login, 1 if it may read the relation as a whole, attnums that it may not read] */
const PRIVILEGE_DOCUMENT = `
SELECT 'privileges', (
  SELECT json_agg(json_build_array(p.oid::int8, p.secured::int4, p.readable::int4, CASE WHEN NOT p.readable THEN (
      SELECT json_agg(a.attnum ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = p.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT has_column_privilege(p.oid, a.attnum, 'SELECT')) END))
  FROM (
    SELECT c.oid, c.relrowsecurity AND row_security_active(c.oid) AS secured, has_table_privilege(c.oid, 'SELECT') AS readable
    FROM pg_class c JOIN schema s ON s.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.oid >= ${FIRST_USER_OID} OFFSET 0) p
  WHERE p.secured OR NOT p.readable)::text`;

const EXTENSION_DOCUMENT = `
SELECT 'extensions', (
  SELECT json_agg(json_build_array(e.extname, n.nspname, e.extversion) ORDER BY e.extname)
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace)::text`;

/**
 * What the login can do beyond any policy: role attributes, membership in the predefined roles and in others, ownership and creation
 * rights. 18 adds roles that 15 does not have, so they are taken by name from what exists.
 */
const POWER_DOCUMENT = `
SELECT 'powers', (
  SELECT json_agg(power ORDER BY power) FROM (
    SELECT unnest(ARRAY[
      CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolbypassrls THEN 'bypassrls' END, CASE WHEN rolcreaterole THEN 'createrole' END,
      CASE WHEN rolcreatedb THEN 'createdb' END, CASE WHEN rolreplication THEN 'replication' END]) AS power
    FROM pg_roles WHERE rolname = current_user
    UNION ALL
    SELECT r.rolname FROM pg_roles r WHERE r.oid < ${FIRST_USER_OID} AND r.rolname LIKE 'pg\\_%' AND pg_has_role(r.oid, 'USAGE')
    UNION ALL
    SELECT 'member-of-other-roles' WHERE EXISTS (
      SELECT FROM pg_roles r WHERE r.oid >= ${FIRST_USER_OID} AND r.rolname <> current_user AND pg_has_role(r.oid, 'MEMBER'))
    UNION ALL
    SELECT 'table-owner' WHERE EXISTS (
      SELECT FROM pg_class c WHERE c.oid >= ${FIRST_USER_OID} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_has_role(c.relowner, 'USAGE'))
    UNION ALL
    SELECT 'create-in-database' WHERE has_database_privilege(current_database(), 'CREATE')
    UNION ALL
    SELECT 'create-in-schema' WHERE EXISTS (SELECT FROM schema s WHERE has_schema_privilege(s.oid, 'CREATE'))
  ) p WHERE power IS NOT NULL)::text`;

const DOCUMENTS = [
  SCHEMA_DOCUMENT,
  RELATION_DOCUMENT,
  INDEX_DOCUMENT,
  INHERITANCE_DOCUMENT,
  VIEW_DOCUMENT,
  VIEW_RULE_DOCUMENT,
  GENERATED_DOCUMENT,
  OWNED_DOCUMENT,
  TYPE_DOCUMENT,
  CHECK_DOCUMENT,
  FUNCTION_DOCUMENT,
  OPERATOR_DOCUMENT,
  TRIGGER_DOCUMENT,
  RULE_DOCUMENT,
  CASCADE_DOCUMENT,
  CALLER_DOCUMENT,
  PRIVILEGE_DOCUMENT,
  EXTENSION_DOCUMENT,
  POWER_DOCUMENT,
];

/**
 * Five statements for one simple Query message. Two of them return rows of (kind, document), both text; document is null when there is
 * no object of that kind.
 */
export const CATALOG_QUERY = [
  OPEN,
  SESSION,
  NARROW,
  `WITH ${EXTENSION_OBJECTS}, ${SCHEMAS}\n${DOCUMENTS.join('\nUNION ALL')}`,
  'COMMIT',
].join(';\n');

/**
 * One row, one text column: equal answers mean that no DDL happened in between. Every catalog row that describes a user object
 * contributes its xmin (kept when a row is frozen), so that creation, change and removal all show. A false alarm costs one reading.
 * Temporary objects of other sessions are left out where that is cheap.
 */
export const CHANGE_PROBE = `
SELECT pg_catalog.concat_ws(':',
${[
  ['pg_class', `oid >= ${FIRST_USER_OID} AND relpersistence <> 't' AND relkind <> 't'`],
  ['pg_attribute', `attrelid >= ${FIRST_USER_OID} AND attnum > 0`],
  ['pg_attrdef', 'true'],
  ['pg_proc', `oid >= ${FIRST_USER_OID}`],
  ['pg_type', `oid >= ${FIRST_USER_OID}`],
  ['pg_enum', 'true'],
  // A domain's CHECKs leave no trace in pg_type; those of tables change relchecks in pg_class.
  // Foreign keys and their actions show in no other catalog of the table they refer to.
  ['pg_constraint', `(contypid <> 0 OR contype = 'f') AND oid >= ${FIRST_USER_OID}`],
  ['pg_trigger', 'NOT tgisinternal'],
  ['pg_cast', `oid >= ${FIRST_USER_OID}`],
  ['pg_operator', `oid >= ${FIRST_USER_OID}`],
  ['pg_namespace', `nspname OPERATOR(pg_catalog.!~) '^pg_(toast_)?temp_'`],
  ['pg_inherits', 'true'],
  ['pg_index', `indexrelid >= ${FIRST_USER_OID}`],
  ['pg_rewrite', `ev_class >= ${FIRST_USER_OID}`],
  ['pg_extension', 'true'],
  ['pg_auth_members', 'true'],
  ['pg_roles', 'true'],
]
  .map(([catalog, condition]) =>
    catalog === 'pg_roles'
      ? `  (SELECT pg_catalog.concat(rolsuper, rolbypassrls, rolcreaterole, rolreplication) FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) current_user)`
      : `  (SELECT pg_catalog.concat(pg_catalog.count(*), '.', pg_catalog.sum(xmin::pg_catalog.text::pg_catalog.int8)) FROM pg_catalog.${catalog} WHERE ${condition})`,
  )
  .join(',\n')})`;
