/**
 * The schema of the store in PostgreSQL (15 or newer), and how it comes to be. Records and their marks are partitioned by the UTC day on which a
 * replica received them: a sidecar's clock decides nothing, and retention is dropping tables. A record's place (chain, seq) is unique across
 * partitions because whoever writes to a chain holds the lock on its row in `chain`, and `held` says what is there (ADR 27).
 *
 * Two functions do what only the owner of the tables may: `add_day` makes the partitions of a day, `prune` drops those of old ones. A login that has
 * USAGE on the schema, SELECT on all tables, INSERT on chain, held, record, mark and exported, UPDATE on chain, held and exported, and EXECUTE on
 * the two functions can do everything but make the schema; it can neither change nor delete a record.
 */
import type { ClientBase } from 'pg';

export const POSTGRES_VERSION = 1;
export const SCHEMA = 'sluice_audit';

/** Of the last records of chains whose days are gone. */
const KEPT = "date '1970-01-01'";

const TABLES = `
CREATE TABLE ${SCHEMA}.chain (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  chain text COLLATE "C" NOT NULL UNIQUE,
  kind text NOT NULL,
  namespace text NOT NULL,
  service_account text NOT NULL,
  pod_uid text,
  database text,
  owner jsonb NOT NULL,
  removed bigint NOT NULL DEFAULT 0
);
CREATE INDEX ON ${SCHEMA}.chain (namespace, service_account);
COMMENT ON TABLE ${SCHEMA}.chain IS 'One row for each writer; owner as verified by the operator';
COMMENT ON COLUMN ${SCHEMA}.chain.removed IS 'records before this seq have been removed by retention';

CREATE TABLE ${SCHEMA}.held (
  chain bigint NOT NULL,
  day date NOT NULL,
  seqs int8multirange NOT NULL,
  PRIMARY KEY (chain, day)
);
CREATE INDEX ON ${SCHEMA}.held (day);
COMMENT ON TABLE ${SCHEMA}.held IS 'Which records of a chain are in the partition of a day';

CREATE TABLE ${SCHEMA}.record (
  day date NOT NULL,
  chain bigint NOT NULL,
  seq bigint NOT NULL,
  time timestamptz NOT NULL,
  received timestamptz NOT NULL,
  type text NOT NULL,
  statement bigint,
  line text NOT NULL,
  PRIMARY KEY (chain, seq, day)
) PARTITION BY RANGE (day);
CREATE INDEX ON ${SCHEMA}.record (time, chain, seq);
CREATE INDEX ON ${SCHEMA}.record (chain, time, seq);
CREATE INDEX ON ${SCHEMA}.record (chain, statement) WHERE statement IS NOT NULL;
COMMENT ON TABLE ${SCHEMA}.record IS 'Audit records, byte for byte in line';
COMMENT ON COLUMN ${SCHEMA}.record.time IS 'what the record says; received where it says nothing';

CREATE TABLE ${SCHEMA}.mark (
  day date NOT NULL,
  key bigint NOT NULL,
  time timestamptz NOT NULL,
  chain bigint NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (key, time, chain, seq, day)
) PARTITION BY RANGE (day);
COMMENT ON TABLE ${SCHEMA}.mark IS 'What records are found by: key is the first 47 bits of SHA-256 over kind, NUL and value';

CREATE TABLE ${SCHEMA}.exported (
  consumer text NOT NULL,
  chain text COLLATE "C" NOT NULL,
  next bigint NOT NULL,
  PRIMARY KEY (consumer, chain)
);

CREATE TABLE ${SCHEMA}.retention (minimum interval NOT NULL);
INSERT INTO ${SCHEMA}.retention VALUES (interval '0');
COMMENT ON TABLE ${SCHEMA}.retention IS 'prune() refuses to remove what is younger: for the owner of the schema to set';
`;

