/** Where a database server is and how its identity is verified. */
export type TlsMode = 'VerifyFull' | 'VerifyCA' | 'Require' | 'Disable';

export interface UpstreamTarget {
  /** Host name or address; the name the certificate must carry with VerifyFull. */
  readonly host: string;
  readonly port: number;
  /** Addresses to dial instead of resolving `host`, tried in order. */
  readonly addresses?: readonly string[];
  readonly tls: {
    readonly mode: TlsMode;
    /** PEM, one or more certificates; undefined: the system's roots. */
    readonly ca?: string;
    /** The name the certificate must carry when it is not `host`. */
    readonly serverName?: string;
  };
}

/** `host:port`, brackets around IPv6. */
export function describeTarget(target: UpstreamTarget): string {
  return `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
}

/** 127.0.0.0/8, ::1 and localhost. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
