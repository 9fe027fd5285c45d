-- Every step of a run leaves one mark, so that what was done once, twice or not at all can be counted.
CREATE TABLE marks (run text NOT NULL, step text NOT NULL);
CREATE INDEX marks_run ON marks (run);
CREATE TABLE people (id int PRIMARY KEY, name text, phone text, region text);
INSERT INTO people SELECT n, 'person ' || n, '0049 30 555 ' || lpad(n::text, 4, '0'), CASE WHEN n % 2 = 0 THEN 'eu' ELSE 'us' END
  FROM generate_series(1, 40) AS n;
CREATE TABLE hidden (secret text);
INSERT INTO hidden VALUES ('zebra crossing');
CREATE TABLE cells (id int PRIMARY KEY, body text, raw bytea);
CREATE TABLE blobs (id text, body text, raw bytea);
CREATE FUNCTION noisy(times int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  FOR n IN 1..times LOOP RAISE NOTICE 'noise % %', n, repeat('x', 500); END LOOP;
  RETURN times;
END $$;