const FUNCTIONS = `
CREATE FUNCTION ${SCHEMA}.add_day(wanted date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  name text;
  parent text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('sluice_audit.add_day', 0));
  FOREACH parent IN ARRAY ARRAY['record', 'mark'] LOOP
    name := parent || '_' || to_char(wanted, 'YYYYMMDD');
    -- Not to_regclass: it would not notice what was made while the lock was waited for.
    CONTINUE WHEN EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '${SCHEMA}' AND c.relname = name);
    -- Made apart and attached: that waits for no reader.
    EXECUTE format('CREATE TABLE ${SCHEMA}.%I (LIKE ${SCHEMA}.%I INCLUDING ALL)', name, parent);
    EXECUTE format('ALTER TABLE ${SCHEMA}.%I ADD CONSTRAINT day CHECK (day >= %L AND day < %L)', name, wanted, wanted + 1);
    EXECUTE format('ALTER TABLE ${SCHEMA}.%I ATTACH PARTITION ${SCHEMA}.%I FOR VALUES FROM (%L) TO (%L)', parent, name, wanted, wanted + 1);
  END LOOP;
END
$$;
COMMENT ON FUNCTION ${SCHEMA}.add_day IS 'Makes the partitions of a day, if they are not there';

CREATE FUNCTION ${SCHEMA}.prune(before timestamptz) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  bound date := (least(before, now() - (SELECT max(minimum) FROM ${SCHEMA}.retention)) AT TIME ZONE 'UTC')::date;
  gone date;
  removed bigint := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('sluice_audit.prune', 0));
  -- Nobody appends meanwhile; readers go on.
  LOCK TABLE ${SCHEMA}.chain IN EXCLUSIVE MODE;
  CREATE TEMPORARY TABLE going ON COMMIT DROP AS
    SELECT h.chain, h.day, h.seqs FROM ${SCHEMA}.held h WHERE h.day < bound;
  CREATE TEMPORARY TABLE staying ON COMMIT DROP AS
    SELECT l.chain, l.last FROM (SELECT h.chain, max(upper(h.seqs)) - 1 AS last FROM ${SCHEMA}.held h GROUP BY h.chain) l
    JOIN going g ON g.chain = l.chain AND g.seqs @> l.last;
  SELECT coalesce(sum(upper(r) - lower(r)), 0) - (SELECT count(*) FROM staying) INTO removed FROM going, unnest(going.seqs) r;
  -- The last record of each chain goes where it stays.
  PERFORM ${SCHEMA}.add_day(${KEPT});
  INSERT INTO ${SCHEMA}.record
    SELECT ${KEPT}, r.chain, r.seq, r.time, r.received, r.type, r.statement, r.line
    FROM staying s JOIN going g ON g.chain = s.chain AND g.seqs @> s.last
    JOIN ${SCHEMA}.record r ON r.chain = s.chain AND r.seq = s.last AND r.day = g.day WHERE g.day <> ${KEPT};
  INSERT INTO ${SCHEMA}.mark
    SELECT ${KEPT}, m.key, m.time, m.chain, m.seq
    FROM staying s JOIN going g ON g.chain = s.chain AND g.seqs @> s.last
    JOIN ${SCHEMA}.mark m ON m.chain = s.chain AND m.seq = s.last AND m.day = g.day WHERE g.day <> ${KEPT};
  DELETE FROM ${SCHEMA}.record r USING going g
    WHERE g.day = ${KEPT} AND r.day = ${KEPT} AND r.chain = g.chain AND NOT EXISTS (SELECT FROM staying s WHERE s.chain = r.chain AND s.last = r.seq);
  DELETE FROM ${SCHEMA}.mark m USING going g
    WHERE g.day = ${KEPT} AND m.day = ${KEPT} AND m.chain = g.chain AND NOT EXISTS (SELECT FROM staying s WHERE s.chain = m.chain AND s.last = m.seq);
  DELETE FROM ${SCHEMA}.held h WHERE h.day < bound;
  INSERT INTO ${SCHEMA}.held SELECT s.chain, ${KEPT}, int8multirange(int8range(s.last, s.last + 1)) FROM staying s;
  UPDATE ${SCHEMA}.chain c SET removed = l.first
    FROM (SELECT h.chain, min(lower(h.seqs)) AS first FROM ${SCHEMA}.held h GROUP BY h.chain) l
    WHERE l.chain = c.id AND l.first > c.removed
      AND EXISTS (SELECT FROM going g WHERE g.chain = c.id AND lower(g.seqs) < l.first);
  FOR gone IN SELECT DISTINCT day FROM going WHERE day <> ${KEPT} LOOP
    EXECUTE format('DROP TABLE ${SCHEMA}.%I', 'record_' || to_char(gone, 'YYYYMMDD'));
    EXECUTE format('DROP TABLE ${SCHEMA}.%I', 'mark_' || to_char(gone, 'YYYYMMDD'));
  END LOOP;
  DROP TABLE going;
  DROP TABLE staying;
  RETURN removed;
END
$$;
COMMENT ON FUNCTION ${SCHEMA}.prune IS 'Drops the partitions of days before that time; the last record of each chain is kept';
REVOKE ALL ON FUNCTION ${SCHEMA}.add_day, ${SCHEMA}.prune FROM PUBLIC;
`;

