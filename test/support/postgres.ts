/** Real servers for the tests: PostgreSQL 18 (npm) and 15 (distribution). */
export {
  binaryDirectory,
  startLocalPostgres,
  type LocalPostgres,
  type LocalPostgresOptions,
} from '../../cli/demo/local-postgres.ts';
