/**
 * `kubectl sluice audit` as an auditor runs it, with the Role of the chart and no other right: a real API server, the operator's pods as objects, and
 * their stores behind read servers of this process. There is no kubelet, so the way to a pod is a program that is called as kubectl is.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rowDigest } from '../../core/audit/digest.ts';
import { createReadServer, type ReadServer } from '../../operator/audit/read-server.ts';
import { EmbeddedStore } from '../../operator/audit/store/embedded-store.ts';
import { generateChains } from '../../bench/audit-records.ts';
import type { Outcome } from '../cli/support.ts';
import { needsKubernetes } from './binaries.ts';
import { applyCrds, installChart, ROOT, SYSTEM } from './chart.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

const { skip, title } = needsKubernetes('kubectl sluice audit');
const PLATFORM = 'data-platform';
const KEY = Buffer.alloc(32, 3);

const FORWARD = `#!${process.execPath}
const net = require('node:net');
const pod = process.argv.find((each) => each.startsWith('pod/')).slice(4);
if (process.argv.at(-1) !== ':15491' || !process.argv.includes('--namespace=sluice-system')) process.exit(64);
const port = JSON.parse(process.env.FORWARDS)[pod];
const server = net.createServer((one) => {
  const other = net.connect(port, '127.0.0.1');
  one.pipe(other).pipe(one);
  for (const each of [one, other]) each.on('error', () => { one.destroy(); other.destroy(); });
});
server.listen(0, '127.0.0.1', () => console.log('Forwarding from 127.0.0.1:' + server.address().port + ' -> ' + port));
`;

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let directory: string;
  let kubeconfig: string;
  const replicas: { readonly store: EmbeddedStore; readonly server: ReadServer; readonly port: number }[] = [];

  const plugin = (args: readonly string[]): Promise<Outcome> =>
    new Promise((resolve) => {
      const forwards = Object.fromEntries(replicas.map(({ port }, index) => [`sluice-operator-${index}`, port]));
      const env = {
        ...process.env,
        PATH: `${join(directory, 'bin')}:${process.env['PATH']}`,
        FORWARDS: JSON.stringify(forwards),
      };
      const options = { timeout: 60_000, maxBuffer: 1 << 26, env };
      // An auditor may not list webhooks, so says where the operator is.
      const where = ['--kubeconfig', kubeconfig, '--operator-namespace', SYSTEM, '--release', 'sluice'];
      const child = execFile(
        join(ROOT, 'bin', 'kubectl-sluice'),
        ['audit', ...args, ...where],
        options,
        (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
      );
    });
  const asked = async (...args: readonly string[]): Promise<Record<string, unknown>[]> => {
    const { code, stdout, stderr } = await plugin(['query', ...args, '-o', 'json']);
    expect([code, stderr]).toEqual([0, '']);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-kubectl-audit-'));
    mkdirSync(join(directory, 'bin'));
    writeFileSync(join(directory, 'bin', 'kubectl'), FORWARD);
    chmodSync(join(directory, 'bin', 'kubectl'), 0o755);
    kube = await startControlPlane();
    for (const namespace of [SYSTEM, PLATFORM]) kube.kubectl(['create', 'namespace', namespace]);
    applyCrds(kube);
    installChart(kube, { set: [`policyNamespaces={${PLATFORM}}`] });
    const chains = [...generateChains(4_000, 6)];
    for (const index of [0, 1]) {
      const store = new EmbeddedStore({
        directory: join(directory, String(index)),
        size: 1e9,
        whenFull: 'Refuse',
        clock: Date,
        log: () => {},
      });
      // The first half is with one of them, the second with the other, and some with both.
      for (const { chain, owner, lines } of chains) {
        const all = [...lines()];
        const first = index === 0 ? 0 : Math.floor(all.length / 2) - 20;
        const next = index === 0 ? Math.floor(all.length / 2) + 20 : all.length;
        await store.append({ chain, owner, first, lines: all.slice(first, next) });
      }
      const server = createReadServer({ host: '127.0.0.1', port: 0, store, digestKey: () => KEY, log: () => {} });
      replicas.push({ store, server, port: await server.listen() });
      await operatorPod(index);
    }
    kube.kubectl(['create', 'serviceaccount', 'auditor', '-n', PLATFORM]);
    kube.kubectl([
      'create',
      'rolebinding',
      'auditors',
      '-n',
      SYSTEM,
      '--role=sluice-auditor',
      `--serviceaccount=${PLATFORM}:auditor`,
    ]);
    kubeconfig = kube.kubeconfigFor(await kube.serviceAccountToken(PLATFORM, 'auditor'));
  });
  afterAll(async () => {
    for (const { server, store } of replicas) {
      await server.close();
      await store.close();
    }
    await kube?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function operatorPod(index: number): Promise<void> {
    const deployment = JSON.parse(kube.kubectl(['get', 'deployment', 'sluice-operator', '-n', SYSTEM, '-o', 'json'])) as {
      spec: { selector: { matchLabels: Record<string, string> } };
    };
    const name = `sluice-operator-${index}`;
    const path = `/api/v1/namespaces/${SYSTEM}/pods`;
    const container = { name: 'operator', image: 'operator:1' };
    const metadata = { name, labels: deployment.spec.selector.matchLabels };
    const spec = { serviceAccountName: 'sluice', containers: [container] };
    const { status, body } = await kube.request('POST', path, { metadata, spec });
    expect(status, JSON.stringify(body)).toBe(201);
    const conditions = [{ type: 'Ready', status: 'True' }];
    await kube.request(
      'PATCH',
      `${path}/${name}/status`,
      { status: { phase: 'Running', conditions } },
      { contentType: 'application/merge-patch+json' },
    );
  }

  test('asks every replica, and each record counts once', async () => {
    const readers = await asked('readers');
    const statements = readers.reduce((sum, each) => sum + Number(each['statements']), 0);
    const all = await asked('statements');
    expect(all).toHaveLength(1_998);
    expect(new Set(all.map(({ chain, seq }) => `${String(chain)} ${String(seq)}`)).size).toBe(all.length);
    const selects = all.filter(({ kind, decision }) => kind === 'select' && decision === 'allow');
    expect(statements).toBe(selects.length);
  });

  test('asks the operator for digests of rows', async () => {
    expect(KEY).toHaveLength(32);
    const digest = rowDigest(KEY, 'public.customers_1', ['42']);
    const identity = { namespace: 'ai-agents', serviceAccount: 'late' };
    const chain = '99999999-9999-4999-8999-999999999999';
    const time = '2026-10-05T00:00:00.000000Z';
    const common = { v: 1, prev: '', session: 's', statement: '1', time };
    const write = { relation: 'public.customers_1', columns: ['note'], action: 'Update' };
    const change = { relation: 'public.customers_1', action: 'Update', rows: 1, key: ['id'], keys: [digest] };
    const lines = [
      {
        ...common,
        seq: 0,
        type: 'intent',
        decision: 'allow',
        kind: 'update',
        text: 'u',
        fingerprint: 'f',
        policies: [],
        reads: [],
        writes: [write],
        masks: {},
      },
      {
        ...common,
        seq: 1,
        type: 'outcome',
        result: 'ok',
        rows: 1,
        evidence: { capture: 'exact', reasons: [], changes: [change] },
      },
    ].map((each) => JSON.stringify(each));
    await replicas[1]!.store.append({
      chain,
      owner: { identity, database: 'data-platform/shop', kind: 'sidecar' },
      first: 0,
      lines,
    });
    const row = ['--table', 'public.customers_1', '--row', 'id=42'];
    expect(await asked('statements', ...row, '--database', 'data-platform/shop')).toMatchObject([
      { subject: 'ai-agents/late', capture: 'exact', touched: ['update public.customers_1(note)'] },
    ]);
    expect(await plugin(['query', 'statements', ...row])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--database NAMESPACE/NAME'),
    });
  });

  test('says what is missing when a replica is not ready, and what an auditor may not do', async () => {
    const path = `/api/v1/namespaces/${SYSTEM}/pods/sluice-operator-1/status`;
    const set = (status: string): Promise<unknown> =>
      kube.request(
        'PATCH',
        path,
        { status: { conditions: [{ type: 'Ready', status }] } },
        { contentType: 'application/merge-patch+json' },
      );
    await set('False');
    expect(await plugin(['query', 'who'])).toMatchObject({ code: 0, stderr: expect.stringContaining('1 of 2 replicas') });
    await set('True');
    const as = `--as=system:serviceaccount:${PLATFORM}:auditor`;
    for (const what of [
      ['get', 'secrets'],
      ['create', 'pods', '--subresource=exec'],
      ['delete', 'pods'],
      ['get', 'pods', '--subresource=log'],
    ])
      expect(() => kube.kubectl(['auth', 'can-i', ...what, '-n', SYSTEM, as])).toThrow(/no/);
    expect(kube.kubectl(['auth', 'can-i', 'create', 'pods', '--subresource=portforward', '-n', SYSTEM, as])).toContain('yes');
    expect(() => kube.kubectl(['auth', 'can-i', 'create', 'pods', '--subresource=portforward', '-n', PLATFORM, as])).toThrow(
      /no/,
    );
    // Policies are not an auditor's to read by this Role: the API server says so, in one sentence.
    expect(await plugin(['query', 'unused'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^sluice: the API server says: .*cannot list/),
    });
  });

  test('writes a review', async () => {
    kube.kubectl([
      'create',
      'clusterrolebinding',
      'auditors',
      '--clusterrole=sluice.sluice-system.sluice.dev:view',
      `--serviceaccount=${PLATFORM}:auditor`,
    ]);
    const out = join(directory, 'review');
    const { code, stdout } = await plugin(['report', '--from', '2026-10-01', '--to', '2026-11-02', '-o', out]);
    expect(stdout.trim().split('\n')).toHaveLength(3);
    // The record that was put in by hand has no chain before it.
    expect(code).toBe(3);
    expect(readFileSync(join(out, 'access-review.md'), 'utf8')).toContain('Read from the operator.');
  });
});
