/** From a container that starts to one that serves, whatever is not there yet. */
import { describe, expect, it } from 'vitest';
import { ask, forward, laboratory, ready, refusal, started } from './laboratory.ts';
import { freePort } from '../support/free-ports.ts';
import { until } from '../support/until.ts';

const lab = laboratory();

describe('a sidecar', () => {
  it('serves under what the operator says, as whom the operator says, and ends on SIGTERM with 0', async () => {
    const sidecar = await lab.startSidecar();
    await ready(sidecar);
    const client = await sidecar.connect();
    // Nobody has looked at values: names, types and the precaution for texts count.
    expect(await ask(client, 'SELECT name, email, note FROM customers WHERE id = 1')).toEqual([
      'Ada Lovelace',
      expect.stringMatching(/^a\*+@|\*/),
      expect.not.stringMatching(/engines/),
    ]);
    expect(await ask(client, 'DELETE FROM tickets')).toMatch(/^42501 SLUICE-203/);
    expect(await ask(client, "SELECT current_setting('application_name')")).toEqual(['sluice/agents/bot/bot-1']);
    await client.close();
    const [start] = sidecar.stdout().split('\n');
    expect(JSON.parse(start!)).toMatchObject({
      type: 'chain-start',
      identity: { namespace: 'agents', serviceAccount: 'bot', pod: 'bot-1', node: 'node-a' },
    });
    expect(JSON.stringify(sidecar.logs())).not.toContain(lab.server.password);
    expect(await sidecar.stop()).toBe(0);
  });

  it('listens before it has heard from anybody, and says that it waits for the operator', async () => {
    const sidecar = await lab.startSidecar({ operator: 1 });
    expect(await sidecar.health('/startupz')).toMatchObject({ status: 503, text: expect.stringContaining('data/shop') });
    expect(await sidecar.health('/healthz')).toMatchObject({ status: 200 });
    expect(await sidecar.health('/readyz')).toEqual({ status: 503, text: 'data/shop: SLUICE-708\n' });
    expect(await refusal(sidecar)).toMatchObject({
      C: '57P03',
      M: expect.stringContaining('operator'),
      D: expect.stringMatching(/^SLUICE-708/),
    });
  });

  it('is started while the database is down, says so to clients, and serves when it comes', async () => {
    const port = await freePort();
    lab.govern('shop', { port });
    const sidecar = await lab.startSidecar();
    await started(sidecar);
    await until(async () => /cannot be reached/.test((await refusal(sidecar))?.['D'] ?? ''));
    expect(await refusal(sidecar)).toMatchObject({ C: '57P03', D: expect.stringMatching(/^SLUICE-710/) });
    await until(() => lab.operator.acknowledgements.of('data/shop').connected === 1);
    expect(lab.operator.acknowledgements.of('data/shop').policies[0]).toMatchObject({ bound: 1, programmed: 0 });
    const door = await forward(port, lab.server.port);
    try {
      await ready(sidecar);
      expect(await ask(await sidecar.connect(), 'SELECT name FROM customers WHERE id = 1')).toEqual(['Ada Lovelace']);
      await until(() => lab.operator.acknowledgements.of('data/shop').policies[0]?.programmed === 1);
    } finally {
      door.close();
    }
  });

  it('of a pod that the operator refuses never starts', async () => {
    lab.cluster.identity.refusals.set('token-1', { ok: false, code: 'RenderUnknown', reason: 'not one of ours' });
    const sidecar = await lab.startSidecar();
    await until(async () => (await sidecar.health('/startupz')).text.includes('not one of ours'));
    expect((await refusal(sidecar))?.['D']).toMatch(/^SLUICE-70[38]/);
  });

  it('never tries names of its own where the operator has no address', async () => {
    lab.cluster.materials.set('data/shop', {
      logins: { '': { username: 'postgres', password: lab.server.password } },
      addresses: [],
    });
    lab.cluster.view.changed('data/shop');
    const sidecar = await lab.startSidecar();
    await started(sidecar);
    await until(() => sidecar.logs().some(({ reason }) => String(reason).includes('the operator cannot resolve the host')));
    expect((await refusal(sidecar))?.['D']).toMatch(/^SLUICE-710/);
  });
});
