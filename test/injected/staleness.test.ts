/** The sidecar without its operator: what it knows holds for a while, over restarts, and not longer. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { policyYaml } from '../stream/documents.ts';
import { ask, laboratory, ready, refusal, started } from './laboratory.ts';
import { until } from '../support/until.ts';

const lab = laboratory();

describe('while the operator is down', () => {
  it('a sidecar that restarts serves what was said last, credential and all', async () => {
    const first = await lab.startSidecar();
    await ready(first);
    await first.stop('SIGKILL');
    await lab.operator.close();
    const second = await lab.startSidecar();
    await ready(second);
    expect(await ask(await second.connect(), 'SELECT name FROM customers WHERE id = 1')).toEqual(['Ada Lovelace']);
    await started(second);
  });

  it('one whose memory is damaged waits, and says so', async () => {
    const first = await lab.startSidecar();
    await ready(first);
    await first.stop();
    await lab.operator.close();
    const file = join(lab.volumes.state, 'operator.json');
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -10));
    const second = await lab.startSidecar();
    expect((await refusal(second))?.['D']).toMatch(/^SLUICE-708/);
    expect(second.logs().filter(({ msg }) => msg === 'operator-memory-ignored')).toHaveLength(1);
    expect(JSON.stringify(second.logs())).not.toContain(lab.server.password);
  });

  it('after maxStaleness sessions end and newcomers are told why; it comes back by itself, and with what holds then', async () => {
    lab.govern('shop', { extra: '  maxStaleness: 3s' });
    const { port } = lab.operator;
    const sidecar = await lab.startSidecar();
    await ready(sidecar);
    const client = await sidecar.connect();
    await lab.operator.close();
    await until(() => client.ended);
    expect(await refusal(sidecar)).toMatchObject({ C: '57P03', D: expect.stringMatching(/^SLUICE-709.*3s/s) });
    expect(await sidecar.health('/healthz')).toMatchObject({ status: 200 });
    expect((await sidecar.health('/metrics')).text).toContain('sluice_databases_stale 1');
    lab.cluster.view.apply(
      policyYaml('shop-read', 'shop', { grants: '[{tables: [public.tickets], actions: [Select]}]', extra: '' }),
    );
    await lab.startOperator({ port, times: { heartbeat: 500 } });
    await ready(sidecar);
    expect(await ask(await sidecar.connect(), 'SELECT name FROM customers')).toMatch(/^42501 SLUICE-201/);
  });

  it('a pod whose identity is revoked has no sessions any more, and none after a restart', async () => {
    const sidecar = await lab.startSidecar();
    await ready(sidecar);
    const client = await sidecar.connect();
    lab.cluster.identity.gone('00000000-0000-0000-0000-000000000001');
    await until(() => client.ended);
    expect((await refusal(sidecar))?.['D']).toMatch(/^SLUICE-703.*does not accept this pod/s);
    await sidecar.stop();
    await lab.operator.close();
    const again = await lab.startSidecar();
    expect((await refusal(again))?.['D']).toMatch(/^SLUICE-703.*does not accept this pod/s);
    expect(readFileSync(join(lab.volumes.state, 'operator.json'), 'utf8')).not.toContain(lab.server.password);
  });
});
