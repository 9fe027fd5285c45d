/**
 * The file of the embedded store: lines as they came, and beside them what is derived from them. Everything but `chain.removed` and `exported`
 * can be built again from lines and owners.
 */
import type { DatabaseSync } from 'node:sqlite';

/** `user_version` of the file. */
export const EMBEDDED_VERSION = 1;
/** `application_id` of the file: "SLCE". */
const APPLICATION = 0x534c4345;

const SCHEMA = `
CREATE TABLE chain (
  id INTEGER PRIMARY KEY,
  chain TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  removed INTEGER NOT NULL DEFAULT 0
) STRICT;
-- What is there of a chain: [first, next).
CREATE TABLE stretch (
  chain INTEGER NOT NULL,
  first INTEGER NOT NULL,
  next INTEGER NOT NULL,
  PRIMARY KEY (chain, first)
) STRICT, WITHOUT ROWID;
-- time, received: microseconds since the epoch. statement: statementMark of intents and outcomes.
CREATE TABLE record (
  id INTEGER PRIMARY KEY,
  chain INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  time INTEGER NOT NULL,
  received INTEGER NOT NULL,
  statement INTEGER,
  type TEXT NOT NULL,
  line TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_place ON record (chain, seq);
-- Each with the id behind it.
CREATE INDEX record_time ON record (time);
CREATE INDEX record_chain_time ON record (chain, time);
CREATE INDEX record_statement ON record (chain, statement) WHERE statement IS NOT NULL;
-- marks.ts
CREATE TABLE mark (
  key INTEGER NOT NULL,
  time INTEGER NOT NULL,
  record INTEGER NOT NULL,
  PRIMARY KEY (key, time, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX mark_record ON mark (record);
-- Up to where somebody else has been told of a chain.
CREATE TABLE exported (
  consumer TEXT NOT NULL,
  chain TEXT NOT NULL,
  next INTEGER NOT NULL,
  PRIMARY KEY (consumer, chain)
) STRICT, WITHOUT ROWID;
`;

/** The file is a store, but not one that this version can read: it must be left as it is. */
export class EmbeddedVersionError extends Error {
  override readonly name = 'EmbeddedVersionError';
}

/** Makes the schema, or looks whether it is there. */
export function prepareSchema(database: DatabaseSync): void {
  const version = number(database, 'PRAGMA user_version');
  if (version === EMBEDDED_VERSION && number(database, 'PRAGMA application_id') === APPLICATION) return;
  if (version > EMBEDDED_VERSION)
    throw new EmbeddedVersionError(
      `the audit store is of a newer version (${version}) than this operator knows (${EMBEDDED_VERSION})`,
    );
  if (number(database, 'SELECT count(*) FROM sqlite_schema') > 0)
    throw new EmbeddedVersionError('the file of the audit store is a database of something else');
  database.exec(
    `BEGIN IMMEDIATE; ${SCHEMA} PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${EMBEDDED_VERSION}; COMMIT`,
  );
}

/** Whether it is one, of whatever version. */
export function isEmbeddedStore(database: DatabaseSync): boolean {
  return number(database, 'PRAGMA application_id') === APPLICATION;
}

export function number(database: DatabaseSync, sql: string): number {
  const [value] = Object.values(database.prepare(sql).get() ?? {});
  return typeof value === 'number' ? value : 0;
}
