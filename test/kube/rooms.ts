/** Test support: the rooms that follow Databases, put together as the operator does it, on a real API server. */
import type { ClosableKubeApi } from '../../operator/api/create-kube-api.ts';
import { createKubeApi } from '../../operator/api/create-kube-api.ts';
import { kubeconfigCredentials } from '../../operator/api/kubeconfig.ts';
import type { KubeApi } from '../../operator/api/kube-api.ts';
import type { Catalogs } from '../../operator/catalog/catalogs.ts';
import { createCatalogs } from '../../operator/catalog/create-catalogs.ts';
import type { Timing } from '../../operator/catalog/watched-database.ts';
import { createMaterials } from '../../operator/materials/create-materials.ts';
import type { Materials } from '../../operator/materials/materials.ts';
import { createClusterView, type GovernedObjects } from '../../operator/view/create-cluster-view.ts';
import { informerOpener, type OpenInformer } from '../../operator/watch/open-informer.ts';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { SYSTEM } from './chart.ts';
import type { ControlPlane } from './control-plane.ts';

export interface Rooms {
  readonly api: KubeApi;
  readonly open: OpenInformer;
  readonly view: GovernedObjects;
  readonly materials: Materials;
  readonly catalogs: Catalogs;
  /** What was logged, as text. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

export async function openApi(kube: ControlPlane, token = kube.adminToken): Promise<ClosableKubeApi> {
  return createKubeApi({ credentials: await kubeconfigCredentials({ file: kube.kubeconfigFor(token) }) });
}

export async function startRooms(
  kube: ControlPlane,
  policyNamespaces: readonly string[],
  timing: Partial<Timing> = {},
  counted: (api: KubeApi) => KubeApi = (api) => api,
  leads = true,
): Promise<Rooms> {
  const closable = await openApi(kube);
  const api = counted(closable);
  const log: string[] = [];
  const write = (level: string, event: string, detail: unknown): void =>
    void log.push(`${level} ${event} ${JSON.stringify(detail)}`);
  const quiet = { info: () => {}, warn: () => {}, error: () => {} };
  const open = informerOpener({ api, log: quiet });
  const view = createClusterView({ policyNamespaces, open });
  const materials = createMaterials({ view, open, namespace: SYSTEM, clock: systemClock, log: write });
  const catalogs = createCatalogs({
    view,
    materials,
    api,
    namespace: SYSTEM,
    clock: systemClock,
    log: write,
    timing: { period: 500, pause: [200, 1_000], ...timing },
    orphans: { period: 300, keep: 1_500 },
  });
  view.start();
  await view.synced;
  materials.start();
  if (leads) catalogs.start();
  return {
    api,
    open,
    view,
    materials,
    catalogs,
    log,
    async stop() {
      await catalogs.stop();
      await materials.stop();
      await view.stop();
      await closable.close();
    },
  };
}
