import { describe, expect, it } from 'vitest';
import { OperatorSettingsError, loadOperatorSettings, parseOperatorSettings } from './settings.ts';

const LEAST = `
namespace: sluice-system
release: sluice
policyNamespaces: [data-platform]
webhook: {serviceName: sluice-webhook, configurationName: sluice.sluice-system.sluice.dev}
stream: {serviceName: sluice-operator}
injector: {image: "sluice-sidecar:0.1.0"}
`;

function problems(text: string): readonly string[] {
  try {
    parseOperatorSettings(text);
  } catch (error) {
    if (error instanceof OperatorSettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('operator settings', () => {
  it('fills in what the chart leaves out', () => {
    expect(parseOperatorSettings(LEAST)).toEqual({
      namespace: 'sluice-system',
      release: 'sluice',
      policyNamespaces: ['data-platform'],
      webhook: {
        host: '0.0.0.0',
        port: 8443,
        serviceName: 'sluice-webhook',
        configurationName: 'sluice.sluice-system.sluice.dev',
        manageCaBundle: true,
      },
      stream: { host: '0.0.0.0', port: 8444, serviceName: 'sluice-operator' },
      health: { host: '0.0.0.0', port: 8080 },
      injector: {
        image: 'sluice-sidecar:0.1.0',
        imagePullPolicy: 'IfNotPresent',
        resources: { cpuRequest: '20m', memoryRequest: '96Mi', memoryLimit: '256Mi' },
        clusterDomain: 'cluster.local',
      },
      identity: { verification: 'Jwks', imageDigests: [] },
      audit: {
        store: 'Embedded',
        embedded: { directory: '/var/lib/sluice/audit', size: '1Gi', whenFull: 'RemoveOldest' },
        retentionDays: 90,
        reading: { host: '127.0.0.1', port: 15_491 },
        peers: { host: '0.0.0.0', port: 8445 },
      },
      logLevel: 'info',
    });
  });

  it('says all mistakes at once, a sentence each', () => {
    const text = `${LEAST.replace('[data-platform]', '[]').replace('sluice-sidecar:0.1.0', '')}
logLevel: verbose
replicas: 2
health: {port: 99999}
identity: {imageDigests: [latest]}
`;
    expect(problems(text)).toEqual([
      'replicas: unknown field "replicas"; expected one of namespace, release, policyNamespaces, webhook, stream, health, injector, identity, audit, logLevel',
      'policyNamespaces: expected at least one item',
      'health.port: 99999 is out of range; expected a whole number from 1 to 65535',
      'injector.image: expected the reference of an image',
      'identity.imageDigests[0]: "latest" is not a digest: sha256: and 64 digits',
      'logLevel: "verbose" is not valid here; expected one of debug, info, warn, error',
    ]);
  });

  it.each([
    ['', 'expected fields'],
    ['- a', 'expected fields'],
    ['a: &b 1\nc: *b', 'aliases'],
    ['a: [', 'the settings are not YAML'],
    [LEAST.replace('release: sluice', 'release: null'), 'release: "release" has no value'],
    [LEAST.replace('namespace: sluice-system', ''), 'required field "namespace" is missing'],
  ])('refuses %j', (text, problem) => {
    expect(problems(text).join('\n')).toContain(problem);
  });

  it('names the file that cannot be read', async () => {
    await expect(loadOperatorSettings('/nowhere/settings.yaml')).rejects.toThrow(
      'the settings file /nowhere/settings.yaml cannot be read: ENOENT',
    );
  });

  it('lets the audit be read on loopback alone, and sends it nowhere with headers in clear', () => {
    expect(problems(`${LEAST}audit: {reading: {host: 0.0.0.0}}\n`)).toEqual([
      'audit.reading.host: "0.0.0.0" is not a loopback address',
    ]);
    expect(problems(`${LEAST}audit: {reading: {host: '::1'}}\n`)).toEqual([]);
    const otlp = (settings: string): readonly string[] => problems(`${LEAST}audit: {otlp: {${settings}}}\n`);
    expect(otlp("endpoint: 'https://c:4318', headersDirectory: /h")).toEqual([]);
    expect(otlp("endpoint: 'https://[::1]:4318/otlp/'")).toEqual([]);
    expect(otlp("endpoint: 'http://c:4318', headersDirectory: /h")).toEqual([
      'audit.otlp.headersDirectory: headers are sent over https alone',
    ]);
    expect(otlp("endpoint: 'http://c/v1/logs'")).toEqual(['audit.otlp.endpoint: leave /v1/logs out, it is added']);
    for (const bad of ['http://u:p@c', 'ftp://c', 'http://c?x=1']) expect(otlp(`endpoint: '${bad}'`)).toHaveLength(1);
    expect(otlp("endpoint: 'http://c:99999'")).toEqual(['audit.otlp.endpoint: is not a URL']);
    expect(problems(`${LEAST}audit: {store: PostgreSQL}\n`)).toEqual(['audit.postgresql: is needed with audit.store PostgreSQL']);
  });
});
