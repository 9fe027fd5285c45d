-- Ways to learn a name or a number that is not granted. @name@ stands for the OID of a relation. None may show it, in a row or an error.

-- by OID
SELECT @payroll_hidden@::regclass;

-- by OID, as text
SELECT '@payroll_hidden@'::oid::regclass::text;

-- by OID, without a cast
SELECT COALESCE('pg_class'::regclass, @payroll_hidden@);

-- by OID, a CASE of two types
SELECT CASE WHEN random() > 2 THEN 'pg_class'::regclass ELSE @payroll_hidden@ END;

-- by OID, in an array
SELECT (ARRAY['pg_class'::regclass, @payroll_hidden@])[2]::text;

-- by OID, in a set operation
SELECT 'pg_class'::regclass UNION ALL SELECT @payroll_hidden@;

-- by OID, over a derived table
SELECT a FROM (SELECT 'pg_class'::regclass AS a) x UNION ALL SELECT @payroll_hidden@;

-- by OID, as a row type
SELECT format_type(t, NULL) FROM generate_series(16384, 16700) t;

-- by OID, of a type
SELECT t::regtype FROM generate_series(16384, 16700) t;

-- by OID, through pg_typeof
SELECT COALESCE(pg_typeof(1), t) FROM generate_series(16384, 16700) t;

-- by OID, of every kind
SELECT t::regclass, t::regproc, t::regprocedure, t::regnamespace, t::regrole FROM generate_series(10, 16700) t;

-- arrays of OIDs
SELECT ARRAY[@payroll_hidden@]::regclass[];

-- arrays of OIDs, as text
SELECT array_to_string(array_agg(t)::regclass[], ',') FROM generate_series(16384, 16700) t;

-- functional notation
SELECT regclass('payroll_' || 'hidden');

-- functional notation of a cast
SELECT regtype(@payroll_hidden@);

-- a row type that carries a name column
SELECT (json_populate_record(NULL::pg_catalog.pg_sequences, '{"data_type": "@payroll_hidden@"}')).data_type;

-- record column lists
SELECT * FROM json_to_recordset('[{"a": "@payroll_hidden@"}]') AS x(a regclass);

-- XMLTABLE columns
SELECT * FROM XMLTABLE('/r' PASSING '<r><a>@payroll_hidden@</a></r>' COLUMNS a regclass);

-- existence by name
SELECT to_regclass('payroll_hidden');

-- existence by name, computed
SELECT to_regclass('payroll_' || 'hidden') IS NULL AS unknown;

-- existence by privilege
SELECT has_table_privilege('payroll_' || 'hidden', 'SELECT') IS NULL AS unknown;

-- definitions
SELECT pg_get_viewdef('view_' || 'hidden'), pg_get_viewdef(c.oid) FROM pg_class c WHERE relname = 'leaky_shown';

-- definitions of everything
SELECT pg_get_constraintdef(t), pg_get_indexdef(t), pg_get_triggerdef(t), pg_get_viewdef(t), pg_get_functiondef(t) FROM generate_series(16384, 16700) t;

-- comments
SELECT obj_description(t, 'pg_class'), col_description(t, 1), col_description(t, 5) FROM generate_series(16384, 16700) t;

-- a default that names a hidden column
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef;

-- an expression read against another table
SELECT pg_get_expr(d.adbin, @payroll_hidden@) FROM pg_attrdef d;

-- statistics
SELECT * FROM pg_stats WHERE tablename LIKE 'customers%';

-- statistics, raw
SELECT stavalues1 FROM pg_statistic;

-- view trees
SELECT ev_action FROM pg_rewrite WHERE ev_class >= 16384;

-- functions' sources
SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace;

-- whole rows
SELECT c FROM pg_class c WHERE c.oid >= 16384;

-- whole rows as JSON
SELECT to_jsonb(a) FROM pg_attribute a WHERE a.attrelid >= 16384;

-- a predicate that raises an error for hidden rows
SELECT count(*) FROM pg_class WHERE relname::text LIKE '%hidden' AND 1 / (CASE WHEN relname LIKE '%hidden' THEN 0 ELSE 1 END) = 1;

-- a cast that raises an error for hidden rows
SELECT count(*) FROM pg_class WHERE relname::text::int > 0 AND relname LIKE '%hidden';

-- TABLE
TABLE pg_catalog.pg_class;

-- unused joins
SELECT x.relname FROM pg_class c RIGHT JOIN pg_class x ON x.oid = @payroll_hidden@;

-- roles
SELECT rolname FROM pg_roles;

-- owners
SELECT pg_get_userbyid(t) FROM generate_series(10, 16700) t;

-- grants
SELECT relacl FROM pg_class WHERE oid >= 16384;

-- the session's own settings
SELECT current_setting('sluice.' || 'mask_key_inner', true);

-- the session's own settings, listed
SELECT setting FROM pg_settings WHERE name LIKE 'sluice%';

