/** What the chart tells the operator: one YAML file (`--settings FILE`), whose values are checked at start, all mistakes at once. */
import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { boolean, defaulted, integer, list, object, oneOf, optional, required, string } from '../crds/schema.ts';
import { namespaceName, objectName } from '../crds/meta.ts';
import { formatPath, validate } from '../core/policy/validate.ts';
import type { InjectorSettings } from './admission/injection.ts';
import { type AuditSettings, auditSettings } from './audit/audit-settings.ts';

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
  readonly audit: AuditSettings;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** All mistakes, a sentence each. */
export class OperatorSettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'OperatorSettingsError';
    this.problems = problems;
  }
}

/** @throws OperatorSettingsError */
export async function loadOperatorSettings(path: string): Promise<OperatorSettings> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new OperatorSettingsError([`the settings file ${path} cannot be read: ${error.code ?? error.message}`]);
  });
  return parseOperatorSettings(text);
}

/** @throws OperatorSettingsError */
export function parseOperatorSettings(text: string): OperatorSettings {
  const document = parseDocument(text, { prettyErrors: false });
  const [broken] = document.errors;
  if (broken !== undefined) throw new OperatorSettingsError([`the settings are not YAML: ${broken.message.split('\n', 1)[0]}`]);
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 0 });
  } catch {
    throw new OperatorSettingsError(['the settings use YAML aliases, which are not resolved here; write the values out']);
  }
  const { value, issues } = validate(content, settings);
  const problems = issues.map(({ path, message }) => (path.length === 0 ? message : `${formatPath(path)}: ${message}`));
  const { audit } = (value ?? {}) as Partial<OperatorSettings>;
  if (issues.length === 0 && audit?.store === 'PostgreSQL' && audit.postgresql === undefined)
    problems.push('audit.postgresql: is needed with audit.store PostgreSQL');
  if (issues.length === 0) problems.push(...otlpProblems(audit?.otlp));
  if (problems.length > 0) throw new OperatorSettingsError(problems);
  return value as OperatorSettings;
}

function otlpProblems(otlp: AuditSettings['otlp']): readonly string[] {
  if (otlp === undefined) return [];
  const { endpoint, headersDirectory } = otlp;
  return [
    ...(URL.canParse(endpoint) ? [] : ['audit.otlp.endpoint: is not a URL']),
    ...(endpoint.endsWith('/v1/logs') ? ['audit.otlp.endpoint: leave /v1/logs out, it is added'] : []),
    ...(headersDirectory !== undefined && endpoint.startsWith('http:')
      ? ['audit.otlp.headersDirectory: headers are sent over https alone']
      : []),
  ];
}

const host = string({ minLength: 1, maxLength: 253, pattern: '^[0-9A-Za-z.:_-]+$', expected: 'an address to listen on' });
const port = integer({ minimum: 1, maximum: 65_535 });
/** Of a Service: a DNS label. */
const serviceName = string({
  minLength: 1,
  maxLength: 63,
  pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$',
  expected: 'the name of a Service',
});
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/, without exponents. */
const quantity = string({
  minLength: 1,
  maxLength: 32,
  pattern: '^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$',
  expected: 'a quantity such as 20m or 96Mi',
});

const settings = object({
  namespace: required(namespaceName),
  release: required(
    string({ minLength: 1, maxLength: 40, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', expected: 'a prefix for names' }),
  ),
  policyNamespaces: required(list(namespaceName, { minItems: 1, maxItems: 1000, listType: 'set' })),
  webhook: required(
    object({
      host: defaulted(host, '0.0.0.0'),
      port: defaulted(port, 8443),
      serviceName: required(serviceName),
      configurationName: required(objectName),
      manageCaBundle: defaulted(boolean(), true),
    }),
  ),
  stream: required(object({ host: defaulted(host, '0.0.0.0'), port: defaulted(port, 8444), serviceName: required(serviceName) })),
  health: defaulted(object({ host: defaulted(host, '0.0.0.0'), port: defaulted(port, 8080) }), { host: '0.0.0.0', port: 8080 }),
  injector: required(
    object({
      image: required(string({ minLength: 1, maxLength: 512, pattern: '^[^\\s]+$', expected: 'the reference of an image' })),
      imagePullPolicy: defaulted(oneOf(['Always', 'IfNotPresent', 'Never']), 'IfNotPresent'),
      resources: defaulted(
        object({
          cpuRequest: defaulted(quantity, '20m'),
          memoryRequest: defaulted(quantity, '96Mi'),
          memoryLimit: defaulted(quantity, '256Mi'),
          cpuLimit: optional(quantity),
        }),
        { cpuRequest: '20m', memoryRequest: '96Mi', memoryLimit: '256Mi' },
      ),
      runAsUser: optional(integer({ minimum: 1, maximum: 2_147_483_647 })),
      clusterDomain: defaulted(
        string({ minLength: 1, maxLength: 253, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$', expected: 'a domain' }),
        'cluster.local',
      ),
      logLevel: optional(oneOf(LEVELS)),
    }),
  ),
  identity: defaulted(
    object({
      verification: defaulted(oneOf(['Jwks', 'TokenReview']), 'Jwks'),
      imageDigests: defaulted(
        list(string({ maxLength: 71, pattern: '^sha256:[0-9a-f]{64}$', expected: 'a digest: sha256: and 64 digits' }), {
          maxItems: 64,
          listType: 'set',
        }),
        [],
      ),
    }),
    { verification: 'Jwks', imageDigests: [] },
  ),
  audit: auditSettings,
  logLevel: defaulted(oneOf(LEVELS), 'info'),
});
