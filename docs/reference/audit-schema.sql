-- The schema of the audit store in PostgreSQL, for an owner who runs it once in a database of its own (docs/guides/audit.md).
-- Held to operator/audit/store/postgres-schema.ts by a test.
CREATE SCHEMA IF NOT EXISTS sluice_audit;
CREATE TABLE IF NOT EXISTS sluice_audit.version (version integer NOT NULL);

CREATE TABLE sluice_audit.chain (
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
CREATE INDEX ON sluice_audit.chain (namespace, service_account);
COMMENT ON TABLE sluice_audit.chain IS 'One row for each writer; owner as verified by the operator';
COMMENT ON COLUMN sluice_audit.chain.removed IS 'records before this seq have been removed by retention';

CREATE TABLE sluice_audit.held (
  chain bigint NOT NULL,
  day date NOT NULL,
  seqs int8multirange NOT NULL,
  PRIMARY KEY (chain, day)
);
CREATE INDEX ON sluice_audit.held (day);
COMMENT ON TABLE sluice_audit.held IS 'Which records of a chain are in the partition of a day';

CREATE TABLE sluice_audit.record (
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
CREATE INDEX ON sluice_audit.record (time, chain, seq);
CREATE INDEX ON sluice_audit.record (chain, time, seq);
CREATE INDEX ON sluice_audit.record (chain, statement) WHERE statement IS NOT NULL;
COMMENT ON TABLE sluice_audit.record IS 'Audit records, byte for byte in line';
COMMENT ON COLUMN sluice_audit.record.time IS 'what the record says; received where it says nothing';

CREATE TABLE sluice_audit.mark (
  day date NOT NULL,
  key bigint NOT NULL,
  time timestamptz NOT NULL,
  chain bigint NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (key, time, chain, seq, day)
) PARTITION BY RANGE (day);
COMMENT ON TABLE sluice_audit.mark IS 'What records are found by: key is the first 47 bits of SHA-256 over kind, NUL and value';

CREATE TABLE sluice_audit.exported (
  consumer text NOT NULL,
  chain text COLLATE "C" NOT NULL,
  next bigint NOT NULL,
  PRIMARY KEY (consumer, chain)
);

CREATE TABLE sluice_audit.retention (minimum interval NOT NULL);
INSERT INTO sluice_audit.retention VALUES (interval '0');
COMMENT ON TABLE sluice_audit.retention IS 'prune() refuses to remove what is younger: for the owner of the schema to set';

CREATE FUNCTION sluice_audit.add_day(wanted date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  name text;
  parent text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('sluice_audit.add_day', 0));
  FOREACH parent IN ARRAY ARRAY['record', 'mark'] LOOP
    name := parent || '_' || to_char(wanted, 'YYYYMMDD');
    -- Not to_regclass: it would not notice what was made while the lock was waited for.
    CONTINUE WHEN EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'sluice_audit' AND c.relname = name);
    -- Made apart and attached: that waits for no reader.
    EXECUTE format('CREATE TABLE sluice_audit.%I (LIKE sluice_audit.%I INCLUDING ALL)', name, parent);
    EXECUTE format('ALTER TABLE sluice_audit.%I ADD CONSTRAINT day CHECK (day >= %L AND day < %L)', name, wanted, wanted + 1);
    EXECUTE format('ALTER TABLE sluice_audit.%I ATTACH PARTITION sluice_audit.%I FOR VALUES FROM (%L) TO (%L)', parent, name, wanted, wanted + 1);
  END LOOP;
END
$$;
COMMENT ON FUNCTION sluice_audit.add_day IS 'Makes the partitions of a day, if they are not there';

CREATE FUNCTION sluice_audit.prune(before timestamptz) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  bound date := (least(before, now() - (SELECT max(minimum) FROM sluice_audit.retention)) AT TIME ZONE 'UTC')::date;
  gone date;
  removed bigint := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('sluice_audit.prune', 0));
  -- Nobody appends meanwhile; readers go on.
  LOCK TABLE sluice_audit.chain IN EXCLUSIVE MODE;
  CREATE TEMPORARY TABLE going ON COMMIT DROP AS
    SELECT h.chain, h.day, h.seqs FROM sluice_audit.held h WHERE h.day < bound;
  CREATE TEMPORARY TABLE staying ON COMMIT DROP AS
    SELECT l.chain, l.last FROM (SELECT h.chain, max(upper(h.seqs)) - 1 AS last FROM sluice_audit.held h GROUP BY h.chain) l
    JOIN going g ON g.chain = l.chain AND g.seqs @> l.last;
  SELECT coalesce(sum(upper(r) - lower(r)), 0) - (SELECT count(*) FROM staying) INTO removed FROM going, unnest(going.seqs) r;
  -- The last record of each chain goes where it stays.
  PERFORM sluice_audit.add_day(date '1970-01-01');
  INSERT INTO sluice_audit.record
    SELECT date '1970-01-01', r.chain, r.seq, r.time, r.received, r.type, r.statement, r.line
    FROM staying s JOIN going g ON g.chain = s.chain AND g.seqs @> s.last
    JOIN sluice_audit.record r ON r.chain = s.chain AND r.seq = s.last AND r.day = g.day WHERE g.day <> date '1970-01-01';
  INSERT INTO sluice_audit.mark
    SELECT date '1970-01-01', m.key, m.time, m.chain, m.seq
    FROM staying s JOIN going g ON g.chain = s.chain AND g.seqs @> s.last
    JOIN sluice_audit.mark m ON m.chain = s.chain AND m.seq = s.last AND m.day = g.day WHERE g.day <> date '1970-01-01';
  DELETE FROM sluice_audit.record r USING going g
    WHERE g.day = date '1970-01-01' AND r.day = date '1970-01-01' AND r.chain = g.chain AND NOT EXISTS (SELECT FROM staying s WHERE s.chain = r.chain AND s.last = r.seq);
  DELETE FROM sluice_audit.mark m USING going g
    WHERE g.day = date '1970-01-01' AND m.day = date '1970-01-01' AND m.chain = g.chain AND NOT EXISTS (SELECT FROM staying s WHERE s.chain = m.chain AND s.last = m.seq);
  DELETE FROM sluice_audit.held h WHERE h.day < bound;
  INSERT INTO sluice_audit.held SELECT s.chain, date '1970-01-01', int8multirange(int8range(s.last, s.last + 1)) FROM staying s;
  UPDATE sluice_audit.chain c SET removed = l.first
    FROM (SELECT h.chain, min(lower(h.seqs)) AS first FROM sluice_audit.held h GROUP BY h.chain) l
    WHERE l.chain = c.id AND l.first > c.removed
      AND EXISTS (SELECT FROM going g WHERE g.chain = c.id AND lower(g.seqs) < l.first);
  FOR gone IN SELECT DISTINCT day FROM going WHERE day <> date '1970-01-01' LOOP
    EXECUTE format('DROP TABLE sluice_audit.%I', 'record_' || to_char(gone, 'YYYYMMDD'));
    EXECUTE format('DROP TABLE sluice_audit.%I', 'mark_' || to_char(gone, 'YYYYMMDD'));
  END LOOP;
  DROP TABLE going;
  DROP TABLE staying;
  RETURN removed;
END
$$;
COMMENT ON FUNCTION sluice_audit.prune IS 'Drops the partitions of days before that time; the last record of each chain is kept';
REVOKE ALL ON FUNCTION sluice_audit.add_day, sluice_audit.prune FROM PUBLIC;

INSERT INTO sluice_audit.version VALUES (1);
