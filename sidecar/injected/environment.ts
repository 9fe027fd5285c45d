/**
 * What the process is told in a pod: the settings that the injector wrote, and the paths of its volumes. The variables that override paths,
 * the health address and where the operator is reached are for tests and for trying the sidecar by hand; in a pod any variable that the injector did not write makes the
 * operator refuse the sidecar.
 */
import { join } from 'node:path';
import { AUDIT_PATH, CLIENT_CA_FILE, HEALTH_PORT, STATE_PATH, TOKEN_PATH } from '../../core/injection/names.ts';
import {
  databaseKey,
  parseSidecarSettings,
  SETTINGS_VARIABLE,
  type SidecarSettings,
  SidecarSettingsError,
} from '../../core/injection/sidecar-settings.ts';

/** Half of what the volume may hold. */
const AUDIT_TOTAL = 512 * 1024 * 1024;

export interface InjectedEnvironment {
  readonly settings: SidecarSettings;
  readonly tokenFile: string;
  readonly stateDirectory: string;
  readonly clientCaFile: string;
  readonly auditDirectory: string;
  /** Bytes of the segments of all Databases. */
  readonly auditTotal: number;
  readonly health: { readonly host: string; readonly port: number };
  /** A claim, for logs: who the pod is, the operator says. */
  readonly pod: string;
}

/** Throws SidecarSettingsError with one sentence. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): InjectedEnvironment {
  const settings = parseSidecarSettings(variables[SETTINGS_VARIABLE]);
  checkDatabases(settings);
  const host = variables['SLUICE_HEALTH_HOST'] ?? variables['SLUICE_POD_IP'];
  if (host === undefined || host === '') throw new SidecarSettingsError('SLUICE_POD_IP is not set');
  const port = Number(variables['SLUICE_HEALTH_PORT'] ?? HEALTH_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new SidecarSettingsError('SLUICE_HEALTH_PORT is no port');
  const auditTotal = Number(variables['SLUICE_AUDIT_BYTES'] ?? AUDIT_TOTAL);
  if (!Number.isSafeInteger(auditTotal) || auditTotal <= 0) throw new SidecarSettingsError('SLUICE_AUDIT_BYTES is no size');
  const address = variables['SLUICE_OPERATOR_ADDRESS'];
  return {
    // Its name and its authority are what they are, whatever answers there.
    settings: address === undefined ? settings : { ...settings, operator: { ...settings.operator, address } },
    tokenFile: variables['SLUICE_TOKEN_FILE'] ?? join(TOKEN_PATH, 'token'),
    stateDirectory: variables['SLUICE_STATE_DIRECTORY'] ?? STATE_PATH,
    clientCaFile: variables['SLUICE_CLIENT_CA_FILE'] ?? CLIENT_CA_FILE,
    auditDirectory: variables['SLUICE_AUDIT_DIRECTORY'] ?? AUDIT_PATH,
    auditTotal,
    health: { host, port },
    pod: `${variables['SLUICE_POD_NAMESPACE'] ?? '?'}/${variables['SLUICE_POD_NAME'] ?? '?'}`,
  };
}

/** The injector refuses such pods; a sidecar that guessed would send statements to the wrong database. */
function checkDatabases({ databases }: SidecarSettings): void {
  if (databases.length === 0) throw new SidecarSettingsError('no Database is listed');
  const keys = new Set<string>();
  const places = new Set<string>();
  for (const database of databases) {
    const key = databaseKey(database);
    if (keys.has(key)) throw new SidecarSettingsError(`Database ${key} is listed twice`);
    keys.add(key);
    for (const { host, port } of database.listen) {
      const place = JSON.stringify([host, port, database.database]);
      if (places.has(place))
        throw new SidecarSettingsError(`two Databases are called "${database.database}" on the server and share ${host}:${port}`);
      places.add(place);
    }
  }
}