/** Step n makes version n of version n - 1. */
const MIGRATIONS: readonly string[] = [TABLES + FUNCTIONS];

/** The schema is not one that this version works with. One sentence. */
export class PostgresSchemaError extends Error {
  override readonly name = 'PostgresSchemaError';
}

/** What an owner of the schema may run by hand, for an operator that may not. */
export function schemaStatements(): string {
  return `CREATE SCHEMA IF NOT EXISTS ${SCHEMA};\nCREATE TABLE IF NOT EXISTS ${SCHEMA}.version (version integer NOT NULL);\n${MIGRATIONS.join('\n')}\nINSERT INTO ${SCHEMA}.version VALUES (${POSTGRES_VERSION});\n`;
}

/** `manage`: makes or migrates it; replicas that start at once wait for each other. @throws PostgresSchemaError */
export async function prepareSchema(client: ClientBase, manage: boolean): Promise<void> {
  const { rows: facts } = await client.query<{ version: string; encoding: string }>(
    "SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding",
  );
  if (Number(facts[0]!.version) < 150_000) throw new PostgresSchemaError('the audit store needs PostgreSQL 15 or newer');
  if (facts[0]!.encoding !== 'UTF8') throw new PostgresSchemaError('the database of the audit store must have the encoding UTF8');
  const before = await versionOf(client);
  if (before === POSTGRES_VERSION) return;
  if (before > POSTGRES_VERSION)
    throw new PostgresSchemaError(`the schema of the audit store is of a newer version (${before}) than this operator knows`);
  if (!manage)
    throw new PostgresSchemaError(
      `the schema ${SCHEMA} has version ${before}, not ${POSTGRES_VERSION}, and this operator is not to make it`,
    );
  await client.query('BEGIN');
  try {
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('sluice_audit.schema', 0))");
    const now = await versionOf(client);
    if (now < POSTGRES_VERSION) {
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
      await client.query(`CREATE TABLE IF NOT EXISTS ${SCHEMA}.version (version integer NOT NULL)`);
      for (const step of MIGRATIONS.slice(now)) await client.query(step);
      await client.query(`DELETE FROM ${SCHEMA}.version`);
      await client.query(`INSERT INTO ${SCHEMA}.version VALUES ($1)`, [POSTGRES_VERSION]);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** 0: it is not there. */
async function versionOf(client: ClientBase): Promise<number> {
  // Not to_regclass: it would not notice what was made while the lock was waited for.
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = '${SCHEMA}' AND tablename = 'version') AS there`,
  );
  if (rows[0]?.there !== true) return 0;
  const { rows: versions } = await client.query<{ version: number }>(`SELECT version FROM ${SCHEMA}.version`);
  return versions[0]?.version ?? 0;
}
