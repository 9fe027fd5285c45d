/** Which files of the regression suite are run, in the order of its own schedule. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** CI's portion: every kind of statement that the suite has, without its long runners. */
const BOUNDED: ReadonlySet<string> = new Set(
  `test_setup boolean varchar text int4 int8 float8 numeric uuid enum rangetypes strings date timestamptz interval horology
  expressions unicode copy copyselect copydml insert insert_conflict create_function_c create_misc create_operator create_table
  create_type create_schema create_index create_view create_aggregate constraints triggers select inherit typed_table vacuum
  drop_if_exists updatable_views errors select_into select_distinct select_distinct_on select_implicit select_having subselect
  union case aggregates transactions portals arrays update delete namespace prepared_xacts matview lock replica_identity
  rowsecurity tablesample groupingsets identity generated create_table_like misc async merge tsrf tid psql psql_crosstab
  select_views portals_p2 guc window functional_deps advisory_lock json jsonb jsonpath plancache limit temp prepare truncate
  sequence rowtypes returning with xml`
    .trim()
    .split(/\s+/),
);

export async function regressTests(source: string, bounded: boolean, only: readonly string[]): Promise<readonly string[]> {
  const schedule = await readFile(join(source, 'src/test/regress/parallel_schedule'), 'utf8');
  const all = [...schedule.matchAll(/^test: (.*)$/gm)].flatMap((match) => (match[1] ?? '').trim().split(/\s+/));
  if (only.length > 0) return all.filter((name) => name === 'test_setup' || only.includes(name));
  return bounded ? all.filter((name) => BOUNDED.has(name)) : all;
}
