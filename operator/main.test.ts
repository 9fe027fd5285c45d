import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VERSION } from '../core/version.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-operator-'));

function operator(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'main.ts'), ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...environment },
    timeout: 30_000,
  });
}

function settings(text: string): string {
  const file = join(directory, 'settings.yaml');
  writeFileSync(file, text);
  return file;
}

const VALID = (health: number): string => `
namespace: sluice-system
release: sluice
policyNamespaces: [data-platform]
webhook: {serviceName: sluice-webhook, configurationName: sluice}
stream: {serviceName: sluice-operator}
health: {host: 127.0.0.1, port: ${health}}
injector: {image: sluice-sidecar:1}
`;

test('says how it is used, and which version it is', () => {
  expect(operator(['--help'])).toMatchObject({ status: 0, stdout: expect.stringContaining('--settings FILE') });
  expect(operator(['--version'])).toMatchObject({ status: 0, stdout: `${VERSION}\n` });
  expect(operator([])).toMatchObject({ status: 2, stderr: expect.stringContaining('usage: operator') });
  expect(operator(['--seting', 'x'])).toMatchObject({ status: 2, stderr: expect.stringContaining("Unknown option '--seting'") });
});

test('lists all mistakes in the settings', () => {
  const { status, stderr } = operator(['operator', '--settings', settings('policyNamespaces: [Data]\nwebhok: {}\n')]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/operator: policyNamespaces\[0\]: /);
  expect(stderr).toMatch(/webhok/);
  expect(operator(['--settings', join(directory, 'none.yaml')])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('ENOENT'),
  });
});

test('ends with a sentence where there are no credentials, or its port is taken', async () => {
  const missing = operator(['--settings', settings(VALID(18_080))], { KUBECONFIG: join(directory, 'none') });
  expect(missing).toMatchObject({ status: 1, stdout: expect.stringContaining('cannot be read: ENOENT') });
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: { token: 'secret-token' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  const busy = operator(['--settings', settings(VALID((taken.address() as { port: number }).port))], { KUBECONFIG: kubeconfig });
  taken.close();
  expect(busy).toMatchObject({ status: 1, stdout: expect.stringContaining('EADDRINUSE') });
  expect(busy.stdout + busy.stderr).not.toContain('secret-token');
});
