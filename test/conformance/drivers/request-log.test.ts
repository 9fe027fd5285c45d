/** Which statement an error is about. */
import { describe, expect, it } from 'vitest';
import * as frontend from '../../support/frontend.ts';
import { RequestLog } from './request-log.ts';

function started(): RequestLog {
  const log = new RequestLog();
  log.feed(
    frontend.startup([
      ['user', 'u'],
      ['database', 'd'],
    ]),
  );
  return log;
}

describe('requests that are still to be answered', () => {
  it('are told by the startup packet before the session is ready', () => {
    expect(started().pending(false)).toEqual({ startup: { user: 'u', database: 'd' } });
  });

  it('are told oldest first, across pieces of any size', () => {
    const log = started();
    const bytes = Buffer.concat([frontend.query('SELECT 1'), frontend.query('SELECT 2')]);
    for (const byte of bytes) log.feed(Buffer.from([byte]));
    expect(log.pending(true)).toEqual({ messageType: 'Q', sql: 'SELECT 1' });
    for (const type of 'TDCZ') log.answered(type);
    expect(log.pending(true)).toEqual({ messageType: 'Q', sql: 'SELECT 2' });
  });

  it('follow a statement through the extended protocol, and skip to the Sync after an error', () => {
    const log = started();
    log.feed(
      Buffer.concat([
        frontend.parse('s', 'SELECT $1'),
        frontend.parse('t', 'CREATE ROLE r'),
        frontend.bind({ statement: 's', parameters: ['1'] }),
        frontend.execute('', 0),
        frontend.sync,
        frontend.query('SELECT 3'),
      ]),
    );
    log.answered('1');
    expect(log.pending(true)).toEqual({ messageType: 'P', sql: 'CREATE ROLE r' });
    log.answered('E');
    log.answered('Z');
    expect(log.pending(true)).toEqual({ messageType: 'Q', sql: 'SELECT 3' });
  });

  it('are not read once they are encrypted', () => {
    const log = new RequestLog();
    log.feed(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
    expect(log.asksForEncryption).toBe(true);
    log.opaque();
    log.feed(Buffer.from('\x16\x03\x01whatever'));
    expect(log.pending(true)).toEqual({});
  });
});
