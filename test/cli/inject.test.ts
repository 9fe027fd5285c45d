/** `sluice inject`, as typed. The shapes of pods themselves are tested by golden files beside the injector. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runSluice } from './support.ts';

const CLUSTER = join(import.meta.dirname, '../../operator/admission/testdata/cluster.yaml');
const POLICY = ['--policy', CLUSTER];

// biome-ignore lint/suspicious/noExplicitAny: raw objects
type Json = Record<string, any>;

const pod = (asked: string | undefined, more: Json = {}): Json => ({
  metadata: asked === undefined ? {} : { annotations: { 'sluice.dev/inject': asked } },
  spec: { serviceAccountName: 'support-agent', containers: [{ name: 'app', image: 'app:1' }], ...more },
});
const workload = (kind: string, template: Json, wrap = (inner: Json): Json => ({ spec: { template: inner } })): Json => ({
  kind,
  metadata: { name: 'agent', namespace: 'ai-agents' },
  ...wrap(template),
});
const file = (...objects: Json[]): string => objects.map((each) => JSON.stringify(each)).join('\n---\n');

async function injected(input: string, args: string[] = []): Promise<{ objects: Json[]; stderr: string; stdout: string }> {
  const { code, stdout, stderr } = await runSluice(['inject', '-f', '-', ...POLICY, ...args], input);
  expect([code, stderr.replace(/^warning: .*\n/gm, '')]).toEqual([0, '']);
  return { objects: parseAllDocuments(stdout).map((each) => each.toJS()), stderr, stdout };
}
const first = (spec: Json): string => spec['initContainers']?.[0]?.name;

describe('sluice inject', () => {
  it('shows every kind of workload as its pods would start, and other objects as they are', async () => {
    const asking = pod('orders');
    const other = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: '1' } };
    const { objects, stdout } = await injected(
      file(
        { kind: 'Pod', ...asking, metadata: { ...asking['metadata'], name: 'agent', namespace: 'ai-agents' } },
        ...['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'ReplicationController'].map((kind) =>
          workload(kind, asking),
        ),
        workload('CronJob', asking, (inner) => ({ spec: { jobTemplate: { spec: { template: inner } } } })),
        other,
        workload('Deployment', pod(undefined)),
      ),
    );
    expect(first(objects[0]!['spec'])).toBe('sluice');
    for (const each of objects.slice(1, 7)) expect(first(each['spec'].template.spec)).toBe('sluice');
    expect(first(objects[7]!['spec'].jobTemplate.spec.template.spec)).toBe('sluice');
    expect(objects[8]).toEqual(other);
    expect(objects[9]).toEqual(workload('Deployment', pod(undefined)));
    expect(stdout).toMatch(/^# A preview by sluice inject .* Do not apply it/);
  });

  it('takes Lists, a namespace for objects that name none, and an image', async () => {
    const list = { kind: 'List', items: [{ kind: 'Pod', ...pod('orders') }] };
    const { objects } = await injected(file(list), ['-n', 'ai-agents', '--image', 'mine:2']);
    expect(objects[0]!['items'][0].spec.initContainers[0]).toMatchObject({ name: 'sluice', image: 'mine:2' });
  });

  it('exits 3 with all reasons of all pods, and prints nothing', async () => {
    const { code, stdout, stderr } = await runSluice(
      ['inject', '-f', '-', ...POLICY],
      file(
        workload('Deployment', pod('ordres', { hostPID: true })),
        workload('Job', pod('orders')),
        workload('StatefulSet', pod('')),
      ),
    );
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(
      /^Deployment ai-agents\/agent is refused:\n {2}DatabaseUnknown: .*\n {2}HostNamespace: .*\nStatefulSet ai-agents\/agent is refused:\n/,
    );
  });

  it('warns where the annotation does nothing', async () => {
    const object = workload('Deployment', pod(undefined));
    object['metadata'].annotations = { 'sluice.dev/inject': 'orders' };
    const { stderr } = await injected(file(object));
    expect(stderr).toContain(
      'stands on the workload itself, where it does nothing; move it to spec.template.metadata.annotations',
    );
  });

  it('refuses its own output: a preview is not for applying', async () => {
    const { stdout } = await injected(file(workload('Deployment', pod('orders'))));
    const again = await runSluice(['inject', '-f', '-', ...POLICY], stdout);
    expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('ImpostorContainer') });
  });

  it.each([
    [['inject', '-f', '-'], '', 2, "required option '--policy"],
    [['inject', ...POLICY], '', 2, "required option '-f, --file"],
    [['inject', '-f', 'none.yaml', ...POLICY], '', 1, 'none.yaml cannot be read: it does not exist'],
    [['inject', '-f', '-', ...POLICY], 'a: [', 1, 'standard input is not YAML'],
    [['inject', '-f', '-', '--policy', 'none.yaml'], '', 1, 'policy file none.yaml does not exist'],
    [['inject', '-f', '-', '-n', 'X', ...POLICY], '', 2, '--namespace wants the name of a namespace'],
  ])('%j', async (args, input, code, message) => {
    const result = await runSluice(args, input);
    expect(result.stderr).toContain(message);
    expect(result.code).toBe(code);
  });

  it('--help says what it prints', async () => {
    const { code, stdout } = await runSluice(['inject', '--help'], '');
    expect(code).toBe(0);
    expect(stdout).toContain('CronJob and PodTemplate');
  });
});
