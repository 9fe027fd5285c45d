/** The committed list of safe functions is what the rules say about live servers, and no dangerous family is on it. */
import { describe, expect, it } from 'vitest';
import { isSafe, safeList } from '../../core/sql/names/generate/rules.ts';
import { SAFE_FUNCTIONS } from '../../core/sql/names/generated/safe-functions.ts';
import { FORBIDDEN } from '../../core/sql/names/functions.ts';
import { INTROSPECTION_FUNCTIONS } from '../../core/sql/introspect/functions.ts';
import { isSafeFunction } from '../../core/sql/names/safe.ts';
import { readFunctions } from '../generate-safe-functions.ts';
import { MAJORS } from '../support/majors.ts';

const names = SAFE_FUNCTIONS.map((entry) => (typeof entry === 'string' ? entry : entry[0]));

describe('the safe list', () => {
  it.runIf(MAJORS.includes(15))(
    'is generated from PostgreSQL 15 and 18',
    async () => {
      const rows = [...(await readFunctions(15)), ...(await readFunctions(18))];
      expect(rows.length).toBeGreaterThan(6_000);
      expect(safeList(rows)).toEqual(SAFE_FUNCTIONS);
      // Every stable or volatile function that is safe is so by the reviewed lists, an operator, a cast, or as an aggregate.
      const stray = rows.filter(
        (row) => isSafe(row) && row.volatility === 'v' && row.argumentTypes.some((type) => /text|oid|reg/.test(type)),
      );
      expect(stray.map((row) => row.name)).toEqual([]);
    },
    60_000,
  );

  it.each([
    ['run text', /xml_and|_to_xml|ts_stat|cursor_to/],
    ['files', /pg_read|pg_ls_|pg_stat_file|^lo_|^loread|^lowrite/],
    ['the log and replication', /wal_|logical|replication|slot|origin_|_lsn\(|walfile/],
    ['other sessions', /terminate|cancel|blocking|stat_get|stat_reset|lock_status|advisory/],
    [
      'the catalogs by OID or name',
      /^pg_get_(?!keywords)|has_.*_privilege|to_reg|^reg(?:class|type|proc|namespace|role)|format_type|description|pg_describe|identify/,
    ],
    ['sizes', /_size$(?<!column_size)/],
    ['settings', /set_config|current_setting|show_all/],
    ['sequences', /^(?:nextval|setval|currval)$/],
    ['waiting', /sleep/],
    ['internals', /binary_upgrade|_handler$|validator|(?<!last|first|nth)_in$|_recv$|cstring/],
  ])('has nothing about %s', (_family, pattern) => {
    expect(names.filter((name) => pattern.test(name))).toEqual([]);
  });

  it('does not overlap with what is forbidden or guarded', () => {
    expect(names.filter((name) => FORBIDDEN.test(name))).toEqual([]);
    expect(names.filter((name) => Object.hasOwn(INTROSPECTION_FUNCTIONS, name))).toEqual([]);
  });

  it('tells overloads of one name apart by their number of arguments', () => {
    expect(isSafeFunction('ts_rewrite', 3)).toBe(true);
    expect(isSafeFunction('ts_rewrite', 2)).toBe(false);
  });

  it.each([
    'lower',
    'count',
    'sum',
    'now',
    'jsonb_set',
    'date_trunc',
    'row_number',
    'to_tsvector',
    'generate_series',
    'string_agg',
    'gen_random_uuid',
    'regexp_replace',
    'json_agg',
    'unnest',
  ])('has %s', (name) => {
    expect(names).toContain(name);
  });
});
