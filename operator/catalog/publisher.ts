/**
 * Writes what was learned into ConfigMaps: only what differs, and never over what somebody else wrote meanwhile. That is read, merged and
 * tried again. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
import { createHash } from 'node:crypto';
import { ApiError, CONFIG_MAPS, type KubeApi } from '../api/kube-api.ts';
import { type ConfigMap, type Content, publishedConfigMap, publishedName, publishedText } from '../materials/published.ts';

export interface PublisherOptions {
  readonly api: KubeApi;
  /** The operator's own. */
  readonly namespace: string;
  readonly content: Content;
  /** `namespace/name` of the Database. */
  readonly database: string;
  /** Of ours and what stands there, where both are readable. */
  readonly merge: (ours: string, theirs: string) => string;
}

/** What stands there is not of this format, and is left alone. */
export class UnreadableError extends Error {
  constructor(name: string, options: ErrorOptions) {
    super(`ConfigMap ${name} cannot be read; look at it, and delete it to begin anew`, options);
    this.name = 'UnreadableError';
  }
}

/** Of other writers; there is one leader, so more than a few are no accident. */
const ATTEMPTS = 4;

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #name: string;
  /** Digest of what stands there. */
  #published: string | undefined;
  #resourceVersion: string | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#name = publishedName(options.content, options.database);
  }

  /** What stands there now. @throws UnreadableError, and what the API throws. */
  async read(signal: AbortSignal): Promise<string | undefined> {
    const { api, namespace, content } = this.#options;
    let found: ConfigMap;
    try {
      found = await api.get<ConfigMap>(CONFIG_MAPS, { namespace, name: this.#name }, signal);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      this.forget();
      return undefined;
    }
    const text = textOf(content, found, this.#name);
    this.#resourceVersion = found.metadata.resourceVersion;
    this.#published = digest(text);
    return text;
  }

  /** Somebody may have removed it. */
  forget(): void {
    this.#published = undefined;
    this.#resourceVersion = undefined;
  }

  /** Resolves with what stands there in the end: `text`, or what it was merged with. @throws TooLargeError, and as `read`. */
  async publish(text: string, signal: AbortSignal): Promise<string> {
    let wanted = text;
    for (let attempt = 1; ; attempt += 1) {
      if (digest(wanted) === this.#published) return wanted;
      try {
        await this.#write(wanted, signal);
        return wanted;
      } catch (error) {
        if (attempt === ATTEMPTS || !isStale(error)) throw error;
        const theirs = await this.read(signal);
        if (theirs !== undefined) wanted = this.#options.merge(text, theirs);
      }
    }
  }

  async #write(text: string, signal: AbortSignal): Promise<void> {
    const { api, namespace, content, database } = this.#options;
    const version = this.#resourceVersion;
    const configMap = await publishedConfigMap(content, database, namespace, text, version);
    signal.throwIfAborted();
    const written =
      version === undefined
        ? await api.create<ConfigMap>(CONFIG_MAPS, configMap, signal)
        : await api.replace<ConfigMap>(CONFIG_MAPS, configMap, signal);
    this.#published = digest(text);
    this.#resourceVersion = written.metadata.resourceVersion;
  }
}

/** 404: deleted; 409: changed, or there already. */
function isStale(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 404 || error.status === 409);
}

function textOf(content: Content, configMap: ConfigMap, name: string): string {
  try {
    const published = publishedText(content, configMap);
    if (published !== undefined) return published.text;
  } catch (error) {
    throw new UnreadableError(name, { cause: error });
  }
  throw new UnreadableError(name, {});
}

/** A schema's text is large, and is not kept. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
