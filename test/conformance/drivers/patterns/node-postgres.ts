/** node-postgres (pg): what applications and ORMs do with it. */
import type { Pattern } from './harness.ts';
import { applications } from './node-postgres/applications.ts';
import { connections } from './node-postgres/connections.ts';
import { errors } from './node-postgres/errors.ts';
import { locks } from './node-postgres/locks.ts';
import { queries } from './node-postgres/queries.ts';
import { schema } from './node-postgres/schema.ts';
import { sessions } from './node-postgres/sessions.ts';
import { statements } from './node-postgres/statements.ts';
import { toolsFor } from './node-postgres/tools.ts';
import { writes } from './node-postgres/writes.ts';

/** In this order: the later ones meet what the earlier ones left. */
const GROUPS = [queries, writes, errors, statements, sessions, schema, applications, locks, connections] as const;

export function pgPatterns(port: number, user: string, database: string): readonly Pattern[] {
  const tools = toolsFor({ host: '127.0.0.1', port, user, database });
  return GROUPS.flatMap((group) => group(tools));
}
