/** psycopg 3, pgx and psql through Sluice. What is not installed and cannot be installed here is skipped with the reason. */
import { beforeAll, describe, expect, it } from 'vitest';
import { useStage } from './drivers.ts';
import { pgx, psql, psycopg, type Tool } from './toolchain.ts';
import { MAJORS } from '../support/majors.ts';

const IDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 101, 102];

describe.each(MAJORS)('on PostgreSQL %i', (major) => {
  const stage = useStage(major);
  let tools: { readonly psycopg: Tool; readonly pgx: Tool; readonly psql: Tool };
  beforeAll(async () => {
    const [first, second, third] = await Promise.all([psycopg(), pgx(), psql()]);
    tools = { psycopg: first, pgx: second, psql: third };
  }, 400_000);

  it('psycopg 3 reads, walks, copies, pipelines and writes', async (context) => {
    if (!tools.psycopg.ready) return context.skip(tools.psycopg.reason);
    const seen = JSON.parse(await tools.psycopg.run([String(stage().port)]));
    expect(seen.row).toMatchObject({
      id: 3,
      name: 'Cleo Lindt',
      phone: '****7003',
      salary: '80000.00',
      birth_date: '1953-01-01',
      tags: ['newsletter', 'since-2018'],
    });
    expect(seen.types).toEqual([23, 1043, 1043, 1700, 1082, 1009, 3802]);
    expect(seen).toMatchObject({
      phones: ['****7001', '****7002', '****7003', '****7001'],
      walked: IDS,
      copied: 14,
      inside: 'py',
      after: 'seed',
      pipeline: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      inserted: 3,
    });
    expect(seen.denied[0]).toBe('42501');
    expect(seen.denied[1]).toContain('SLUICE-201');
  });

  it('pgx reads with its statement cache, batches and copies', async (context) => {
    if (!tools.pgx.ready) return context.skip(tools.pgx.reason);
    const seen = JSON.parse(await tools.pgx.run([String(stage().port)]));
    expect(seen).toMatchObject({
      phones: ['****7001', '****7002', '****7003', '****7001'],
      row: ['Cleo Lindt', '80000.00', '1953-01-01', ['newsletter', 'since-2018']],
      ids: IDS,
      batch: [0, 1, 2, 3, 4],
      copied: 2,
      left: 0,
    });
    expect(seen.denied[0]).toBe('42501');
    expect(seen.denied[1]).toContain('SLUICE-201');
  });

  const shell = async (context: { skip(reason: string): never }, ...commands: readonly string[]): Promise<string> => {
    if (!tools.psql.ready) return context.skip(tools.psql.reason);
    return tools.psql.run([
      '-h',
      '127.0.0.1',
      '-p',
      String(stage().port),
      '-U',
      'agent',
      '-d',
      'shop',
      ...commands.flatMap((command) => ['-c', command]),
    ]);
  };

  it('psql lists what is granted and nothing else', async (context) => {
    const tables = (await shell(context, '\\dt *.*'))
      .split('\n')
      .filter((line) => !/^(pg_catalog|information_schema)\|/.test(line));
    const names = tables.filter((line) => line !== '').map((line) => line.split('|').slice(0, 2).join('.'));
    for (const granted of ['public.customers', 'public.orders', 'public.events', 'Weird Schema.Customer Data'])
      expect(names).toContain(granted);
    expect(names.join('\n')).not.toMatch(/payroll|archive|vip_customers|events_20/);
    expect(await shell(context, '\\dv *.*order_totals')).toContain('order_totals');
    expect(await shell(context, '\\dn')).not.toContain('archive');
    expect(await shell(context, '\\df public.*')).not.toMatch(/customer_secret|run_sql/);
  });

  it('psql describes the granted columns of a table', async (context) => {
    const described = await shell(context, '\\d customers');
    for (const column of ['id', 'name', 'ssn', 'salary']) expect(described).toMatch(new RegExp(`^${column}\\|`, 'm'));
    expect(described).not.toMatch(/api_key|credit_limit|photo/);
    expect(await shell(context, '\\d+ order_items')).toContain('quantity');
    expect(await shell(context, '\\d products')).not.toContain('supplier_cost');
  });

  it('psql knows no relation that is not granted', async (context) => {
    const said = await shell(context, '\\d payroll').catch((error: Error) => error.message);
    expect(said).not.toMatch(/iban|gross/);
    expect(await shell(context, '\\d "Weird Schema"."Customer Data"')).toContain('E-Mail');
  });

  it('psql copies and runs scripts', async (context) => {
    expect((await shell(context, '\\copy order_items to stdout')).trim().split('\n')).toHaveLength(80);
    expect(
      await shell(
        context,
        'BEGIN',
        "UPDATE scratch SET tag = 'psql' WHERE id = 1 RETURNING tag",
        'ROLLBACK',
        'SELECT tag FROM scratch WHERE id = 1',
      ),
    ).toContain('seed');
  });
});
