import { describe, expect, it } from 'vitest';
import { MAX_ITERATIONS, saslPrep, ScramError, startScram, type ScramOptions } from './scram.ts';

// The example exchange of RFC 7677 section 3. It names the user, which PostgreSQL clients leave out, so the signatures
// differ; the exchange against real servers is in connect.test.ts.
const options: ScramOptions = {
  password: 'pencil',
  nonce: 'rOprNGfwEbeRWgbNEkqO',
  mechanism: 'SCRAM-SHA-256',
  binding: { flag: 'n' },
  minIterations: 4096,
};
const nonce = `${options.nonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF`;
const first = `r=${nonce}${'$k0'},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;

describe('startScram', () => {
  it('says in the GS2 header what it knows of channel binding', async () => {
    expect(startScram(options).clientFirst).toBe('n,,n=,r=rOprNGfwEbeRWgbNEkqO');
    expect(startScram({ ...options, binding: { flag: 'y' } }).clientFirst).toBe('y,,n=,r=rOprNGfwEbeRWgbNEkqO');
    const bound = startScram({ ...options, mechanism: 'SCRAM-SHA-256-PLUS', binding: { flag: 'p', data: Buffer.from('hash') } });
    expect(bound.clientFirst).toBe('p=tls-server-end-point,,n=,r=rOprNGfwEbeRWgbNEkqO');
    expect(await bound.continue(first)).toContain(`c=${Buffer.from('p=tls-server-end-point,,hash').toString('base64')},`);
    expect(await startScram(options).continue(first)).toMatch(
      /^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[A-Za-z0-9+/]{43}=$/,
    );
  });

  it.each([
    ['a nonce that is ours alone', `r=${options.nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ['a nonce that is not ours', 'r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'],
    ['an endless nonce', `r=${options.nonce}${'x'.repeat(2000)},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ['an endless salt', `r=${nonce},s=${'A'.repeat(4000)},i=4096`],
    ['no salt', `r=${nonce},s=,i=4096`],
    ['a huge iteration count', `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=${MAX_ITERATIONS + 1}`],
    ['an absurd iteration count', `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999999`],
    ['too few iterations', `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1`],
    ['a negative iteration count', `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1`],
    ['a mandatory extension', `m=x,r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ['nothing', ''],
  ])('refuses %s', async (_name, challenge) => {
    await expect(startScram(options).continue(challenge)).rejects.toThrow(ScramError);
  });

  it('refuses a server that cannot sign', async () => {
    const exchange = startScram(options);
    expect(() => exchange.finish(`v=${'A'.repeat(43)}=`)).toThrow(ScramError);
    await exchange.continue(first);
    for (const final of [`v=${'A'.repeat(43)}=`, 'v=', 'e=invalid-proof', ''])
      expect(() => exchange.finish(final)).toThrow(ScramError);
  });
});

describe('saslPrep', () => {
  it.each([
    ['plain', 'plain'],
    ['I\u00adX', 'IX'],
    ['a\u00a0b', 'a b'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
    ['bell\u0007é', 'bell\u0007é'],
    ['\u00ad', '\u00ad'],
  ])('%j', (password, expected) => {
    expect(saslPrep(password)).toBe(expected);
  });
});
