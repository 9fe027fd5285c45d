import { describe, expect, it } from 'vitest';
import { AUDIT_PATH, CLIENT_CA_FILE, HEALTH_PORT, STATE_PATH } from '../../core/injection/names.ts';
import { type SidecarSettings, SidecarSettingsError } from '../../core/injection/sidecar-settings.ts';
import { readEnvironment } from './environment.ts';

const shop = { namespace: 'data', name: 'shop', database: 'shop', listen: [{ host: '127.0.0.1', port: 5432 }], names: [] };

function settings(databases: SidecarSettings['databases']): string {
  return JSON.stringify({ formatVersion: 1, operator: { address: 'o:8444', serverName: 'o', ca: 'PEM' }, databases });
}

describe('the environment of a sidecar', () => {
  it('gives the volumes of the pod, and health on its address', () => {
    expect(
      readEnvironment({
        SLUICE_SETTINGS: settings([shop]),
        SLUICE_POD_IP: '10.1.2.3',
        SLUICE_POD_NAMESPACE: 'a',
        SLUICE_POD_NAME: 'b',
      }),
    ).toMatchObject({
      tokenFile: '/var/run/sluice/token/token',
      stateDirectory: STATE_PATH,
      clientCaFile: CLIENT_CA_FILE,
      auditDirectory: AUDIT_PATH,
      health: { host: '10.1.2.3', port: HEALTH_PORT },
      pod: 'a/b',
    });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['no settings', {}, /SLUICE_SETTINGS is not set/],
    ['no JSON', { SLUICE_SETTINGS: '{' }, /is not JSON/],
    ['no Database', { SLUICE_SETTINGS: settings([]) }, /no Database is listed/],
    ['a Database twice', { SLUICE_SETTINGS: settings([shop, { ...shop, listen: [] }]) }, /data\/shop is listed twice/],
    [
      'two that clients could not tell apart',
      { SLUICE_SETTINGS: settings([shop, { ...shop, name: 'other' }]) },
      /two Databases are called "shop" on the server and share 127.0.0.1:5432/,
    ],
    ['no address of its own', { SLUICE_SETTINGS: settings([shop]) }, /SLUICE_POD_IP is not set/],
    ['a port that is none', { SLUICE_SETTINGS: settings([shop]), SLUICE_POD_IP: '::1', SLUICE_HEALTH_PORT: 'x' }, /is no port/],
  ])('is refused with one sentence: %s', (_what, variables, message) => {
    expect(() => readEnvironment(variables)).toThrow(SidecarSettingsError);
    expect(() => readEnvironment(variables)).toThrow(message);
  });
});
