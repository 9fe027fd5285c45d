import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './protocol-error.ts';
import { cancelRequest, sslRequest, startupMessage } from './request.ts';
import { MAX_STARTUP_BYTES, parseStartupOptions, parseStartupPacket, startupPacketLength } from './startup.ts';
import { int32 } from './write.ts';

const packet = (code: number, body: Buffer | string): Buffer => {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body, 'latin1');
  return Buffer.concat([int32(bytes.length + 8), int32(code), bytes]);
};
const V3 = 3 << 16;

function refusal(bytes: Buffer): string {
  try {
    parseStartupPacket(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    expect(error.fatal).toBe(true);
    return `${error.denial.code} ${error.denial.sqlstate} ${error.message}`;
  }
  return 'accepted';
}

describe('parseStartupPacket', () => {
  it('reads what libpq sends', () => {
    const bytes = startupMessage([
      ['user', 'agent'],
      ['database', 'orders'],
      ['application_name', 'psql'],
      ['client_encoding', 'UTF8'],
      ['options', '-c geqo=off --work-mem=4MB -cDateStyle=German\\ a\\\\b'],
    ]);
    expect(startupPacketLength(bytes)).toBe(bytes.length);
    expect(parseStartupPacket(bytes)).toEqual({
      kind: 'startup',
      minor: 0,
      user: 'agent',
      database: 'orders',
      settings: new Map([
        ['geqo', 'off'],
        ['work_mem', '4MB'],
        ['datestyle', 'German a\\b'],
        ['application_name', 'psql'],
        ['client_encoding', 'UTF8'],
      ]),
      protocolOptions: [],
      negotiate: false,
    });
  });

  it('takes the user for the database and lets direct settings win over options', () => {
    expect(parseStartupPacket(packet(V3, 'user\0u\0options\0-c TimeZone=UTC -c timezone=CET\0TIMEZONE\0EST\0\0'))).toMatchObject({
      database: 'u',
      settings: new Map([['timezone', 'EST']]),
    });
  });

  it('reads the requests without a body', () => {
    expect(parseStartupPacket(sslRequest())).toEqual({ kind: 'ssl' });
    expect(parseStartupPacket(packet(80877104, ''))).toEqual({ kind: 'gssenc' });
    expect(parseStartupPacket(cancelRequest(-7, Buffer.from('abcd')))).toEqual({
      kind: 'cancel',
      pid: -7,
      secret: Buffer.from('abcd'),
    });
  });

  it('negotiates newer minor versions and unknown protocol options', () => {
    expect(parseStartupPacket(packet(V3 | 2, 'user\0u\0\0'))).toMatchObject({ minor: 2, negotiate: true, protocolOptions: [] });
    expect(parseStartupPacket(packet(V3, 'user\0u\0_pq_.x\0y\0\0'))).toMatchObject({
      minor: 0,
      negotiate: true,
      protocolOptions: ['_pq_.x'],
    });
  });

  const refused: [string, Buffer, string][] = [
    ['protocol 2', packet(2 << 16, ''), 'SLUICE-501 0A000 unsupported frontend protocol 2.0: server supports 3.0'],
    ['protocol 4', packet(4 << 16, 'user\0u\0\0'), 'SLUICE-501 0A000 unsupported frontend protocol 4.0: server supports 3.0'],
    [
      'no terminator',
      packet(V3, 'user\0u\0'),
      'SLUICE-501 08P01 invalid startup packet layout: expected terminator as last byte',
    ],
    [
      'no value',
      packet(V3, 'user\0u\0database'),
      'SLUICE-501 08P01 invalid startup packet layout: expected terminator as last byte',
    ],
    [
      'bytes after the terminator',
      packet(V3, 'user\0u\0\0x'),
      'SLUICE-501 08P01 invalid startup packet layout: expected terminator as last byte',
    ],
    ['no user', packet(V3, 'database\0d\0\0'), 'SLUICE-501 28000 no PostgreSQL user name specified in startup packet'],
    ['user twice', packet(V3, 'user\0a\0user\0b\0\0'), 'SLUICE-501 08P01 a parameter appears twice in the startup packet'],
    [
      'a setting twice in different case',
      packet(V3, 'user\0a\0TimeZone\0b\0timezone\0c\0\0'),
      'SLUICE-501 08P01 a parameter appears twice in the startup packet',
    ],
    ['USER', packet(V3, 'user\0a\0USER\0b\0\0'), 'SLUICE-501 08P01 a parameter appears twice in the startup packet'],
    [
      'Database',
      packet(V3, 'user\0a\0Database\0b\0\0'),
      'SLUICE-501 08P01 invalid parameter name "Database" in the startup packet',
    ],
    [
      'replication=database',
      packet(V3, 'user\0a\0replication\0database\0\0'),
      'SLUICE-503 08P01 replication connections are not supported',
    ],
    [
      'replication=false',
      packet(V3, 'user\0a\0replication\0false\0\0'),
      'SLUICE-503 08P01 replication connections are not supported',
    ],
    [
      'replication in options',
      packet(V3, 'user\0a\0options\0-c replication=1\0\0'),
      'SLUICE-503 08P01 replication connections are not supported',
    ],
    [
      'a switch in options',
      packet(V3, 'user\0a\0options\0-d 5\0\0'),
      'SLUICE-501 42601 an unknown switch appears in the connection parameter "options"',
    ],
    [
      '-c without a setting',
      packet(V3, 'user\0a\0options\0-c\0\0'),
      'SLUICE-501 42601 an unknown switch appears in the connection parameter "options"',
    ],
    ['not UTF-8', packet(V3, 'user\0\xff\0\0'), 'SLUICE-501 22021 the startup packet is not valid UTF-8'],
    ['SSLRequest with a body', packet(80877103, 'x'), 'SLUICE-501 08P01 invalid length of startup packet'],
    ['cancel without secret', packet(80877102, '\0\0\0\0'), 'SLUICE-501 08P01 invalid length of query cancel packet'],
    ['cancel with a long secret', packet(80877102, Buffer.alloc(261)), 'SLUICE-501 08P01 invalid length of query cancel packet'],
  ];
  it.each(refused)('refuses %s', (_name, bytes, expected) => {
    expect(refusal(bytes)).toBe(expected);
  });

  it('throws nothing but ProtocolError, whatever the bytes', () => {
    const code = fc.constantFrom(V3, V3, V3 | 2, 80877102, 80877103, 1);
    const text = fc
      .array(fc.constantFrom('user', 'u', '\0', 'options', '-c', ' ', '=', '\\', '_pq_.', '\xc3', '--'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(code, text, (version, body) => {
        refusal(packet(version, body));
      }),
    );
  });
});

describe('startupPacketLength', () => {
  it('knows a hopeless packet from its first bytes', () => {
    const reject = (...bytes: number[]): void => expect(() => startupPacketLength(Buffer.from(bytes))).toThrow(ProtocolError);
    expect(() => startupPacketLength(Buffer.from([0x16]))).toThrow('direct TLS');
    reject(0x47); // GET / HTTP/1.1
    reject(0, 0, 0, 7);
    reject(0, 0, 0x27, 0x11);
    expect(startupPacketLength(Buffer.from([0, 0, 0x27]))).toBeUndefined();
    expect(startupPacketLength(Buffer.from([0, 0, 0x27, 0x10]))).toBeUndefined();
    expect(startupPacketLength(Buffer.concat([int32(MAX_STARTUP_BYTES), Buffer.alloc(20_000)]))).toBe(MAX_STARTUP_BYTES);
  });
});

describe('parseStartupOptions', () => {
  it.each<[string, [string, string][]]>([
    ['', []],
    ['  \t ', []],
    ['-c a=b=c', [['a', 'b=c']]],
    ['-c a=', [['a', '']]],
    ['--a-b=1', [['a_b', '1']]],
    ['-c search_path=a,\\ b', [['search_path', 'a, b']]],
    [
      '-c a=1 -c A=2',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
  ])('%j', (options, expected) => {
    expect(parseStartupOptions(options)).toEqual(expected);
  });
  it.each(['x', '-c =1', '-c a', '--', '--=1', '-', '-- a=1'])('refuses %j', (options) => {
    expect(() => parseStartupOptions(options)).toThrow(ProtocolError);
  });
});
