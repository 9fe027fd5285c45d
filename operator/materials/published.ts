/**
 * What the leader has learned of a Database, as ConfigMaps of the operator's namespace: findings of detection and the schema as last read.
 * There, because editors of policy namespaces must not be able to make a column harmless. Compressed: a ConfigMap holds a mebibyte.
 * https://kubernetes.io/docs/concepts/configuration/configmap/
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import type { KubeObject } from '../api/kube-api.ts';

export type Content = 'findings' | 'catalog';

/** Selects what is published, value `findings` or `catalog`. */
export const CONTENT_LABEL = 'sluice.dev/content';
/** On the label a digest (a label's value is too short for two names), in the annotation `namespace/name`. */
export const DATABASE_LABEL = 'sluice.dev/database';

/** Bytes, compressed. The API server counts names of keys, too. */
const MOST = 1_000_000;
/** Bytes, decompressed. */
const MOST_TEXT = 64 * 1024 * 1024;

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** It would not fit. `message` is one sentence. */
export class TooLargeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TooLargeError';
  }
}

/** `database`: `namespace/name`. The start of it for people, the digest so that no two Databases share one. */
export function publishedName(content: Content, database: string): string {
  const readable = database
    .replace('/', '.')
    .slice(0, 100)
    .replace(/[-.]+$/, '');
  return `${content}-${readable}-${digest(database)}`;
}

/** @throws TooLargeError */
export async function publishedConfigMap(
  content: Content,
  database: string,
  namespace: string,
  text: string,
  resourceVersion?: string,
): Promise<ConfigMap> {
  const compressed = await promisify(gzip)(text, { level: 9 });
  if (compressed.length > MOST)
    throw new TooLargeError(`compressed they take ${compressed.length} bytes, and a ConfigMap holds ${MOST}`);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: publishedName(content, database),
      namespace,
      labels: {
        'app.kubernetes.io/managed-by': 'sluice-operator',
        [CONTENT_LABEL]: content,
        [DATABASE_LABEL]: digest(database),
      },
      annotations: { [DATABASE_LABEL]: database },
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    binaryData: { [key(content)]: compressed.toString('base64') },
  };
}

/** Undefined: it is not one of these. @throws when it cannot be read. */
export function publishedText(
  content: Content,
  configMap: ConfigMap,
): { readonly database: string; readonly text: string } | undefined {
  const database = configMap.metadata.annotations?.[DATABASE_LABEL];
  if (database === undefined || configMap.metadata.name !== publishedName(content, database)) return undefined;
  const data = configMap.binaryData?.[key(content)];
  if (data === undefined) throw new Error(`ConfigMap ${configMap.metadata.name} has no key ${key(content)}`);
  const text = gunzipSync(Buffer.from(data, 'base64'), { maxOutputLength: MOST_TEXT }).toString('utf8');
  return { database, text };
}

function key(content: Content): string {
  return `${content}.json.gz`;
}

function digest(database: string): string {
  return createHash('sha256').update(database).digest('hex').slice(0, 20);
}
