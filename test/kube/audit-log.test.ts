/**
 * What the operator itself records, on a real API server: keys and trust anchors, who changed a policy, the log of the cluster over a replica that is
 * killed and one that takes over; judged by `sluice audit verify` with nothing but what a stranger would be given.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HEAD_ANNOTATION, TRUST_KEY } from '../../core/audit/published.ts';
import { RECORDS_PATH } from '../../core/audit/reading.ts';
import type { PublishedHead } from '../../core/audit/trail.ts';
import { verifyTrail, type TrailReport } from '../../core/audit/verify-trail.ts';
import { readTrusted } from '../../cli/audit/report/trust.ts';
import { storeSource } from '../../cli/audit/sources/source.ts';
import { sourceTrail } from '../../cli/audit/verify-sources.ts';
import { EmbeddedStore } from '../../operator/audit/store/embedded-store.ts';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { eventually } from '../support/until.ts';
import { BINARIES, needsKubernetes } from './binaries.ts';
import { SYSTEM } from './chart.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type Installation, install, type RunningOperator } from './installation.ts';

interface Admin {
  readonly type: string;
  readonly action: string;
  readonly object?: string;
  readonly author?: { readonly username: string; readonly groups: readonly string[] };
  readonly detail: Readonly<Record<string, string>>;
}

const { skip, title } = needsKubernetes('the log of the cluster and admin records');
const PLATFORM = 'data-platform';

describe.skipIf(skip)(
  title,
  () => {
    let kube: ControlPlane;
    let installation: Installation;
    let operator: RunningOperator;

    beforeAll(async () => {
      kube = await startControlPlane();
      installation = await install(kube, { policyNamespaces: [PLATFORM], authors: true });
      operator = await installation.startOperator('operator-0');
    });
    afterAll(async () => {
      await operator?.stop('SIGKILL');
      await kube?.stop();
    });

    const policy = (more: object = {}): string =>
      JSON.stringify({
        apiVersion: 'sluice.dev/v1alpha1',
        kind: 'DatabaseAccessPolicy',
        metadata: { name: 'support', namespace: PLATFORM },
        spec: {
          databaseRef: { name: 'orders' },
          subjects: [{ serviceAccount: { namespace: 'agents', name: 'support' } }],
          grants: [{ tables: ['public.t'], actions: ['Select'] }],
          ...more,
        },
      });
    /** By a process that this one does not wait for: it routes what the API server asks the operator. */
    const kubectl = (args: readonly string[], stdin = ''): Promise<void> =>
      new Promise((resolve, reject) => {
        const env = { ...process.env, KUBECONFIG: kube.kubeconfig };
        const child = execFile(join(BINARIES, 'kubectl'), args, { env }, (error) => (error === null ? resolve() : reject(error)));
        child.stdin?.end(stdin);
      });
    const trustMap = (): { data: Record<string, string>; metadata: { annotations?: Record<string, string> } } =>
      JSON.parse(kube.kubectl(['get', 'configmap', 'sluice-audit-trust', '-n', SYSTEM, '-o', 'json']));
    const head = (): PublishedHead => JSON.parse(trustMap().metadata.annotations![HEAD_ANNOTATION]!) as PublishedHead;

    /** Of a replica that has ended. */
    async function stored(name: string): Promise<{ readonly admin: readonly Admin[]; readonly report: TrailReport }> {
      const store = new EmbeddedStore({
        directory: join(kube.directory, `audit-${name}`),
        size: 1024 ** 3,
        whenFull: 'Refuse',
        clock: systemClock,
        log: () => {},
      });
      try {
        const admin: Admin[] = [];
        for await (const { line } of store.records({ types: ['admin'] })) {
          const record = JSON.parse(line) as Admin;
          if (record.type === 'admin') admin.push(record);
        }
        const file = join(kube.directory, 'trust.yaml');
        writeFileSync(file, kube.kubectl(['get', 'configmap', 'sluice-audit-trust', '-n', SYSTEM, '-o', 'yaml']));
        const report = await verifyTrail(await sourceTrail(storeSource(store), name, true), {
          trusted: readTrusted(file),
          whole: true,
        });
        return { admin, report };
      } finally {
        await store.close();
      }
    }

    test('the anchors and where the log stands are published', async () => {
      await eventually(() => {
        expect(JSON.parse(trustMap().data[TRUST_KEY]!)).toMatchObject({ v: 1, keys: [{ id: expect.any(String) }] });
        expect(head().chain).toMatch(/^cluster-/);
      });
    });

    test('changes of a policy are recorded with their author, and as they were stored', async () => {
      const as = ['--as=ada', '--as-group=system:masters', '--as-group=platform'];
      await kubectl(['apply', '-f', '-', ...as], policy());
      await kubectl(['apply', '-f', '-', ...as], policy({ mode: 'Observe' }));
      await kubectl(['annotate', 'dap', 'support', '-n', PLATFORM, 'note=x', ...as]);
      await kubectl(['apply', '--dry-run=server', '-f', '-', ...as], policy({ limits: { maxRows: 1 } }));
      await kubectl(['delete', 'dap', 'support', '-n', PLATFORM, '--as=bob', '--as-group=system:masters']);
      await eventually(() => expect(operator.output()).toContain('audit-log-head'));
      // Its store is read when it is gone: killed, so that nothing is written at the end.
      await eventually(async () => {
        const answer = await fetch(`http://127.0.0.1:${operator.reading}${RECORDS_PATH}?types=admin`).then((response) =>
          response.text(),
        );
        expect(answer).toContain('policy-deleted');
      });
      await operator.stop('SIGKILL');
      const { admin, report } = await stored('operator-0');
      expect(report.chains.map(({ chain, fault }) => [chain, fault]).filter(([, fault]) => fault !== undefined)).toEqual([]);
      const own = admin.filter(({ object }) => object === `DatabaseAccessPolicy ${PLATFORM}/support`);
      const requested = own.filter(({ author }) => author !== undefined);
      expect(requested.map(({ action, author }) => [action, author?.username])).toEqual([
        ['policy-create-requested', 'ada'],
        ['policy-change-requested', 'ada'],
        ['policy-delete-requested', 'bob'],
      ]);
      expect(requested[0]?.author?.groups).toContain('platform');
      const done = own.filter(({ author }) => author === undefined);
      expect(done.map(({ action, detail }) => [action, detail['changed']])).toEqual([
        ['policy-created', undefined],
        ['policy-changed', 'spec.mode'],
        ['policy-deleted', undefined],
      ]);
      expect(done.map(({ detail }) => detail['digest'])).toEqual(requested.map(({ detail }) => detail['digest']));
      expect(admin.map(({ action }) => action)).toEqual(
        expect.arrayContaining(['operator-started', 'audit-keys-read', 'leadership-taken', 'objects-found']),
      );
    });

    test('the log goes on after a kill and over terms: one log, every chain of a replica in it, proven', async () => {
      const before = head();
      for (let round = 0; round < 3; round += 1) {
        operator = await installation.startOperator('operator-0', { ports: operator.ports });
        await eventually(() => expect(operator.output()).toContain('"audit-log-head"'), 60_000);
        await operator.stop(round === 1 ? 'SIGTERM' : 'SIGKILL');
      }
      const after = head();
      expect([after.chain, after.seq > before.seq]).toEqual([before.chain, true]);
      const { report } = await stored('operator-0');
      expect(report.chains.map(({ chain, fault }) => [chain, fault]).filter(([, fault]) => fault !== undefined)).toEqual([]);
      const logs = report.chains.filter(({ kind }) => kind === 'cluster');
      expect(logs.map(({ chain, state }) => [chain, state])).toEqual([[before.chain, 'proven']]);
      const replicas = report.chains.filter(({ kind }) => kind === 'operator');
      expect(replicas).toHaveLength(4);
      expect(replicas.map(({ state }) => state).filter((state) => state !== 'proven' && state !== 'partly')).toEqual([]);
    });
  },
  180_000,
);
