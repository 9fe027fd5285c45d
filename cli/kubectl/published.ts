/** What the operator's leader has published of a Database: its schema as last read, and what detection has found. */
import { Catalog } from '../../core/catalog/catalog.ts';
import type { Classes } from '../../core/policy/sensitivity.ts';
import { detect } from '../../core/sensitivity/detect.ts';
import type { TableFacts } from '../../core/sensitivity/facts.ts';
import { buildFacts, EMPTY_FACTS } from '../../core/sensitivity/facts-query.ts';
import { classesBy, findingOf, type Findings, NO_FINDINGS, parseFindings } from '../../core/sensitivity/findings.ts';
import type { Verdict } from '../../core/sensitivity/verdict.ts';
import type { Database } from '../../crds/database.ts';
import { ApiError, CONFIG_MAPS, type KubeApi } from '../../operator/api/kube-api.ts';
import { endpointOf, type PublishedCatalog } from '../../operator/catalog/publication.ts';
import { type ConfigMap, type Content, publishedName, publishedText } from '../../operator/materials/published.ts';
import { CliError } from '../errors.ts';
import { nameOf } from './objects.ts';

export interface Published {
  readonly catalog: Catalog;
  readonly tables: readonly TableFacts[];
  readonly verdicts: readonly Verdict[];
  readonly findings: Findings;
  /** Empty where detection is off. */
  readonly detected: Classes;
}

/** Throws CliError where the schema has not been published, or is of another endpoint. */
export async function readPublished(api: KubeApi, database: Database, operatorNamespace: string): Promise<Published> {
  const read = (content: Content) => textOf(api, content, nameOf(database), operatorNamespace);
  const [schema, found] = await Promise.all([read('catalog'), read('findings')]);
  const missing = `the operator has not published the schema of ${nameOf(database)} yet: kubectl describe database ${database.metadata.name} -n ${database.metadata.namespace} says what it waits for`;
  if (schema === undefined) throw new CliError(missing);
  const { endpoint, catalog: data, formatVersion } = parsed(() => JSON.parse(schema) as PublishedCatalog);
  if (formatVersion !== 1) throw new CliError('the published schema is of another release: use its kubectl sluice');
  // Under another endpoint the same names mean other things.
  if (endpointOf(database) !== JSON.stringify([endpoint.host, endpoint.port, endpoint.database])) throw new CliError(missing);
  const catalog = parsed(() => new Catalog(data));
  const findings = found === undefined ? NO_FINDINGS : parsed(() => parseFindings(found));
  const tables = buildFacts(catalog, EMPTY_FACTS);
  const verdicts = detect(tables, new Map());
  const detected = database.spec.sensitivity.detection === 'Off' ? new Map() : classesOf(catalog, tables, verdicts, findings);
  return { catalog, tables, verdicts, findings, detected };
}

/**
 * As sidecars have it: what was found, and until a column's values have been looked at, the verdict on its name and type. Comments and keys are
 * not published, so a column whose values were looked at counts as settled.
 */
function classesOf(catalog: Catalog, tables: readonly TableFacts[], verdicts: readonly Verdict[], findings: Findings): Classes {
  return classesBy(tables, verdicts, catalog, (table, column, verdict) => {
    const finding = findingOf(findings, table, column);
    return finding?.sampled === undefined ? (finding?.class ?? verdict.class) : finding.class;
  });
}

async function textOf(api: KubeApi, content: Content, database: string, namespace: string): Promise<string | undefined> {
  try {
    const configMap = await api.get<ConfigMap>(CONFIG_MAPS, { namespace, name: publishedName(content, database) });
    return parsed(() => publishedText(content, configMap)?.text);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

function parsed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CliError('what the operator has published cannot be read; is it of another release?', 1, { cause: error });
  }
}
