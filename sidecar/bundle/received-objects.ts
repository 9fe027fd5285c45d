/** Documents as the operator sends them, held to this release's schema: what this release does not understand it must not guess. */
import type { Identity } from '../../core/identity/identity.ts';
import { isRecord } from '../../core/json/read.ts';
import { API_VERSION } from '../../crds/meta.ts';
import { type Database, databaseKind } from '../../crds/database.ts';
import { type DatabaseAccessPolicy, policyKind } from '../../crds/database-access-policy.ts';
import { formatPath, validate } from '../../core/policy/validate.ts';
import type { ReceivedFrame } from '../../core/stream/frame-reader.ts';
import type { StateFrame } from '../../core/stream/frames.ts';
import { isIP } from 'node:net';

/** One sentence on what is not understood. */
export class ReceivedObjectError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ReceivedObjectError';
  }
}

/** @throws ReceivedObjectError. */
export function readState(frame: ReceivedFrame | Readonly<Record<string, unknown>>): StateFrame {
  const { database, revision, object, policies, addresses, ca } = frame;
  if (typeof database !== 'string' || typeof revision !== 'string' || !Array.isArray(policies) || !Array.isArray(addresses))
    throw new ReceivedObjectError('the state is not complete');
  if (!addresses.every((address) => typeof address === 'string' && isIP(address) !== 0))
    throw new ReceivedObjectError('an address of the server is none');
  const governed = readObject(object, 'Database') as Database;
  const { namespace, name } = governed.metadata;
  if (`${namespace}/${name}` !== database)
    throw new ReceivedObjectError(`the state of ${database} is about ${namespace}/${name}`);
  return {
    type: 'state',
    database,
    revision,
    object: governed,
    policies: policies.map((policy) => readObject(policy, 'DatabaseAccessPolicy') as DatabaseAccessPolicy),
    addresses: addresses as readonly string[],
    ...(typeof ca === 'string' ? { ca } : {}),
  };
}

function readObject(value: unknown, kind: 'Database' | 'DatabaseAccessPolicy'): Database | DatabaseAccessPolicy {
  const { apiVersion, kind: said, metadata, spec } = isRecord(value) ? value : {};
  const { namespace, name, generation, uid, creationTimestamp } = isRecord(metadata) ? metadata : {};
  if (typeof namespace !== 'string' || typeof name !== 'string') throw new ReceivedObjectError(`a ${kind} has no name`);
  if (apiVersion !== API_VERSION || said !== kind)
    throw new ReceivedObjectError(`${kind} ${namespace}/${name} is not of ${API_VERSION}`);
  const checked = validate(spec, (kind === 'Database' ? databaseKind : policyKind).spec, ['spec']);
  const [issue] = checked.issues;
  if (issue !== undefined)
    throw new ReceivedObjectError(`${kind} ${namespace}/${name}: ${formatPath(issue.path)}: ${issue.message}`);
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: {
      namespace,
      name,
      ...(typeof uid === 'string' ? { uid } : {}),
      ...(typeof generation === 'number' ? { generation } : {}),
      ...(typeof creationTimestamp === 'string' ? { creationTimestamp } : {}),
    },
    spec: checked.value,
  } as Database | DatabaseAccessPolicy;
}

/** Undefined where it names no service account. */
export function readIdentity(claims: unknown): Identity | undefined {
  if (!isRecord(claims)) return undefined;
  const { namespace, serviceAccount } = claims;
  if (typeof namespace !== 'string' || typeof serviceAccount !== 'string') return undefined;
  const facts = (['pod', 'podUid', 'node', 'image'] as const).flatMap((fact) => {
    const value = claims[fact];
    return typeof value === 'string' ? [[fact, value] as const] : [];
  });
  return { namespace, serviceAccount, ...Object.fromEntries(facts) };
}
