import { describe, expect, it } from 'vitest';
import { parseUpstreamUrl, UpstreamUrlError } from './upstream-url.ts';

describe('parseUpstreamUrl', () => {
  it('reads every part', () => {
    expect(
      parseUpstreamUrl(
        'postgresql://a%40b:p%2Fw%23@db.example:6432/shop%20x?sslmode=verify-ca&sslrootcert=ca.pem&connect_timeout=3&channel_binding=require',
      ),
    ).toEqual({
      host: 'db.example',
      port: 6432,
      user: 'a@b',
      password: 'p/w#',
      database: 'shop x',
      tlsMode: 'VerifyCA',
      caFile: 'ca.pem',
      connectTimeout: 3000,
      requireChannelBinding: true,
    });
  });

  it('defaults to no TLS on loopback only', () => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.77.0.5'])
      expect(parseUpstreamUrl(`postgres://u@${host}`).tlsMode).toBe('Disable');
    for (const host of ['db', '10.0.0.1', '[2001:db8::1]', 'localhost.example', '127.0.0.1.example']) {
      expect(parseUpstreamUrl(`postgres://u@${host}`).tlsMode).toBe('VerifyFull');
    }
    expect(parseUpstreamUrl('postgres://u@[::1]:5433')).toEqual({
      host: '::1',
      port: 5433,
      user: 'u',
      database: 'u',
      tlsMode: 'Disable',
      requireChannelBinding: false,
    });
    expect(parseUpstreamUrl('postgres://u:80@h').port).toBe(5432);
    expect(parseUpstreamUrl('postgres://u:x@h:80/db').port).toBe(80);
    expect(parseUpstreamUrl('postgres://u@h?sslrootcert=system').caFile).toBeUndefined();
  });

  it.each([
    'mysql://u@h',
    'u@h',
    'postgres://h/db',
    'postgres://u@/db',
    'postgres://u@h1,h2/db',
    'postgres://u:p#x@h/db',
    'postgres://u@h:99999/db',
    'postgres://u@h/db?sslmode=prefer',
    'postgres://u@h/db?sslmode=allow',
    'postgres://u@h/db?sslmode=VerifyFull',
    'postgres://u@h/db?sslmode=disable&sslmode=require',
    'postgres://u@h/db?host=/tmp',
    'postgres://u@h/db?options=-c%20role=x',
    'postgres://u@h/db?connect_timeout=0',
    'postgres://u@h/db?channel_binding=disable',
    'postgres://u@h/a/b',
    'postgres://u:%ff@h/db',
    'postgres://u:%00@h/db',
  ])('refuses %s', (url) => {
    expect(() => parseUpstreamUrl(url)).toThrow(UpstreamUrlError);
  });

  it('never repeats the password', () => {
    for (const url of [
      'postgres://u:s3cret@h/db?x=1',
      'postgres://u:s3cret@h:99999/db',
      'postgres://u:s3cret#@h/db',
      's3cret',
      'postgres://:s3cret@h',
    ]) {
      expect(() => parseUpstreamUrl(url)).toThrow(/^(?!.*s3cret)/);
    }
  });
});
