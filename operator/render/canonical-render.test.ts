/** What changes the canonical render, and what must not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalRender } from './canonical-render.ts';
import { asStored, injectedPod, sidecarOf } from './injected-pod.fixture.ts';

// biome-ignore lint/suspicious/noExplicitAny: pods are cut up freely here
type Json = Record<string, any>;

/** `change` works on a copy of the pod's sidecar. */
function changed(change: (sidecar: Json, pod: Json) => void, pod = injectedPod()): string | undefined {
  const copy = structuredClone(pod) as Json;
  change(sidecarOf(copy), copy);
  return canonicalRender(copy);
}

const rendered = canonicalRender(injectedPod())!;

describe('the canonical render', () => {
  it('is none where no container is ours', () => {
    expect(canonicalRender({ spec: { containers: [{ name: 'app' }] } })).toBeUndefined();
    expect(canonicalRender({})).toBeUndefined();
    expect(canonicalRender({ spec: { containers: [{ name: 'sluice' }] } })).toBeUndefined();
  });

  it('is none where two containers have our name', () => {
    expect(changed((sidecar, pod) => pod['spec'].containers.push({ ...sidecar }))).toBeUndefined();
    expect(changed((_, pod) => (pod['spec'].ephemeralContainers = [{ name: 'sluice' }]))).toBeUndefined();
    expect(changed((sidecar, pod) => pod['spec'].initContainers.push({ ...sidecar }))).toBeUndefined();
  });

  it('is the same before and after the API server has written its defaults', () => {
    expect(canonicalRender(asStored(injectedPod()))).toBe(rendered);
  });

  it('does not depend on the order of keys, of volumes, of init containers', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, inner]) => [key, shuffled(inner)]),
      );
    };
    expect(canonicalRender(shuffled(injectedPod()) as Json)).toBe(rendered);
    expect(changed((_, pod) => pod['spec'].volumes.reverse())).toBe(rendered);
    expect(changed((_, pod) => pod['spec'].initContainers.reverse())).toBe(rendered);
  });

  it.each<[string, (sidecar: Json, pod: Json) => void]>([
    ['resources', (sidecar) => (sidecar['resources'] = { limits: { cpu: '2', memory: '1Gi' } })],
    ['no resources', (sidecar) => delete sidecar['resources']],
    ['the pull policy, which AlwaysPullImages changes', (sidecar) => (sidecar['imagePullPolicy'] = 'Always')],
    ['other containers', (_, pod) => (pod['spec'].containers[0].image = 'app:2')],
    ['volumes that are not ours', (_, pod) => pod['spec'].volumes.push({ name: 'cache', emptyDir: {} })],
    ['labels', (_, pod) => (pod['metadata'].labels['tier'] = 'x')],
    ['a false that means absent', (_, pod) => (pod['spec'].hostNetwork = false)],
    ['a process namespace that is explicitly not shared', (_, pod) => (pod['spec'].shareProcessNamespace = false)],
    ['an empty list', (sidecar) => (sidecar['envFrom'] = [])],
  ])('does not depend on %s', (_, change) => {
    expect(changed(change)).toBe(rendered);
  });

  it.each<[string, (sidecar: Json, pod: Json) => void]>([
    ['envFrom', (sidecar) => (sidecar['envFrom'] = [{ configMapRef: { name: 'mine' } }])],
    ['another variable', (sidecar) => sidecar['env'].push({ name: 'NODE_OPTIONS', value: '--inspect=0.0.0.0' })],
    ['a variable before ours', (sidecar) => sidecar['env'].unshift({ name: 'NODE_EXTRA_CA_CERTS', value: '/x' })],
    ['variables in another order', (sidecar) => sidecar['env'].reverse()],
    ['a mount', (sidecar) => sidecar['volumeMounts'].push({ name: 'app-data', mountPath: '/app' })],
    [
      'a writable mount of the CA',
      (sidecar) => delete sidecar['volumeMounts'].find((each: Json) => each['readOnly'])['readOnly'],
    ],
    ['a device', (sidecar) => (sidecar['volumeDevices'] = [{ name: 'disk', devicePath: '/dev/x' }])],
    ['a command', (sidecar) => (sidecar['command'] = ['sh'])],
    ['arguments', (sidecar) => (sidecar['args'] = ['-e', ''])],
    ['a hook', (sidecar) => (sidecar['lifecycle'] = { postStart: { exec: { command: ['sh'] } } })],
    ['a probe that executes', (sidecar) => (sidecar['livenessProbe'] = { exec: { command: ['sh'] } })],
    ['a working directory', (sidecar) => (sidecar['workingDir'] = '/tmp')],
    ['a port on the host', (sidecar) => (sidecar['ports'] = [{ containerPort: 15490, hostPort: 15490 }])],
    ['standard input', (sidecar) => (sidecar['stdin'] = true)],
    ['a terminal', (sidecar) => (sidecar['tty'] = true)],
    ['no restart policy', (sidecar) => delete sidecar['restartPolicy']],
    ['root', (sidecar) => (sidecar['securityContext'].runAsUser = 0)],
    ['the user of OpenShift’s ranges instead of ours', (sidecar) => (sidecar['securityContext'].runAsUser = 1_000_650_000)],
    ['no user', (sidecar) => delete sidecar['securityContext'].runAsUser],
    ['privileges', (sidecar) => (sidecar['securityContext'].privileged = true)],
    ['a capability', (sidecar) => (sidecar['securityContext'].capabilities.add = ['SYS_PTRACE'])],
    ['a termination message elsewhere', (sidecar) => (sidecar['terminationMessagePath'] = '/var/run/sluice/state/credential')],
    ['a device plugin’s resource', (sidecar) => (sidecar['resources'].limits['example.com/fuse'] = '1')],
    ['a claimed device', (sidecar) => (sidecar['resources'].claims = [{ name: 'gpu' }])],
    ['a field of the future', (sidecar) => (sidecar['checkpointTo'] = 'elsewhere')],
    ['a field of the future that is false', (sidecar) => (sidecar['isolated'] = false)],
    [
      '__proto__',
      (sidecar) => Object.defineProperty(sidecar['securityContext'], '__proto__', { value: { x: 1 }, enumerable: true }),
    ],
    ['hostNetwork', (_, pod) => (pod['spec'].hostNetwork = true)],
    ['hostPID', (_, pod) => (pod['spec'].hostPID = true)],
    ['hostIPC', (_, pod) => (pod['spec'].hostIPC = true)],
    ['shareProcessNamespace', (_, pod) => (pod['spec'].shareProcessNamespace = true)],
    ['the state on the node’s disk', (_, pod) => (volume(pod, 'sluice-state').emptyDir = {})],
    ['the state on the node', (_, pod) => replace(pod, 'sluice-state', { hostPath: { path: '/tmp' } })],
    ['the token’s audience', (_, pod) => (token(pod).audience = 'other')],
    ['the token’s lifetime', (_, pod) => (token(pod).expirationSeconds = 7200)],
    [
      'another source beside the token',
      (_, pod) => volume(pod, 'sluice-token').projected.sources.push({ secret: { name: 'x' } }),
    ],
  ])('depends on %s', (_, change) => {
    const render = changed(change);
    expect(render).toBeDefined();
    expect(render).not.toBe(rendered);
  });

  describe('of a mount named like the ServiceAccount plugin’s', () => {
    const mount = { name: 'kube-api-access-abcde', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true };
    const plugin = { name: 'kube-api-access-abcde', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } };
    const withMount = (each: Json, source: Json) =>
      changed((sidecar, pod) => {
        sidecar['volumeMounts'].push(each);
        pod['spec'].volumes.push(source);
      });

    it('leaves out the plugin’s', () => expect(withMount(mount, plugin)).toBe(rendered));
    it.each([
      ['elsewhere', { ...mount, mountPath: '/app' }, plugin],
      ['writable', { ...mount, readOnly: false }, plugin],
      ['of a part', { ...mount, subPath: 'x' }, plugin],
      ['of another kind', mount, { name: mount.name, hostPath: { path: '/' } }],
      ['with a Secret', mount, { name: mount.name, projected: { sources: [{ secret: { name: 'x' } }] } }],
      ['of nothing', mount, { name: 'another', emptyDir: {} }],
    ])('keeps one %s', (_name, each, source) => expect(withMount(each, source)).not.toBe(rendered));
  });

  it('is the same with the user and the drops that OpenShift assigns, where none of ours was set', () => {
    const free = injectedPod();
    delete sidecarOf(free as Json)['securityContext'].runAsUser;
    const assigned = changed((sidecar) => {
      sidecar['securityContext'].runAsUser = 1_000_650_000;
      sidecar['securityContext'].capabilities.drop.push('KILL', 'MKNOD');
    }, free);
    expect(assigned).toBe(canonicalRender(free));
    expect(changed((sidecar) => (sidecar['securityContext'].runAsUser = 1001), free)).not.toBe(canonicalRender(free));
  });

  it('changes with any leaf of the container, and with any that is taken away or added', () => {
    const paths = leaves(sidecarOf(injectedPod() as Json)).filter(
      (path) => path[0] !== 'resources' && path[0] !== 'imagePullPolicy' && path[0] !== 'name',
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...paths),
        fc.constantFrom('change' as const, 'remove' as const, 'add' as const),
        fc.jsonValue(),
        (path, how, value) => {
          const render = changed((sidecar) => {
            const parent = path.slice(0, -1).reduce<Json>((at, key) => at[key], sidecar);
            const last = path.at(-1)!;
            if (how === 'add' && Array.isArray(parent)) parent.push('another');
            else if (how === 'add') parent[`${last}x`] = nonEmpty(value);
            else if (how === 'remove' && Array.isArray(parent)) parent.splice(Number(last), 1);
            else if (how === 'remove') delete parent[last];
            else parent[last] = another(parent[last]);
          });
          const same = MEANS_THE_SAME[how].includes(path.join('.'));
          if (same) expect(render).toBe(rendered);
          else expect(render).not.toBe(rendered);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is one text for one meaning: two renders are equal only where their parts are', () => {
    const variable = fc.record({ name: fc.string({ minLength: 1 }), value: fc.string() });
    fc.assert(
      fc.property(fc.array(variable), fc.array(variable), (one, two) => {
        const render = (env: Json[]) => changed((sidecar) => (sidecar['env'] = env));
        expect(render(one) === render(two)).toBe(JSON.stringify(one) === JSON.stringify(two));
      }),
    );
  });
});

/** Values of the fixture that the API server would have written itself; beside ALL nothing more can be dropped. */
const MEANS_THE_SAME = {
  change: [] as string[],
  remove: ['startupProbe.httpGet.scheme', 'startupProbe.timeoutSeconds', 'terminationMessagePath'],
  add: ['securityContext.capabilities.drop.0'],
};

function leaves(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (Array.isArray(value)) return value.flatMap((each, index) => leaves(each, [...path, index]));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, each]) => leaves(each, [...path, key]));
  return [path];
}

function another(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  return `${value}x`;
}

function nonEmpty(value: unknown): unknown {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0) ? 'x' : value;
}

function volume(pod: Json, name: string): Json {
  return pod['spec'].volumes.find((each: Json) => each['name'] === name);
}

function replace(pod: Json, name: string, source: Json): void {
  const { volumes } = pod['spec'];
  volumes.splice(volumes.indexOf(volume(pod, name)), 1, { name, ...source });
}

function token(pod: Json): Json {
  return volume(pod, 'sluice-token')['projected'].sources[0].serviceAccountToken;
}
