/** Spellings of a host, and whose they are. */
import { describe, expect, it } from 'vitest';
import { databaseObject } from '../../test/support/governed.ts';
import type { Database } from '../../crds/database.ts';
import { readGoverned } from '../view/governed-object.ts';
import { aliasNames, hostOf } from './hosts.ts';

function database(host: string, { name = 'orders', namespace = 'data-platform', port = 5432 } = {}): Database {
  const reading = readGoverned('Database', databaseObject(name, { endpoint: { host, port, database: name } }, namespace));
  if (!reading.ok) throw new Error(reading.problems.join());
  return reading.object;
}
const around = (allDatabases: readonly Database[] = [], podNamespace = 'ai-agents') => ({
  podNamespace,
  clusterDomain: 'cluster.local',
  allDatabases,
});
const SERVICE = ['db.data-platform.svc.cluster.local', 'db.data-platform.svc', 'db.data-platform'];

describe('the spellings of a host', () => {
  it.each<[string, string, readonly string[]]>([
    ['a Service', 'db.data-platform.svc', SERVICE],
    ['with the cluster’s domain', 'DB.data-platform.SVC.cluster.local.', SERVICE],
    ['without svc, in the Database’s namespace', 'db.data-platform', SERVICE],
    ['by its bare name', 'db', SERVICE],
    [
      'one pod of a StatefulSet',
      'db-0.db.data-platform.svc',
      ['db-0.db.data-platform.svc.cluster.local', 'db-0.db.data-platform.svc', 'db-0.db.data-platform'],
    ],
    ['outside', 'db.eu-west-1.rds.example.com', ['db.eu-west-1.rds.example.com']],
    ['outside, of two labels', 'example.com', ['example.com']],
    ['of another cluster domain', 'db.data-platform.svc.other.domain', ['db.data-platform.svc.other.domain']],
  ])('%s', (_, host, spellings) => {
    expect(hostOf(database(host), around())).toMatchObject({ spellings, isAddress: false, canonical: spellings[0] });
  });

  it('include the bare name where pod and Service share a namespace', () => {
    expect(hostOf(database('db.data-platform.svc'), around([], 'data-platform')).spellings).toEqual([...SERVICE, 'db']);
  });

  it.each(['10.0.0.1', '127.1', '2130706433', '0x7f.1', 'fd00::1', '1.2.3.0x4'])('%s is an address, to some resolver', (host) => {
    expect(hostOf(database(host), around())).toMatchObject({ isAddress: true, spellings: [host] });
  });

  it('of two labels, with a namespace that is known, are a Service’s', () => {
    const other = database('x.example.com', { namespace: 'security' });
    expect(hostOf(database('vault.security'), around([other])).serviceNamespace).toBe('security');
    expect(hostOf(database('vault.ai-agents'), around()).serviceNamespace).toBe('ai-agents');
  });
});

describe('the names that lead to the sidecar', () => {
  const names = (mine: Database, others: readonly Database[] = [], podNamespace?: string, chosen = [mine]) =>
    aliasNames(mine, hostOf(mine, around([mine, ...others], podNamespace)), chosen, around([mine, ...others], podNamespace));

  it('are all of a Service of the Database’s own namespace', () => {
    expect(names(database('db.data-platform.svc'))).toEqual({ names: SERVICE });
  });

  it.each([
    ['an address', database('10.0.0.1'), /is an address/],
    ['a Service of another namespace', database('db.security.svc'), /is a Service of namespace security/],
    ['a privileged port', database('db.example.com', { port: 443 }), /has port 443, which needs privileges/],
    ['no name for /etc/hosts', database('my_db.example.com'), /cannot stand in \/etc\/hosts/],
  ])('are none for %s, and it is said', (_, mine, warning) => {
    expect(names(mine)).toEqual({ names: [], warning: expect.stringMatching(warning) });
  });

  it('leave out the bare name in pods of other namespaces, and say so where the Database is written that way', () => {
    expect(names(database('db'))).toEqual({
      names: SERVICE,
      warning: expect.stringMatching(/means a Service of namespace ai-agents/),
    });
    expect(names(database('db'), [], 'data-platform')).toEqual({ names: [...SERVICE, 'db'] });
  });

  it('stay with nobody when two namespaces claim them, unless the pod asks for both', () => {
    const mine = database('db.example.com');
    const theirs = database('DB.example.com.', { namespace: 'partner', name: 'theirs' });
    expect(names(mine, [theirs])).toEqual({ names: [], warning: expect.stringMatching(/claimed by Database partner\/theirs/) });
    expect(names(mine, [theirs], undefined, [mine, theirs])).toEqual({ names: ['db.example.com'] });
    expect(names(mine, [database('db.example.com', { name: 'sister' })])).toEqual({ names: ['db.example.com'] });
  });

  it('cannot be taken from a Service by a Database elsewhere', () => {
    const mine = database('db.data-platform.svc');
    for (const host of ['db.data-platform.svc', 'db.data-platform', 'db.data-platform.svc.cluster.local'])
      expect(names(mine, [database(host, { namespace: 'partner', name: 'thief' })])).toEqual({ names: SERVICE });
  });
});
