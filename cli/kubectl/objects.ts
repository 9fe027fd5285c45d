/** Databases and policies of a cluster, judged by the schema of this release; and what their status says. */
import { validate } from '../../core/policy/validate.ts';
import type { Condition } from '../../crds/meta.ts';
import { type Database, databaseKind } from '../../crds/database.ts';
import { type DatabaseAccessPolicy, policyKind } from '../../crds/database-access-policy.ts';
import type { Schema } from '../../crds/schema.ts';
import { ApiError, DATABASES, type KubeApi, type KubeMeta, type KubeObject, POLICIES } from '../../operator/api/kube-api.ts';
import { CliError } from '../errors.ts';
import { listObjects } from './cluster.ts';

export interface Reported extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[]; readonly boundPods?: number; readonly programmedPods?: number };
}

/** All that there are; those that this release cannot read are left out. */
export async function listGoverned(
  api: KubeApi,
  namespace?: string,
): Promise<{ readonly databases: readonly Database[]; readonly policies: readonly DatabaseAccessPolicy[] }> {
  const selection = namespace === undefined ? {} : { namespace };
  const [databases, policies] = await Promise.all([
    listObjects(api, DATABASES, selection),
    listObjects(api, POLICIES, selection),
  ]).catch(kindsMissing);
  return {
    databases: databases.flatMap((object) => typed<Database>(object, databaseKind.spec) ?? []),
    policies: policies.flatMap((object) => typed<DatabaseAccessPolicy>(object, policyKind.spec) ?? []),
  };
}

/** A list of a kind that is not served is a 404; one of a namespace that is not there is empty. */
function kindsMissing(error: unknown): never {
  if (!(error instanceof ApiError) || error.status !== 404) throw error;
  throw new CliError(
    'the cluster does not know Databases and policies: kubectl apply --server-side -f crds/ (from the checkout)',
  );
}

/** With defaults. Undefined: it does not fit the schema of this release. */
function typed<T extends Database | DatabaseAccessPolicy>(object: KubeObject, schema: Schema): T | undefined {
  const { spec } = object as { readonly spec?: unknown };
  const { value, issues } = validate(spec ?? {}, schema, ['spec']);
  return issues.length > 0 ? undefined : ({ ...object, spec: value } as unknown as T);
}

export function condition(object: Reported, type: string): Condition | undefined {
  return object.status?.conditions?.find((each) => each.type === type);
}

export function nameOf({ metadata }: { readonly metadata: Pick<KubeMeta, 'name' | 'namespace'> }): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

/** The Database that is meant: by its full name, or the only one of that name where policies are honoured. */
export async function findDatabase(
  api: KubeApi,
  asked: { readonly namespace?: string; readonly name: string },
  namespaces: readonly string[],
): Promise<{ readonly database: Database; readonly policies: readonly DatabaseAccessPolicy[] }> {
  const searched = asked.namespace === undefined ? namespaces : [asked.namespace];
  const all = await Promise.all(searched.map((namespace) => listGoverned(api, namespace)));
  const matches = all.flatMap(({ databases }) => databases.filter((each) => each.metadata.name === asked.name));
  const [database, ...others] = matches;
  if (database === undefined) {
    const names = all.flatMap(({ databases }) => databases.map(nameOf));
    const hint = names.length === 0 ? '' : `; there is ${names.join(', ')}`;
    throw new CliError(`there is no Database ${asked.name} in ${searched.join(', ')}${hint}`);
  }
  if (others.length > 0) throw new CliError(`Database ${asked.name} is ambiguous: write ${matches.map(nameOf).join(' or ')}`, 2);
  const policies = all.flatMap((each) => each.policies).filter((each) => each.metadata.namespace === database.metadata.namespace);
  return { database, policies };
}
