/** node-postgres and postgres.js as applications use them. argv: PORT USER DATABASE [--without NAME]… [--only NAME]… */
import { arguments_, errorFields, runPatterns, type Pattern } from './harness.ts';
import { pgPatterns } from './node-postgres.ts';
import { postgresPatterns } from './postgres-js.ts';

const { port, user, database, chosen } = arguments_(process.argv.slice(2));
const patterns: readonly Pattern[] = [...pgPatterns(port, user, database), ...postgresPatterns(port, user, database)];
await runPatterns(
  patterns.filter(({ name }) => chosen(name)),
  errorFields,
);
process.exit(0);
