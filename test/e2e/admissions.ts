/**
 * Annotated pods created one after the other, for as long as something else goes on: every one goes through the webhook and the admission
 * policies, and none is ever scheduled (a scheduling gate holds it), so that the nodes have nothing to do with it.
 */
import { podTemplate } from './objects.ts';
import type { World } from './world.ts';

export interface Admissions {
  /** Created so far. */
  readonly created: number;
  /** What kubectl said of those that were not. */
  readonly failed: readonly string[];
  stop(): Promise<void>;
}

/** Objects a call of kubectl, which creates them by a request each: starting kubectl costs more than they do. */
const BATCH = 8;

export function keepCreating(world: World, namespace: string, serviceAccount: string): Admissions {
  const failed: string[] = [];
  let created = 0;
  let stopping = false;
  const running = (async () => {
    const held = { schedulingGates: [{ name: 'sluice.dev/e2e' }] };
    const { metadata, spec } = podTemplate(
      { namespace, name: 'gated', serviceAccount, command: ['true'], spec: held },
      world.images.agents,
    );
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, namespace, generateName: 'gated-' }, spec };
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: Array.from({ length: BATCH }, () => pod) });
    while (!stopping) {
      const { stdout, stderr } = await world.kubectl(['create', '-o', 'name', '-f', '-'], { input: list, mayFail: true });
      const made = stdout.split('\n').filter((line) => line !== '');
      created += made.length;
      if (made.length < BATCH) failed.push(stderr.trim());
    }
  })();
  return {
    get created() {
      return created;
    },
    failed,
    async stop() {
      stopping = true;
      await running;
    },
  };
}
