import { describe, expect, it } from 'vitest';
import { databaseObject } from '../../test/support/governed.ts';
import { smallCatalog } from '../../test/support/small-catalog.ts';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { Database } from '../../crds/database.ts';
import type { Contact, Knowledge } from '../catalog/catalogs.ts';
import type { DatabaseMaterials } from '../materials/materials.ts';
import { readGoverned } from '../view/governed-object.ts';
import { type DatabaseFacts, databaseCounts, databaseVerdicts } from './database-status.ts';

const CATALOG = smallCatalog([{ name: 'public.customers', columns: ['id integer!'] }]);

function database(spec: Record<string, unknown> = {}): Database {
  const reading = readGoverned('Database', databaseObject('orders', spec));
  if (!reading.ok) throw new Error(reading.problems.join());
  return reading.object;
}

function materials(problems: DatabaseMaterials['problems'] = [], addresses = ['10.0.0.1']): DatabaseMaterials {
  return { login: () => ({ username: 'u', password: 'p' }), ca: undefined, addresses, findings: '', problems };
}

function knowledge(contact: Contact | undefined = { ok: true }, catalog: Catalog | undefined = CATALOG): Knowledge {
  return { contact, catalog, detected: new Map(), revision: 1, serverVersion: '18.1', problems: [] };
}

const JUDGED = { database: [], inForce: new Set(['p']), tables: 1, classes: new Map([['pii.email', 2]]) };

function facts(more: Partial<DatabaseFacts> = {}): DatabaseFacts {
  return {
    database: database(),
    materials: materials(),
    knowledge: knowledge(),
    judgement: JUDGED,
    boundPods: 0,
    held: [],
    heldCounts: {},
    ...more,
  };
}

/** `Ready=True/Ready …`. */
function said(given: DatabaseFacts): Record<string, string> {
  return Object.fromEntries(databaseVerdicts(given).map(({ type, status, reason }) => [type, `${status}/${reason}`]));
}

describe('conditions of a Database', () => {
  it('all is well', () => {
    expect(said(facts())).toEqual({
      Ready: 'True/Ready',
      Accepted: 'True/Accepted',
      CredentialsAvailable: 'True/Available',
      Reachable: 'True/Connected',
      UpstreamVerified: 'True/Verified',
      LeastPrivilege: 'True/LeastPrivilege',
    });
    expect(databaseVerdicts(facts())[0]?.message).toBe('1 table, 2 sensitive columns, 1 policy in force');
    expect(databaseCounts(facts({ boundPods: 4 }))).toEqual({
      boundPods: 4,
      policies: 1,
      tables: 1,
      sensitiveColumns: 2,
      classes: [{ class: 'pii.email', columns: 2 }],
      serverVersion: '18.1',
    });
  });

  it.each<[string, Partial<DatabaseFacts>, Record<string, string>]>([
    [
      'nothing has been read yet',
      { materials: undefined, knowledge: undefined, judgement: undefined },
      {
        Ready: 'Unknown/NotRead',
        CredentialsAvailable: 'Unknown/NotRead',
        Reachable: 'Unknown/NotTried',
        UpstreamVerified: 'Unknown/NotConnected',
        LeastPrivilege: 'Unknown/NotConnected',
      },
    ],
    [
      'a Secret is missing',
      { materials: materials([{ reason: 'SecretMissing', message: 'm' }]), knowledge: knowledge(undefined) },
      {
        Ready: 'False/SecretMissing',
      },
    ],
    [
      'a CA is missing',
      { materials: materials([{ reason: 'CaMissing', message: 'm' }]) },
      { CredentialsAvailable: 'False/CaMissing' },
    ],
    [
      'the name does not resolve',
      { materials: materials([{ reason: 'HostUnresolved', message: 'm' }], []) },
      {
        Ready: 'False/HostUnresolved',
        CredentialsAvailable: 'True/Available',
        Reachable: 'False/HostUnresolved',
      },
    ],
    [
      'the name does not resolve any more',
      { materials: materials([{ reason: 'HostUnresolved', message: 'm' }]) },
      { Reachable: 'True/Connected' },
    ],
    [
      'somebody else answers',
      { knowledge: knowledge({ ok: false, reason: 'IdentityUnverified', message: 'm' }) },
      {
        Ready: 'False/IdentityUnverified',
        UpstreamVerified: 'False/IdentityUnverified',
      },
    ],
    [
      'it does not answer any more',
      { knowledge: knowledge({ ok: false, reason: 'Unreachable', message: 'm' }) },
      {
        Ready: 'False/Unreachable',
        UpstreamVerified: 'Unknown/NotConnected',
        LeastPrivilege: 'True/LeastPrivilege',
      },
    ],
    [
      'its certificate is not looked at',
      { database: database({ tls: { mode: 'Require' } }) },
      {
        Ready: 'True/Ready',
        UpstreamVerified: 'False/NotVerified',
      },
    ],
    [
      'records that are replicated',
      { database: database({ audit: { durability: 'Replicated' } }) },
      {
        Ready: 'True/Ready',
      },
    ],
    [
      'a column that is not there',
      {
        judgement: { ...JUDGED, database: [{ severity: 'error', reason: 'UnknownColumn', path: 'spec.x', message: 'm' }] },
      },
      { Ready: 'False/UnknownColumn', Accepted: 'False/UnknownColumn' },
    ],
  ])('%s', (_what, more, expected) => {
    expect(said(facts(more))).toMatchObject(expected);
  });

  it('what an earlier holder said stands until this one has looked', () => {
    const held = databaseVerdicts(facts()).map((verdict) => ({ ...verdict, lastTransitionTime: '' }));
    const unseen = facts({
      materials: undefined,
      knowledge: undefined,
      judgement: undefined,
      held,
      heldCounts: { tables: 7, policies: 2 },
    });
    expect(databaseVerdicts(unseen)).toEqual(databaseVerdicts(facts()));
    expect(databaseCounts(unseen)).toEqual({ tables: 7, policies: 2, boundPods: 0 });
  });

  it('names powers that weigh most first, and a superuser’s alone', () => {
    const withPowers = (powers: readonly string[]) => {
      const catalog = { ...CATALOG, data: { ...CATALOG.data, powers } } as unknown as Catalog;
      return databaseVerdicts(facts({ knowledge: knowledge({ ok: true }, catalog) })).at(-1)?.message;
    };
    expect(withPowers(['create-in-schema', 'pg_read_all_data', 'bypassrls'])).toContain(
      'grant: bypasses row security, may create in a schema, pg_read_all_data;',
    );
    expect(withPowers(['pg_read_all_data', 'superuser', 'bypassrls'])).toContain('grant: superuser;');
    expect(withPowers(['ro\u0007le'])).toContain('grant: ro?le;');
  });
});
