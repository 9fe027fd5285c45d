import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConnectionString } from './connection-string.ts';

const HERE = { host: '127.0.0.1', port: 6432, database: 'or ders' };

describe('a connection string', () => {
  it.each([
    ['postgres://u:p@h:1/d', [{ host: 'h', port: 1 }], 'd'],
    ['postgresql://h', [{ host: 'h', port: 5432 }], undefined],
    ['postgres://user@h', [{ host: 'h', port: 5432 }], 'user'],
    [
      'postgres://u:p@h:1,i/d',
      [
        { host: 'h', port: 1 },
        { host: 'i', port: 5432 },
      ],
      'd',
    ],
    ['postgres://u:p@x@h/d', [{ host: 'h', port: 5432 }], 'd'],
    ['postgres://[::1]:7/d', [{ host: '::1', port: 7 }], 'd'],
    ['postgres:///d?host=h&port=9', [{ host: 'h', port: 9 }], 'd'],
    [
      'postgres://ignored/d?host=h,i&dbname=e',
      [
        { host: 'h', port: 5432 },
        { host: 'i', port: 5432 },
      ],
      'e',
    ],
    ['jdbc:postgresql://h/d?user=u', [{ host: 'h', port: 5432 }], 'd'],
    ['postgresql+asyncpg://h/d%20e', [{ host: 'h', port: 5432 }], 'd e'],
    [" host = h  port=3 dbname='d \\'e' ", [{ host: 'h', port: 3 }], "d 'e"],
    ['host=h user=u', [{ host: 'h', port: 5432 }], 'u'],
    ['postgres:///d?host=/run/postgresql', [{ host: '/run/postgresql', port: 5432 }], 'd'],
  ])('%s', (text, endpoints, database) => {
    expect(parseConnectionString(text)).toMatchObject({ endpoints, ...(database === undefined ? {} : { database }) });
    expect(parseConnectionString(text)?.database).toBe(database);
  });

  it.each([
    '',
    'h',
    'mysql://h/d',
    'http://h',
    'host=h',
    'a=b',
    'host=h dbname',
    "host='h dbname=d",
    '--host=h --dbname=d',
    'postgres:/h/d',
  ])('is not %j', (text) => expect(parseConnectionString(text)).toBeUndefined());

  it.each([
    ['postgres://h/d?hostaddr=1.2.3.4', ['hostaddr']],
    ['postgres://h/d?HOSTADDR=1.2.3.4', []],
    ['postgres://h/d?host%61ddr=1.2.3.4&service=s', ['hostaddr', 'service']],
    ['hostaddr=1.2.3.4 user=u', ['hostaddr']],
    ['service=s dbname=d', ['service']],
  ])('says what leads past names: %s', (text, detours) => {
    expect(parseConnectionString(text)?.detours).toEqual(detours);
  });

  it('that is pointed elsewhere has no login any more, and leads there', () => {
    const word = fc.stringMatching(/^[a-z0-9.-]{1,12}$/);
    fc.assert(
      fc.property(
        word,
        word,
        word,
        fc.constantFrom('', '?sslmode=require', '?a=b&user=u&password=s3cret'),
        (user, host, database, tail) => {
          const text = `postgres://${user}:s3cret@${host}:5432/${database}${tail}`;
          const pointed = parseConnectionString(text)!.pointTo(HERE);
          expect(pointed).not.toContain('s3cret');
          expect(parseConnectionString(pointed)).toMatchObject({
            endpoints: [{ host: '127.0.0.1', port: 6432 }],
            database: 'or ders',
          });
          expect(new URL(pointed)).toMatchObject({ host: '127.0.0.1:6432', pathname: '/or%20ders', username: '', password: '' });
        },
      ),
    );
  });

  it.each([
    ['postgres://h/d?sslmode=require&a=b', '?sslmode=require&a=b'],
    ['postgres://h/d?sslmode=verify-full&a=b', '?sslmode=verify-full&a=b&sslrootcert=/var/run/sluice/ca/ca.crt'],
    ['postgres://h/d?sslrootcert=system&sslmode=verify-ca', '?sslmode=verify-ca&sslrootcert=/var/run/sluice/ca/ca.crt'],
    ['jdbc:postgresql://h/d?sslmode=verify-full', '?sslmode=verify-full&sslrootcert=/var/run/sluice/ca/ca.crt'],
  ])('that has the server verified says by what: %s', (text, tail) => {
    expect(parseConnectionString(text)!.pointTo(HERE)).toMatch(new RegExp(`${tail.replace(/[?.]/g, '\\$&')}$`));
  });

  it('in the form of libpq keeps its other parameters as they were written', () => {
    const text = "host=h dbname=d user=u password='a b' sslmode=verify-full application_name='x y' sslrootcert=/a";
    expect(parseConnectionString(text)!.pointTo(HERE)).toBe(
      "host=127.0.0.1 port=6432 dbname='or ders' sslmode=verify-full application_name='x y' sslrootcert=/var/run/sluice/ca/ca.crt",
    );
  });

  it.each(['host=h ', "a='", 'a=\\', '\\', "'", ' ', 'postgres://', 'postgres://@#', ','])(
    'of 50,000 times %j is read in linear time',
    (part) => {
      parseConnectionString(part.repeat(50_000));
      parseConnectionString(`postgres://${part.repeat(50_000)}#`);
    },
  );
});
