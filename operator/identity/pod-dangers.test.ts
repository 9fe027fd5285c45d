/** What others may do to a pod after it was sealed. */
import { describe, expect, it } from 'vitest';
import { asStored, injectedPod, sidecarOf } from '../render/injected-pod.fixture.ts';
import { podDangers } from './pod-dangers.ts';

// biome-ignore lint/suspicious/noExplicitAny: raw pods
type Json = any;

const dangers = (change: (pod: Json) => void): readonly string[] => {
  const pod = structuredClone(asStored(injectedPod())) as Json;
  change(pod);
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
