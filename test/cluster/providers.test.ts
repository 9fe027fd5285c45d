import { describe, expect, it } from 'vitest';
import { isName, type Provider, type ProviderName } from './cluster.ts';
import { findProvider } from './providers.ts';

type Here = Readonly<Record<ProviderName, Pick<Provider, 'missing'>>>;

/** A machine on which some providers lack something. */
function machine(missing: Partial<Record<ProviderName, string>>): Here {
  const one = (name: ProviderName): Pick<Provider, 'missing'> => ({ missing: async () => missing[name] });
  return { docker: one('docker'), private: one('private'), 'current-context': one('current-context') };
}

describe('which provider is taken', () => {
  it('Docker where there is one', async () => {
    expect(await findProvider(undefined, machine({}))).toBe('docker');
  });

  it('a private one where there is no Docker', async () => {
    expect(await findProvider(undefined, machine({ docker: 'no kind: install it' }))).toBe('private');
  });

  it('never the current context, unless it is asked for', async () => {
    const here = machine({ docker: 'no kind: install it', private: 'needs root' });
    await expect(findProvider(undefined, here)).rejects.toThrow(/docker: no kind: install it\n {2}private: needs root/);
    expect(await findProvider('current-context', here)).toBe('current-context');
  });

  it('no other than the one that is asked for', async () => {
    await expect(findProvider('private', machine({ private: 'needs root' }))).rejects.toThrow(/private: needs root/);
  });
});

describe('names of clusters', () => {
  it.each(['sluice', 'e2e', 'a', 'two-nodes'])('%s', (name) => expect(isName(name)).toBe(true));
  it.each(['', 'Upper', '2e2', 'ends-', '../up', 'a b', 'a-name-that-is-too-long'])('not %j', (name) =>
    expect(isName(name)).toBe(false),
  );
});
