/** A kind's definition as a CustomResourceDefinition manifest. */
import { GROUP, VERSION } from './meta.ts';
import { databaseKind } from './database.ts';
import { policyKind } from './database-access-policy.ts';
import { type ObjectSchema, toOpenApi } from './schema.ts';

export interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly spec: ObjectSchema;
  readonly status: ObjectSchema;
  /** Printer columns: the first answer `kubectl get` gives. */
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly jsonPath: string;
    readonly priority?: number;
  }[];
}

export const KINDS: readonly Kind[] = [databaseKind, policyKind];

/** Which schema a cluster has, without comparing it field by field: `kubectl sluice check` and the chart's notes read it. */
export const SCHEMA_ANNOTATION = 'sluice.dev/schema';

/** https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/ */
export function customResourceDefinition(kind: Kind): Record<string, unknown> {
  const spec = specOf(kind);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${GROUP}`, annotations: { [SCHEMA_ANNOTATION]: fingerprint(JSON.stringify(spec)) } },
    spec,
  };
}

/** The value of SCHEMA_ANNOTATION in this release. */
export function schemaFingerprint(kind: Kind): string {
  return fingerprint(JSON.stringify(specOf(kind)));
}

function specOf(kind: Kind): Record<string, unknown> {
  return {
    group: GROUP,
    scope: 'Namespaced',
    names: {
      kind: kind.kind,
      listKind: `${kind.kind}List`,
      plural: kind.plural,
      singular: kind.singular,
      shortNames: [...kind.shortNames],
      categories: ['sluice'],
    },
    versions: [
      {
        name: VERSION,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: kind.columns.map((column) => ({ ...column })),
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: kind.description,
            required: ['spec'],
            properties: {
              apiVersion: { type: 'string' },
              kind: { type: 'string' },
              metadata: { type: 'object' },
              spec: toOpenApi(kind.spec),
              status: toOpenApi(kind.status),
            },
          },
        },
      },
    ],
  };
}

/** FNV-1a, 64 bits: tells releases apart, protects nothing. http://www.isthe.com/chongo/tech/comp/fnv/ */
function fingerprint(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
}
