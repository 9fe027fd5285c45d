/** What others may do to a pod after it was sealed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { RENDER_ANNOTATION } from '../../core/injection/names.ts';
import { seals, TESTDATA } from '../admission/golden-cluster.fixture.ts';
import { serviceAccountOf } from '../admission/raw-pod.ts';
import { canonicalRender } from '../render/canonical-render.ts';
import { asStored, injectedPod, sidecarOf } from '../render/injected-pod.fixture.ts';
import { checkIssued } from './issued-sidecar.ts';
import { keptPod, MOST_KEPT } from './kept-pod.ts';
import { podDangers } from './pod-dangers.ts';

// biome-ignore lint/suspicious/noExplicitAny: raw pods
type Json = any;

const dangers = (change: (pod: Json) => void): readonly string[] => {
  const pod = structuredClone(asStored(injectedPod())) as Json;
  change(pod);
  // What the operator keeps of it must not be judged otherwise.
  expect(podDangers(keptPod(pod))).toEqual(podDangers(pod));
  return podDangers(pod);
};
const ephemeral = (container: object) => (pod: Json) =>
  (pod.spec.ephemeralContainers = [{ name: 'debug', image: 'busybox', ...container }]);

describe('a live pod', () => {
  it('is not in danger as it was injected, nor with a debugger beside its application', () => {
    expect(dangers(() => {})).toEqual([]);
    expect(dangers(ephemeral({ targetContainerName: 'app' }))).toEqual([]);
  });

  it.each<[string, (pod: Json) => void]>([
    ['a debugger beside the sidecar', ephemeral({ targetContainerName: 'sluice' })],
    ['a debugger with the token', ephemeral({ volumeMounts: [{ name: 'sluice-token', mountPath: '/t' }] })],
    ['a debugger with the state', ephemeral({ volumeMounts: [{ name: 'sluice-state', mountPath: '/t', readOnly: true }] })],
    ['a privileged debugger', ephemeral({ securityContext: { privileged: true } })],
    ['a debugger that traces', ephemeral({ securityContext: { capabilities: { add: ['SYS_PTRACE'] } } })],
    ['a debugger that is the sidecar’s user', ephemeral({ securityContext: { runAsUser: 64117 } })],
    ['a writable CA', (pod) => delete pod.spec.containers[0].volumeMounts[0].readOnly],
    [
      'another token for us',
      (pod) => {
        pod.spec.volumes.push({
          name: 'x',
          projected: { sources: [{ serviceAccountToken: { audience: 'sluice.dev', path: 'x' } }] },
        });
      },
    ],
    ['the node’s network', (pod) => (pod.spec.hostNetwork = true)],
    ['the node’s kubelet', (pod) => pod.spec.volumes.push({ name: 'x', hostPath: { path: '/var/lib' } })],
    [
      'a user of its own that is the sidecar’s',
      (pod) => {
        sidecarOf(pod)['securityContext'].runAsUser = 7;
        pod.spec.containers[0].securityContext = { runAsUser: 7 };
      },
    ],
  ])('is in danger with %s', (_, change) => {
    expect(dangers(change)).toHaveLength(1);
    expect(dangers(change)[0]).not.toBe('');
  });

  it('shares its user with all its containers where OpenShift assigns it', () => {
    expect(
      dangers((pod) => {
        sidecarOf(pod)['securityContext'].runAsUser = 1_000_650_000;
        pod.spec.containers[0].securityContext = { runAsUser: 1_000_650_000 };
      }),
    ).toEqual([]);
  });
});

describe('whatever the injector makes', () => {
  const files = readdirSync(TESTDATA).filter((file) => file.endsWith('.injected.yaml'));

  it('there are such pods', () => expect(files.length).toBeGreaterThan(20));

  it.each(files)('%s passes here', (file) => {
    const pod = parse(readFileSync(join(TESTDATA, file), 'utf8')) as Json;
    expect(podDangers(pod)).toEqual([]);
    const subject = { namespace: pod.metadata.namespace ?? 'x', serviceAccount: serviceAccountOf(pod) };
    pod.metadata.annotations[RENDER_ANNOTATION] = seals.seal(subject, canonicalRender(pod)!);
    const issued = checkIssued(pod, subject, { seals, imageDigests: [] });
    expect(checkIssued(keptPod(pod), subject, { seals, imageDigests: [] })).toEqual(issued);
    expect(issued).toMatchObject({ ok: true });
    expect(issued.ok && issued.databases.length).toBeGreaterThan(0);
  });
});

describe('what is kept of a pod', () => {
  it('does not grow with what decides nothing', () => {
    const pod = structuredClone(asStored(injectedPod())) as Json;
    const before = JSON.stringify(keptPod(pod)).length;
    const long = 'x'.repeat(MOST_KEPT);
    pod.metadata.annotations['sluice.dev/notes'] = long;
    pod.metadata.finalizers = [long];
    pod.metadata.managedFields = [{ manager: long }];
    pod.spec.affinity = { nodeAffinity: long };
    Object.assign(pod.spec.containers[0], { env: [{ name: 'A', value: long }], args: [long], command: [long] });
    expect(JSON.stringify(keptPod(pod)).length - before).toBeLessThan(100);
  });
});
