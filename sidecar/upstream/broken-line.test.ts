/**
 * The login over a line that breaks or lies at every byte: a relay in front of a real server that cuts the server's bytes off
 * after n, or changes the n-th. Whatever happens is an UpstreamError with a code, or a login that is as good as any.
 */
import { type AddressInfo, connect as connectTcp, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalPostgres, startLocalPostgres } from '../../test/support/postgres.ts';
import { connectUpstream } from './connect.ts';
import { upstreamSettings } from './startup-settings.ts';
import { UpstreamError } from './upstream-error.ts';

type Damage = (offset: number, chunk: Buffer) => { readonly bytes: Buffer; readonly close: boolean };

let postgres: LocalPostgres;
beforeAll(async () => {
  postgres = await startLocalPostgres({ major: 18 });
}, 60_000);
afterAll(() => postgres?.stop());

/** Returns how many bytes the server sent, and what the login came to. */
async function login(damage: Damage): Promise<{ readonly sent: number; readonly outcome: 'in' | UpstreamError }> {
  let sent = 0;
  const relay: Server = createServer((client) => {
    const server = connectTcp(postgres.port, '127.0.0.1');
    client.on('error', () => server.destroy()).on('close', () => server.destroy());
    server.on('error', () => client.destroy()).on('close', () => client.end());
    client.on('data', (chunk) => server.write(chunk));
    server.on('data', (chunk) => {
      const { bytes, close } = damage(sent, chunk);
      sent += chunk.length;
      client.write(bytes);
      if (close) client.end();
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const { port } = relay.address() as AddressInfo;
  try {
    const connection = await connectUpstream({
      target: { host: '127.0.0.1', port, tls: { mode: 'Disable' } },
      user: 'postgres',
      password: postgres.password,
      database: 'postgres',
      settings: upstreamSettings('sluice/test', []),
      timeout: 1000,
    });
    connection.socket.on('error', () => {});
    connection.socket.destroy();
    return { sent, outcome: 'in' };
  } catch (error) {
    // Anything else is a fault of ours.
    if (!(error instanceof UpstreamError)) throw error;
    return { sent, outcome: error };
  } finally {
    relay.close();
  }
}

/** All of `offsets`, a few at a time. */
async function each(offsets: readonly number[], run: (offset: number) => Promise<void>): Promise<void> {
  const queue = [...offsets];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await run(next);
  };
  await Promise.all(Array.from({ length: 6 }, worker));
}

const intact: Damage = (_offset, chunk) => ({ bytes: chunk, close: false });

describe('a login over a bad line', () => {
  it('fails with a code wherever the line is cut', async () => {
    const { sent, outcome } = await login(intact);
    expect(outcome).toBe('in');
    expect(sent).toBeGreaterThan(400);
    const offsets = Array.from({ length: sent - 1 }, (_, i) => i).filter((i) => i % 3 === 0 || i > sent - 10);
    await each(offsets, async (limit) => {
      const result = await login((offset, chunk) => ({
        bytes: chunk.subarray(0, Math.max(0, limit - offset)),
        close: offset + chunk.length > limit,
      }));
      // Lengths of keys and lists vary by a byte or two between logins, so the very end may be whole.
      if (limit < sent - 8) expect(result.outcome, `cut after ${limit}`).toBeInstanceOf(UpstreamError);
    });
  }, 60_000);

  it('never lets a changed byte of the authentication pass', async () => {
    // AuthenticationSASL, SASLContinue (r=48 bytes, s=24 bytes, i=4096), SASLFinal (v=44 bytes), Ok.
    const authentication = 9 + 15 + (9 + 84) + (9 + 46) + 9;
    await each(
      Array.from({ length: authentication }, (_, i) => i),
      async (position) => {
        const result = await login((offset, chunk) => {
          const bytes = Buffer.from(chunk);
          const at = position - offset;
          if (at >= 0 && at < bytes.length) bytes[at]! ^= 0x01;
          return { bytes, close: false };
        });
        expect(result.outcome, `byte ${position}`).toBeInstanceOf(UpstreamError);
      },
    );
  }, 60_000);
});
