/**
 * What the injector tells the sidecar, in one variable of its immutable environment (`SLUICE_SETTINGS`, JSON). Facts about the pod come
 * through the downward API beside it, and are claims: who the pod is, the operator says.
 */
import { isRecord } from '../json/read.ts';

export const SETTINGS_VARIABLE = 'SLUICE_SETTINGS';
/** Downward API: metadata.namespace, metadata.name, metadata.uid, spec.serviceAccountName, spec.nodeName, status.podIP. */
export const DOWNWARD = {
  SLUICE_POD_NAMESPACE: 'metadata.namespace',
  SLUICE_POD_NAME: 'metadata.name',
  SLUICE_POD_UID: 'metadata.uid',
  SLUICE_SERVICE_ACCOUNT: 'spec.serviceAccountName',
  SLUICE_NODE_NAME: 'spec.nodeName',
  SLUICE_POD_IP: 'status.podIP',
} as const;

export interface SidecarSettings {
  readonly formatVersion: 1;
  readonly operator: {
    /** `host:port` of the stream. */
    readonly address: string;
    /** The name its certificate must carry. */
    readonly serverName: string;
    /** PEM: the stream authority at the time of injection. */
    readonly ca: string;
  };
  /** In the order of the annotation. */
  readonly databases: readonly ServedDatabase[];
  /** Default `info`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
}

export interface ServedDatabase {
  readonly namespace: string;
  readonly name: string;
  /** Name of the database on the server: tells apart Databases that share a listener, by the startup packet. */
  readonly database: string;
  /** Where clients find it: its own loopback address at the server's port, 127.0.0.1 and ::1 at the local port. */
  readonly listen: readonly { readonly host: string; readonly port: number }[];
  /** Host names that lead here, for the certificate that clients verify. */
  readonly names: readonly string[];
}

/** `namespace/name`. */
export function databaseKey(database: { readonly namespace: string; readonly name: string }): string {
  return `${database.namespace}/${database.name}`;
}

/** @throws SidecarSettingsError with one sentence. */
export function parseSidecarSettings(text: string | undefined): SidecarSettings {
  if (text === undefined || text === '') throw new SidecarSettingsError(`${SETTINGS_VARIABLE} is not set`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SidecarSettingsError(`${SETTINGS_VARIABLE} is not JSON`);
  }
  if (!isSettings(value)) throw new SidecarSettingsError(`${SETTINGS_VARIABLE} is not of this format`);
  return value;
}

export class SidecarSettingsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SidecarSettingsError';
  }
}

function isSettings(value: unknown): value is SidecarSettings {
  if (!isRecord(value) || value['formatVersion'] !== 1) return false;
  const { operator, databases } = value;
  return (
    isRecord(operator) &&
    ['address', 'serverName', 'ca'].every((key) => typeof operator[key] === 'string') &&
    Array.isArray(databases) &&
    databases.every(isServed)
  );
}

function isServed(value: unknown): boolean {
  return (
    isRecord(value) &&
    ['namespace', 'name', 'database'].every((key) => typeof value[key] === 'string') &&
    Array.isArray(value['listen']) &&
    value['listen'].every((each) => isRecord(each) && typeof each['host'] === 'string' && Number.isInteger(each['port'])) &&
    Array.isArray(value['names']) &&
    value['names'].every((each) => typeof each === 'string')
  );
}
