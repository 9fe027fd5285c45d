/** Which way of having a cluster is taken here. */
import type { Cluster, Provider, ProviderName } from './cluster.ts';
import { currentContextProvider } from './current-context.ts';
import { dockerProvider } from './docker.ts';
import { privateProvider } from './private.ts';

export const PROVIDERS: Readonly<Record<ProviderName, Provider>> = {
  docker: dockerProvider,
  private: privateProvider,
  'current-context': currentContextProvider,
};

/** In this order, unless one is asked for. A cluster that is there already is somebody's, and never taken unasked. */
const UNASKED: readonly ProviderName[] = ['docker', 'private'];

export function isProviderName(name: string): name is ProviderName {
  return Object.hasOwn(PROVIDERS, name);
}

/** Rejects with everything that is missing, and how to get it. */
export async function findProvider(
  asked?: ProviderName,
  providers: Readonly<Record<ProviderName, Pick<Provider, 'missing'>>> = PROVIDERS,
): Promise<ProviderName> {
  const problems: string[] = [];
  for (const name of asked === undefined ? UNASKED : [asked]) {
    const missing = await providers[name].missing();
    if (missing === undefined) return name;
    problems.push(`  ${name}: ${missing}`);
  }
  throw new Error(`no cluster can be made here\n${problems.join('\n')}`);
}

/** The cluster that runs under a name, whoever made it. */
export async function findCluster(name: string, asked?: ProviderName): Promise<Cluster | undefined> {
  for (const each of asked === undefined ? UNASKED : [asked]) {
    const found = await PROVIDERS[each].find(name);
    if (found) return found;
  }
  return undefined;
}
