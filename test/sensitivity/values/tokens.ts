/** What grants access: passwords as they are stored, tokens and keys in the forms of their issuers. */
import type { Context, Generator } from './context.ts';

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const BCRYPT = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function jwt(c: Context): string {
  const header = encode({ alg: 'HS256', typ: 'JWT' });
  const body = encode({ sub: c.random.digits(8), iat: 1_700_000_000 + c.random.int(0, 40_000_000), scope: 'read' });
  return `${header}.${body}.${c.random.chars(URL_SAFE, 43)}`;
}

export function base64(c: Context, length: number): string {
  return c.random.chars(BASE64, length);
}

function pem(c: Context, what: string): string {
  const lines = Array.from({ length: 8 }, () => base64(c, 64));
  return `-----BEGIN ${what}-----\n${lines.join('\n')}\n-----END ${what}-----`;
}

const code = (c: Context): string =>
  `${c.random.chars('abcdefghjkmnpqrstuvwxyz23456789', 5)}-${c.random.chars('abcdefghjkmnpqrstuvwxyz23456789', 5)}`;

export const TOKENS: Readonly<Record<string, Generator>> = {
  password: (c) => c.faker.internet.password({ length: c.random.int(9, 16) }),
  pin: (c) => c.random.digits(4),
  'hash.bcrypt': (c) => `$2${c.random.pick(['a', 'b', 'y'])}$${c.random.pick(['10', '12'])}$${c.random.chars(BCRYPT, 53)}`,
  'hash.argon2': (c) => `$argon2id$v=19$m=65536,t=3,p=4$${base64(c, 22)}$${base64(c, 43)}`,
  'hash.pbkdf2': (c) => `pbkdf2:sha256:600000$${c.random.base62(16)}$${c.random.hex(64)}`,
  'hash.django': (c) => `pbkdf2_sha256$870000$${c.random.base62(22)}$${base64(c, 43)}=`,
  'hash.md5': (c) => c.random.hex(32),
  'hash.sha1': (c) => c.random.hex(40),
  'hash.sha256': (c) => c.random.hex(64),
  'token.hex': (c) => c.random.hex(c.style < 0.5 ? 32 : 64),
  'token.hex6': (c) => c.random.hex(16),
  'token.base64': (c) => c.random.chars(URL_SAFE, 43),
  'token.base32': (c) => c.random.chars('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 32),
  'token.jwt': jwt,
  'token.sk': (c) => `sk_live_${c.random.base62(32)}`,
  'token.ghp': (c) => `ghp_${c.random.base62(36)}`,
  'token.pem': (c) => pem(c, 'PRIVATE KEY'),
  'token.dsn': (c) => `postgres://app:${c.random.base62(16)}@db${c.random.int(1, 9)}.internal:5432/app`,
  'token.codes': (c) => `{${Array.from({ length: 6 }, () => code(c)).join(',')}}`,
  'token.codes1': (c) =>
    `${c.random.upper(4)}-${c.random.base62(4).toUpperCase()}-${c.random.base62(4).toUpperCase()}-${c.random.base62(4).toUpperCase()}`,
  publickey: (c) => pem(c, 'PUBLIC KEY'),
  base64: (c) => `${base64(c, 160)}=`,
  bytes: (c) => `\\x${c.random.hex(160)}`,
};
