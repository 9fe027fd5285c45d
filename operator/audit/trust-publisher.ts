/** ConfigMap `<release>-audit-trust`: whom to trust, and where the log of the cluster stands, outside of the store. Written by the holder of the Lease. */
import type { TrustAnchors } from '../../core/audit/certificate.ts';
import { HEAD_ANNOTATION, TRUST_KEY } from '../../core/audit/published.ts';
import type { PublishedHead } from '../../core/audit/trail.ts';
import { isRecord } from '../../core/json/read.ts';
import { ApiError, CONFIG_MAPS, type KubeApi, type KubeObject } from '../api/kube-api.ts';

interface TrustConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export interface TrustPublisher {
  /** What stands there. Rejects with what the API server answers, or with an Error where it makes no sense. */
  head(): Promise<PublishedHead | undefined>;
  /** Rejects with what the API server answers. */
  publish(trust: TrustAnchors, head: PublishedHead | undefined): Promise<void>;
}

export function createTrustPublisher(api: KubeApi, namespace: string, release: string): TrustPublisher {
  const ref = { namespace, name: `${release}-audit-trust` };
  const read = async (): Promise<TrustConfigMap | undefined> => {
    try {
      return await api.get<TrustConfigMap>(CONFIG_MAPS, ref);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  };
  return {
    async head() {
      return parseHead((await read())?.metadata.annotations?.[HEAD_ANNOTATION]);
    },
    async publish(trust, head) {
      const annotations = head === undefined ? {} : { [HEAD_ANNOTATION]: JSON.stringify(head) };
      const data = { [TRUST_KEY]: `${JSON.stringify(trust, null, 2)}\n` };
      try {
        await api.patch(CONFIG_MAPS, ref, { metadata: { annotations }, data }, { type: 'merge' });
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
        const labels = { 'app.kubernetes.io/managed-by': 'sluice-operator' };
        const made: TrustConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...ref, labels, annotations }, data };
        await api.create(CONFIG_MAPS, made);
      }
    },
  };
}

/** Somebody who writes nonsense there must not make the log begin anew. */
function parseHead(text: string | undefined): PublishedHead | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const { chain, seq, hash } = isRecord(value) ? value : {};
  if (typeof chain !== 'string' || !Number.isSafeInteger(seq) || typeof hash !== 'string')
    throw new Error(`annotation ${HEAD_ANNOTATION} makes no sense: mend it, or remove it to go on where the store stands`);
  return { chain, seq: seq as number, hash };
}
