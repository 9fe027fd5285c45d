import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { createEventRecorder, type Occurrence } from './events.ts';

interface Sent {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly eventTime: string;
  readonly note: string;
}

function setUp() {
  const clock = manualClock();
  const sent: Sent[] = [];
  const api = {
    create: async (_resource: unknown, event: Sent) => {
      sent.push(event);
      return event;
    },
  } as unknown as KubeApi;
  const events = createEventRecorder({ api, clock, instance: 'operator-0', log: () => {} });
  const record = (name: string, note = 'note', namespace = 'data-platform') => {
    const regarding = { apiVersion: 'sluice.dev/v1alpha1', kind: 'Database', namespace, name };
    events.record({ regarding, type: 'Warning', reason: 'Unreachable', action: 'Reconcile', note } satisfies Occurrence);
  };
  return { clock, sent, events, record };
}

describe('Events', () => {
  it('are not repeated within ten minutes', async () => {
    const { clock, sent, record } = setUp();
    record('orders');
    record('orders');
    record('orders', 'another');
    expect(sent).toHaveLength(2);
    await clock.advance(600_001);
    record('orders');
    expect(sent).toHaveLength(3);
  });

  it('of one namespace leave room for those of others', () => {
    const { sent, record } = setUp();
    for (let index = 0; index < 500; index += 1) record(`orders-${index}`, 'note', 'noisy');
    record('orders', 'note', 'quiet');
    expect(sent.filter(({ metadata }) => metadata.namespace === 'noisy').length).toBeLessThan(30);
    expect(sent.filter(({ metadata }) => metadata.namespace === 'quiet')).toHaveLength(1);
  });

  it('are as the API wants them, whatever is noted', () => {
    const { sent, record } = setUp();
    record('x'.repeat(253), `line\u202eline ${'ü'.repeat(2_000)}`);
    const [event] = sent;
    expect(event?.metadata.name.length).toBeLessThanOrEqual(253);
    expect(event?.eventTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(Buffer.byteLength(event?.note ?? '')).toBeLessThanOrEqual(1_024);
    expect(event?.note.startsWith('line line')).toBe(true);
    expect(event?.note).not.toContain('\ufffd');
  });
});
