/** What services of messaging and shops keep: handles and rooms of Matrix, events, identities of several kinds. */
import type { Context, Generator } from './context.ts';
import { email, fullName, phone } from './people.ts';
import { sentences } from './prose.ts';
import { base64 } from './tokens.ts';

const user = (c: Context): string =>
  `@${c.faker.internet.username().toLowerCase()}:${c.random.pick(['example.org', 'chat.example.net'])}`;
const room = (c: Context): string => `!${c.random.base62(18)}:example.org`;

const JSONS: Readonly<Record<string, (c: Context) => unknown>> = {
  'matrix-direct': (c) => ({ [user(c)]: [room(c)] }),
  'matrix-message': (c) => ({
    type: 'm.room.message',
    room_id: room(c),
    sender: user(c),
    origin_server_ts: 1_700_000_000_000 + c.random.int(0, 1e9),
    content: { body: sentences(c, 1, 2), msgtype: 'm.text' },
  }),
  'matrix-reason': (c) => ({ score: c.random.int(-100, 0), reason: sentences(c, 1, 1) }),
  'matrix-keys': (c) => ({ user_id: user(c), usage: ['master'], keys: { [`ed25519:${base64(c, 10)}`]: base64(c, 43) } }),
  'medusa-user': (c) => ({ name: fullName(c), given_name: c.faker.person.firstName(), picture: 'https://www.example.com/a.png' }),
  'medusa-password': (c) => ({ password: base64(c, 128) }),
  'medusa-intent': (c) => ({
    id: `pi_${c.random.base62(24)}`,
    object: 'payment_intent',
    amount: c.random.int(100, 90_000),
    client_secret: `pi_${c.random.base62(24)}_secret_${c.random.base62(25)}`,
  }),
};

export const SERVICES: Readonly<Record<string, Generator>> = {
  ...Object.fromEntries(Object.entries(JSONS).map(([name, build]) => [`json.${name}`, (c: Context) => JSON.stringify(build(c))])),
  'person.matrix': user,
  'matrix.room': room,
  'matrix.event': (c) => `$${base64(c, 43)}`,
  'matrix.alias': (c) => `#${c.random.pick(['general', 'offtopic', 'help', 'dev', 'cinema'])}${c.random.int(1, 400)}:example.org`,
  'mixed.email-msisdn': (c) => (c.random.chance(0.7) ? email(c) : phone(c).replace(/\D/g, '')),
};
