/** What one Database's leader publishes and begins with: the schema, bound to the endpoint it was read from, and the findings. */
import type { EventLog } from '../../core/event-log.ts';
import { Catalog } from '../../core/catalog/catalog.ts';
import type { CatalogData } from '../../core/catalog/model.ts';
import { type Findings, NO_FINDINGS, parseFindings, printFindings } from '../../core/sensitivity/findings.ts';
import type { Database } from '../../crds/database.ts';
import { ApiError, type KubeApi } from '../api/kube-api.ts';
import { TooLargeError } from '../materials/published.ts';
import type { Knowledge } from './catalogs.ts';
import { mergeFindings } from './merge-findings.ts';
import { Publisher, UnreadableError } from './publisher.ts';

type Problem = Knowledge['problems'][number];

export interface PublishedCatalog {
  readonly formatVersion: 1;
  readonly endpoint: { readonly host: string; readonly port: number; readonly database: string };
  readonly catalog: CatalogData;
}

/** Of the server and the database on it: under another one the same names mean other things. */
export function endpointOf(database: Database): string {
  const { host, port, database: name } = database.spec.endpoint;
  return JSON.stringify([host, port, name]);
}

export class Publication {
  readonly #findings: Publisher;
  readonly #catalog: Publisher;
  readonly #log: EventLog;
  #findingsProblem: Problem | undefined;
  #catalogProblem: Problem | undefined;
  /** The very objects that stand there. */
  #publishedFindings: Findings | undefined;
  #publishedCatalog: CatalogData | undefined;
  /** Findings are there that cannot be read: writing would lose them. */
  #frozen = false;

  constructor(options: {
    readonly api: KubeApi;
    readonly namespace: string;
    readonly database: string;
    readonly log: EventLog;
  }) {
    const { api, namespace, database } = options;
    this.#log = options.log;
    this.#findings = new Publisher({
      api,
      namespace,
      database,
      content: 'findings',
      merge: (ours, theirs) => printFindings(mergeFindings(parseFindings(ours), parseFindings(theirs))),
    });
    this.#catalog = new Publisher({ api, namespace, database, content: 'catalog', merge: (ours) => ours });
  }

  get problems(): readonly Problem[] {
    return [this.#findingsProblem, this.#catalogProblem].filter((problem) => problem !== undefined);
  }

  /** What detection begins with. Rejects when the API server cannot be asked: nothing may be concluded from that. */
  async findings(signal: AbortSignal): Promise<Findings> {
    try {
      const text = await this.#findings.read(signal);
      return text === undefined ? NO_FINDINGS : parseFindings(text);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      this.#frozen = true;
      const reason = error instanceof UnreadableError ? error.message : `the published findings cannot be read: ${error.message}`;
      this.#findingsProblem = { reason: 'FindingsUnpublished', message: `new findings are not published: ${reason}` };
      this.#log('warn', 'findings-unreadable', { reason });
      return NO_FINDINGS;
    }
  }

  /** What an earlier leader has read from this endpoint. */
  async catalog(database: Database, signal: AbortSignal): Promise<Catalog | undefined> {
    try {
      const text = await this.#catalog.read(signal);
      if (text === undefined) return undefined;
      const published = JSON.parse(text) as PublishedCatalog;
      const { endpoint } = published;
      if (
        published.formatVersion !== 1 ||
        endpointOf(database) !== JSON.stringify([endpoint.host, endpoint.port, endpoint.database])
      )
        return undefined;
      return new Catalog(published.catalog);
    } catch (error) {
      this.#log('warn', 'catalog-unreadable', { reason: (error as Error).message });
      return undefined;
    }
  }

  /** Never rejects. Resolves with the findings that stand there in the end where they are more than ours. */
  async publishFindings(findings: Findings, signal: AbortSignal): Promise<Findings | undefined> {
    if (this.#frozen || findings === this.#publishedFindings) return undefined;
    const ours = printFindings(findings);
    try {
      const result = await this.#findings.publish(ours, signal);
      this.#findingsProblem = undefined;
      this.#publishedFindings = findings;
      return result === ours ? undefined : parseFindings(result);
    } catch (error) {
      this.#findingsProblem = { reason: 'FindingsUnpublished', message: `new findings are not published: ${reasonOf(error)}` };
      if (!signal.aborted) this.#log('warn', 'findings-unpublished', { reason: (error as Error).message });
      return undefined;
    }
  }

  /** Never rejects. */
  async publishCatalog(database: Database, catalog: CatalogData, signal: AbortSignal): Promise<void> {
    if (catalog === this.#publishedCatalog) return;
    const { host, port, database: name } = database.spec.endpoint;
    const content: PublishedCatalog = { formatVersion: 1, endpoint: { host, port, database: name }, catalog };
    try {
      await this.#catalog.publish(JSON.stringify(content), signal);
      this.#catalogProblem = undefined;
      this.#publishedCatalog = catalog;
    } catch (error) {
      this.#catalogProblem = {
        reason: 'CatalogUnpublished',
        message: `the schema is not published, so kubectl sluice explain cannot use it: ${reasonOf(error)}`,
      };
      if (!signal.aborted) this.#log('warn', 'catalog-unpublished', { reason: (error as Error).message });
    }
  }

  /** The findings' ConfigMap has gone: it is written anew the next time. */
  findingsRemoved(): void {
    if (this.#frozen) return;
    this.#findings.forget();
    this.#publishedFindings = undefined;
  }
}

/** Not an answer of the API server, nor the lack of one. */
function isUnreadable(error: unknown): error is Error {
  return error instanceof UnreadableError || (error instanceof Error && error.name === 'FindingsError');
}

/** Stable, and nothing of what was sent. */
function reasonOf(error: unknown): string {
  if (error instanceof TooLargeError || error instanceof UnreadableError) return error.message;
  if (error instanceof ApiError) return `the API server answered ${error.status} ${error.reason}`;
  return 'the API server does not answer';
}