-- casts on casts
SELECT @payroll_hidden@::regclass::text::regclass::oid::regclass;

-- guards in guards
SELECT pg_get_viewdef(to_regclass(('payroll_' || 'hidden')::regclass::text)::oid);

-- an interval that the guard compares
SELECT array_agg(x::regclass) FROM unnest(ARRAY[@payroll_hidden@, @payroll_hidden@]) x;

-- VALUES
VALUES ('pg_class'::regclass), (@payroll_hidden@);

-- IN with VALUES
SELECT x FROM (VALUES ('pg_class'::regclass)) v(x) UNION SELECT @payroll_hidden@;

-- LATERAL
SELECT l.* FROM pg_class c, LATERAL (SELECT @payroll_hidden@::regclass) l LIMIT 1;

-- ancestors
SELECT * FROM pg_partition_ancestors(@events_part_hidden@);

-- ancestors beside a number
SELECT relid FROM pg_partition_ancestors(@events_shown@) UNION ALL SELECT @payroll_hidden@;

-- a CTE
WITH a AS (SELECT 'pg_class'::regclass AS r UNION ALL SELECT @payroll_hidden@) SELECT r FROM a;

-- GREATEST
SELECT GREATEST('pg_class'::regclass, @payroll_hidden@);

-- NULLIF
SELECT NULLIF(@payroll_hidden@, 'pg_class'::regclass);

-- a subscript
SELECT ('{pg_class}'::regclass[] || @payroll_hidden@)[2];

-- FORMAT
SELECT format('%s %s', @payroll_hidden@::regclass, pg_typeof(NULL::int));

-- JSON
SELECT to_json(@payroll_hidden@::regclass), json_build_object('a', @payroll_hidden@::regclass);

-- XML
SELECT xmlelement(name a, @payroll_hidden@::regclass);

-- the text form of a number
SELECT @payroll_hidden@::text::regclass;

-- a prepared form
PREPARE p AS SELECT $1::regclass;

-- a typed literal
SELECT regclass '@payroll_hidden@';

-- CAST
SELECT CAST(@payroll_hidden@ AS pg_catalog.regclass), CAST('{@payroll_hidden@}' AS _regclass);

-- a quoted type
SELECT @payroll_hidden@::"regclass";

-- an input function
SELECT regclassin('@payroll_hidden@');

-- JSON with a type
SELECT JSON_VALUE('{"a": "@payroll_hidden@"}', '$.a' RETURNING regclass);

-- JSON_TABLE columns
SELECT * FROM JSON_TABLE('[{"a": "@payroll_hidden@"}]', '$[*]' COLUMNS (a regclass PATH '$.a'));

-- a row type of a hidden table
SELECT (NULL::payroll_hidden);

-- a row type of a hidden table, filled
SELECT * FROM json_populate_record(NULL::payroll_hidden, '{"id": 1}');

-- an enum that is not granted
SELECT enum_range(NULL::status_hidden);

-- a function that is not granted
SELECT purge_hidden(1);

-- sequences
SELECT nextval('counter_hidden');

-- sequences, computed
SELECT nextval(('counter_' || 'hidden')::regclass);

-- sequences, read
SELECT last_value FROM counter_hidden;

-- text-taking functions
SELECT query_to_xml('select * from payroll_hidden', true, true, '');

-- text-taking functions, search
SELECT * FROM ts_stat('select salary_hidden::text::tsvector from payroll_hidden');

-- tables as XML
SELECT table_to_xml('payroll_hidden', true, true, '');

-- tuple identity
SELECT currtid2('payroll_hidden', '(0,1)');

-- object identity
SELECT * FROM pg_identify_object(1259, @payroll_hidden@, 0);

-- partitions below a granted parent
SELECT * FROM pg_partition_tree(@events_shown@);

-- rows of a partition
SELECT * FROM events_part_hidden;

-- a default's text of a hidden column
SELECT column_default, generation_expression FROM information_schema.columns;

-- the statement text of cursors
SELECT statement FROM pg_cursors;

-- a row type that carries function names
SELECT json_populate_record(NULL::pg_catalog.pg_type, '{"typinput": "16500"}');

-- compared with a name: relation
SELECT count(*) FROM generate_series(16384, 16700) t WHERE t::regclass = 'payroll_hidden';

-- compared with a name: relations, turned round
SELECT count(*) FROM generate_series(16384, 16700) t WHERE 'public.payroll_hidden' <> t::regclass OR t::regclass IN ('payroll_hidden', 'pg_class');

-- compared with a list of names
SELECT count(*) FROM generate_series(16384, 16700) t WHERE t = ANY (ARRAY['payroll_hidden', 'customers_shown']::regclass[]);

-- a list of names, shown
SELECT ARRAY['payroll_hidden', 'customers_shown']::regclass[];

-- a list of names and numbers, passed on as a number
SELECT ('{pg_class}'::regclass[] || @payroll_hidden@)[2]::text;
