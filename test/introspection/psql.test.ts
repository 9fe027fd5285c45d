/**
 * psql itself through the command line's proxy: its backslash commands work and show what is granted, and no byte of what it prints
 * names anything else.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { HIDDEN } from './subject.ts';
import { hasProgram, MAJORS } from '../support/majors.ts';

const run = promisify(execFile);
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

describe.runIf(hasProgram('psql')).each(MAJORS)('psql against PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let sluice: RunningSluice;

  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    const client = new pg.Client({ connectionString: server.url() });
    await client.connect();
    await client.query(await readFile(file('schema.sql'), 'utf8'));
    await client.end();
    sluice = await startSluice({ policy: [file('policy.yaml')], as: 'ai-agents/introspector', upstream: server.url() });
  }, 60_000);

  afterAll(async () => {
    await sluice?.stop();
    await server?.stop();
  });

  /** "Did not find any" is an answer, not an error. A command that this psql cannot do on this server directly does not count. */
  async function errorOf(command: string): Promise<string> {
    const { error } = await psql(command);
    if (error === '' || error.startsWith('Did not find any')) return '';
    return (await psql(command, server.url())).error === '' ? error : '';
  }

  async function psql(
    command: string,
    url = `postgres://agent@127.0.0.1:${sluice.port}/postgres?sslmode=disable`,
  ): Promise<{ readonly out: string; readonly error: string }> {
    try {
      const { stdout, stderr } = await run('psql', ['-X', '-P', 'pager=off', '-d', url, '-c', command]);
      return { out: stdout, error: stderr };
    } catch (cause) {
      return { out: (cause as { stdout: string }).stdout, error: (cause as { stderr: string }).stderr };
    }
  }

  it.each([
    ['\\d', ['customers_shown', 'events_shown', 'view_shown']],
    ['\\d+', ['customers_shown']],
    ['\\dt', ['customers_shown', 'events_shown']],
    ['\\dt+', ['customers_shown', 'table comment shown']],
    ['\\dt *.*', ['orders_shown', 'pg_class']],
    [
      '\\d customers_shown',
      ['name_shown', 'character varying(40)', 'not null', 'status_shown', 'customers_shown_pkey', 'customers_name_shown'],
    ],
    ['\\d+ customers_shown', ['column comment shown']],
    [
      '\\d shop_shown.orders_shown',
      ['numeric(10,2)', 'nextval', 'total_check_shown', 'orders_shown_customer_shown_fkey', 'orders_made_shown'],
    ],
    ['\\d+ shop_shown.orders_shown', ['orders_statistics_shown']],
    ['\\d events_shown', ['day_shown', 'Partition key: RANGE (day_shown)']],
    ['\\d+ view_shown', ['SELECT', 'name_shown']],
    ['\\d+ leaky_shown', ['pay_shown']],
    ['\\d customers_name_shown', ['name_shown', 'btree']],
    ['\\dn', ['shop_shown', 'public']],
    ['\\dn+', ['shop_shown']],
    ['\\df', ['summary_shown']],
    ['\\df+', ['summary_shown']],
    ['\\dT', ['status_shown', 'email_shown']],
    ['\\dT+', ['open_shown']],
    ['\\dD', ['email_shown']],
    ['\\l', ['postgres']],
    ['\\du', ['postgres']],
    ['\\di', ['customers_name_shown']],
    ['\\ds', ['customers_shown_id_shown_seq']],
    ['\\dv', ['view_shown', 'leaky_shown']],
    ['\\dp', ['customers_shown']],
    ['\\dX *.*', ['orders_statistics_shown']],
    ['\\dP', ['events_shown']],
    ['\\dx', ['plpgsql']],
    ['\\dC', ['bigint']],
    ['\\do +', ['bigint']],
    ['\\da count', ['count']],
    ['\\sv view_shown', ['CREATE OR REPLACE VIEW']],
  ] as const)('%s shows what is granted', async (command, expected) => {
    const { out, error } = await psql(command);
    expect(await errorOf(command)).toBe('');
    if (error === '') for (const word of expected) expect(out).toContain(word);
    expect(HIDDEN.exec(out)?.[0]).toBeUndefined();
  });

  it.each([
    '\\dm',
    '\\dd',
    '\\dy',
    '\\dRp',
    '\\ddp',
    '\\drds',
    '\\des',
    '\\dl',
    '\\dA',
    '\\dc',
    '\\dO',
    '\\db',
    '\\dL',
    '\\dF',
    '\\dconfig',
    '\\l+',
    '\\dx+',
    '\\d pg_class',
    '\\dv pg_catalog.*',
    '\\df pg_catalog.*',
  ])('%s works', async (command) => {
    const { out } = await psql(command);
    expect(await errorOf(command)).toBe('');
    expect(HIDDEN.exec(out)?.[0]).toBeUndefined();
  });

  it.each([
    '\\d payroll_hidden',
    '\\d hidden_schema.audit_hidden',
    '\\sv view_hidden',
    '\\sf purge_hidden',
    '\\d events_part_hidden',
    '\\dt hidden_schema.*',
    '\\df purge_hidden',
    '\\dT status_hidden',
  ])('%s finds as little as for a name that does not exist', async (command) => {
    const neutral = (text: string): string => text.replaceAll('hidden', 'nosuch');
    const asked = await psql(command);
    const twin = await psql(command.replaceAll('hidden', 'nosuch'));
    expect([neutral(asked.out), neutral(asked.error)]).toEqual([neutral(twin.out), neutral(twin.error)]);
  });
});
