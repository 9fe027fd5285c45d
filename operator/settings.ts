/** What the chart tells the operator: one YAML file (`--settings FILE`), whose values are checked at start. */
import type { InjectorSettings } from './admission/injection.ts';

export interface OperatorSettings {
  /** The operator's own namespace. */
  readonly namespace: string;
  /** Prefix of the names of Secrets, ConfigMaps, Lease and webhook configuration. */
  readonly release: string;
  /** Where Database, DatabaseAccessPolicy and their Secrets are honoured. */
  readonly policyNamespaces: readonly string[];
  readonly webhook: {
    readonly host: string;
    readonly port: number;
    readonly serviceName: string;
    readonly configurationName: string;
    readonly manageCaBundle: boolean;
  };
  readonly stream: { readonly host: string; readonly port: number; readonly serviceName: string };
  readonly health: { readonly host: string; readonly port: number };
  readonly injector: Omit<InjectorSettings, 'operator'>;
  readonly identity: { readonly verification: 'Jwks' | 'TokenReview'; readonly imageDigests: readonly string[] };
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}
