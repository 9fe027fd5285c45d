/** The catalog's query, inside a transaction of the session's, with its own temporary relations as those of an ordinary schema. */
import { CATALOG_QUERY } from '../../core/catalog/queries.ts';

/** Tests turn the planner's methods off and make parallel workers cheap; neither is good for our own questions. */
const PLAIN_PLANNER = [
  ...[
    'seqscan',
    'indexscan',
    'indexonlyscan',
    'bitmapscan',
    'hashjoin',
    'mergejoin',
    'nestloop',
    'sort',
    'hashagg',
    'material',
  ].map((method) => `SET LOCAL enable_${method} = on`),
  'SET LOCAL max_parallel_workers_per_gather = 0',
];

const OTHERS_TEMPORARY = "nspname !~ '^pg_(toast_)?temp_'";

function inside(query: string): string {
  const [begin, ...rest] = query.replace(OTHERS_TEMPORARY, `(${OTHERS_TEMPORARY} OR oid = pg_my_temp_schema())`).split(';\n');
  if (!begin?.startsWith('BEGIN') || rest.pop() !== 'COMMIT' || !rest.join().includes('pg_my_temp_schema'))
    throw new Error('the catalog query has changed');
  return [...PLAIN_PLANNER, ...rest].join(';\n').replace(/; SET LOCAL statement_timeout = [^;]*/, '');
}

export const CATALOG_INSIDE = inside(CATALOG_QUERY);
