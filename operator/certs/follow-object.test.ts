import { pino } from 'pino';
import { expect, it } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { type KubeApi, SECRETS } from '../api/kube-api.ts';
import { followObject } from './follow-object.ts';

it('says a failure when it begins, when it is another one, and when it has ended', async () => {
  const lines: { level: number; msg: string; reason?: string }[] = [];
  const answers = ['refused', 'refused', 'refused', 'forbidden', 'forbidden', undefined, undefined, 'refused'];
  const follower = followObject({
    api: {} as KubeApi,
    resource: SECRETS,
    ref: { namespace: 'sluice-system', name: 'sluice-seal-keys' },
    clock: manualClock(),
    log: pino({ level: 'info', base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    look: async () => {
      const reason = answers.shift();
      if (reason !== undefined) throw new Error(reason);
      return '1';
    },
  });
  for (let looks = answers.length; looks > 0; looks -= 1) await follower.look();
  expect(lines.map(({ level, msg, reason }) => [level, msg, reason])).toEqual([
    [40, 'object-not-read-or-written', 'refused'],
    [40, 'object-not-read-or-written', 'forbidden'],
    [30, 'object-read-again', undefined],
    [40, 'object-not-read-or-written', 'refused'],
  ]);
  expect(lines[0]).toMatchObject({ object: 'Secret/sluice-system/sluice-seal-keys' });
});
