/** `audit` of the operator's settings: where records are kept, for how long, and who may read them where. */
import { boolean, defaulted, integer, object, oneOf, optional, required, string } from '../../crds/schema.ts';

export interface AuditSettings {
  readonly store: 'Embedded' | 'PostgreSQL';
  readonly embedded: {
    /** Written to by this replica alone. */
    readonly directory: string;
    /** Of the file, as a quantity: `1Gi`. */
    readonly size: string;
    readonly whenFull: 'RemoveOldest' | 'Refuse';
  };
  /** With store PostgreSQL. */
  readonly postgresql?: PostgresSettings;
  /** Days after which records are removed. 0: never. */
  readonly retentionDays: number;
  /** For people, through `kubectl port-forward`: loopback only. */
  readonly reading: { readonly host: string; readonly port: number };
  /** Replicas with embedded stores copy from each other. */
  readonly peers: {
    readonly host: string;
    readonly port: number;
    /** Of a headless Service that has the addresses of all replicas. */
    readonly serviceName?: string;
  };
  /** Records are sent there, too. */
  readonly otlp?: {
    /** Base URL of OTLP/HTTP: `/v1/logs` is added. */
    readonly endpoint: string;
    /** A file for each header. With https alone. */
    readonly headersDirectory?: string;
    /** PEM. Absent: the system's authorities. */
    readonly caFile?: string;
  };
}

export interface PostgresSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly tls: 'VerifyFull' | 'VerifyCA' | 'Require' | 'Disable';
  /** With files `username`, `password` and, if the authority is not a public one, `ca.crt`. Read anew for each connection. */
  readonly secretDirectory: string;
  /** False: the schema is there already, and this login may not make it. */
  readonly manageSchema: boolean;
}

const host = string({ minLength: 1, maxLength: 253, pattern: '^[0-9A-Za-z.:_-]+$', expected: 'a host name or address' });
/** What is read without a login is reached from within the pod alone. */
const loopback = string({ minLength: 1, maxLength: 9, pattern: '^(127\\.0\\.0\\.1|::1)$', expected: 'a loopback address' });
const directory = string({ minLength: 1, maxLength: 1024, pattern: '^/', expected: 'an absolute path' });
/** 0: any free one. */
const port = integer({ minimum: 0, maximum: 65_535 });

const DEFAULTS: AuditSettings = {
  store: 'Embedded',
  embedded: { directory: '/var/lib/sluice/audit', size: '1Gi', whenFull: 'RemoveOldest' },
  retentionDays: 90,
  reading: { host: '127.0.0.1', port: 15_491 },
  peers: { host: '0.0.0.0', port: 8445 },
};

export const auditSettings = defaulted(
  object({
    store: defaulted(oneOf(['Embedded', 'PostgreSQL']), DEFAULTS.store),
    embedded: defaulted(
      object({
        directory: defaulted(directory, DEFAULTS.embedded.directory),
        size: defaulted(
          string({
            minLength: 1,
            maxLength: 32,
            pattern: '^[0-9]+(\\.[0-9]+)?(k|M|G|T|Ki|Mi|Gi|Ti)?$',
            expected: 'bytes, such as 1Gi',
          }),
          DEFAULTS.embedded.size,
        ),
        whenFull: defaulted(oneOf(['RemoveOldest', 'Refuse']), DEFAULTS.embedded.whenFull),
      }),
      DEFAULTS.embedded,
    ),
    postgresql: optional(
      object({
        host: required(host),
        port: defaulted(integer({ minimum: 1, maximum: 65_535 }), 5432),
        database: required(string({ minLength: 1, maxLength: 63 })),
        tls: defaulted(oneOf(['VerifyFull', 'VerifyCA', 'Require', 'Disable']), 'VerifyFull'),
        secretDirectory: required(directory),
        manageSchema: defaulted(boolean(), true),
      }),
    ),
    retentionDays: defaulted(integer({ minimum: 0, maximum: 36_500 }), DEFAULTS.retentionDays),
    reading: defaulted(
      object({ host: defaulted(loopback, DEFAULTS.reading.host), port: defaulted(port, DEFAULTS.reading.port) }),
      DEFAULTS.reading,
    ),
    peers: defaulted(
      object({
        host: defaulted(host, DEFAULTS.peers.host),
        port: defaulted(port, DEFAULTS.peers.port),
        serviceName: optional(
          string({ minLength: 1, maxLength: 63, pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$', expected: 'the name of a Service' }),
        ),
      }),
      DEFAULTS.peers,
    ),
    otlp: optional(
      object({
        endpoint: required(
          string({
            minLength: 1,
            maxLength: 1024,
            // No login, no query: what is secret is not in settings.
            pattern: '^https?://[0-9A-Za-z.:_\\[\\]-]+(/[0-9A-Za-z._~/-]*)?$',
            expected: 'a URL such as https://collector.example:4318',
          }),
        ),
        headersDirectory: optional(directory),
        caFile: optional(directory),
      }),
    ),
  }),
  DEFAULTS,
);

const UNITS: Readonly<Record<string, number>> = {
  ...{ '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
  ...{ Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 },
};

/** Of a quantity that the schema has let through. */
export function bytesOf(quantity: string): number {
  const [, digits = '', unit = ''] = /^([0-9.]+)([A-Za-z]*)$/.exec(quantity) ?? [];
  return Math.floor(Number(digits) * (UNITS[unit] ?? 1));
}
