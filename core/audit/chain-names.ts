/** What a chain is can be seen by its name, which its certificate confirms: nobody but the operator may open one of the reserved kinds. */
import type { ChainOwner } from './store.ts';

/** What a sidecar draws for itself. */
const OF_SIDECARS = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Of the log that countersigns. `term`: counts logs that had to be given up, from 0. */
export function clusterLogName(cluster: string, term = 0): string {
  return `cluster-${cluster}${term === 0 ? '' : `.${term}`}`;
}

/** Of a process of the operator. `id`: drawn by it. */
export function operatorChainName(id: string): string {
  return `operator-${id}`;
}

export function kindOfChain(chain: string): ChainOwner['kind'] {
  return chain.startsWith('cluster-') ? 'cluster' : chain.startsWith('operator-') ? 'operator' : 'sidecar';
}

/** Whether a sidecar may open a chain of this name. */
export function isSidecarChain(chain: string): boolean {
  return OF_SIDECARS.test(chain);
}
