/** What a sidecar writes down, and what it serves TLS with. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { segmentsOf } from '../../sidecar/journal/segmented-journal.ts';
import { runSluice } from '../cli/support.ts';
import { ask, laboratory, ready } from './laboratory.ts';
import { served } from './sidecar.ts';

const lab = laboratory();

describe('audit', () => {
  it('goes to segments that verify together over restarts, and as it is to standard output', async () => {
    let output = '';
    for (let start = 0; start < 3; start += 1) {
      const sidecar = await lab.startSidecar();
      await ready(sidecar);
      const client = await sidecar.connect();
      await ask(client, 'SELECT title FROM tickets');
      await client.close();
      await sidecar.stop(start === 1 ? 'SIGKILL' : 'SIGTERM');
      output += sidecar.stdout();
    }
    const directory = join(lab.volumes.audit, 'data.shop');
    expect(segmentsOf(directory)).toHaveLength(3);
    const verified = await runSluice(['audit', 'verify', '--output', 'json', directory]);
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.stdout)).toMatchObject({ valid: true, statements: { allowed: 3, denied: 0 } });
    expect(output).toBe(
      segmentsOf(directory)
        .map((path) => readFileSync(path, 'utf8'))
        .join(''),
    );
    const [, missing] = segmentsOf(directory);
    const without = await runSluice(['audit', 'verify', ...segmentsOf(directory).filter((path) => path !== missing)]);
    expect([without.code, without.stdout]).toEqual([3, expect.stringContaining('a file is missing')]);
  });
});

describe('TLS', () => {
  it('verifies by every name and address that leads here, against the authority in its volume, also after a restart', async () => {
    const databases = [served('shop', { names: ['db.data.svc', 'db', 'localhost'], listen: [{ host: '127.77.0.1', port: 0 }] })];
    const first = await lab.startSidecar({ databases });
    const authority = readFileSync(lab.volumes.ca, 'utf8');
    await first.stop();
    const sidecar = await lab.startSidecar({ databases });
    expect(readFileSync(lab.volumes.ca, 'utf8')).toBe(authority);
    const handshake = (servername: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const tcp = connect({ host: '127.77.0.1', port: sidecar.ports[0]! }, () =>
          tcp.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])),
        );
        tcp.once('error', reject);
        tcp.once('data', () => {
          const secure = connectTls({
            socket: tcp,
            ca: authority,
            ...(/^[\d.]+$/.test(servername) ? { host: servername } : { servername }),
          });
          secure.once('secureConnect', () => {
            secure.destroy();
            resolve('verified');
          });
          secure.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
        });
      });
    for (const name of ['db.data.svc', 'db', 'localhost', '127.77.0.1', '127.0.0.1'])
      expect(await handshake(name), name).toBe('verified');
    expect(await handshake('elsewhere.data.svc')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });
});
