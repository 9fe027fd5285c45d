/** The generated files as text, for writing and for comparing. */
import { stringify } from 'yaml';
import { KINDS, customResourceDefinition, schemaFingerprint } from './custom-resource-definition.ts';
import { GROUP } from './meta.ts';

export interface Manifest {
  /** From the root of the checkout. CRDs stand beside the TypeScript: `kubectl apply --server-side -f crds/` takes YAML only. */
  readonly file: string;
  readonly text: string;
}

const HEAD = '# Generated from crds/*.ts by `npm run generate`. Do not edit.\n';

/** kubectl reads YAML 1.1, where `Off` without quotes is false. */
const YAML_1_1 = { compat: 'yaml-1.1', lineWidth: 0, aliasDuplicateObjects: false } as const;

export function manifests(): readonly Manifest[] {
  return KINDS.map((kind) => ({
    file: `crds/${GROUP}_${kind.plural}.yaml`,
    text: `${HEAD}${stringify(customResourceDefinition(kind), YAML_1_1)}`,
  }));
}

/** What the chart compares the cluster's CRDs with: the chart itself has none, because Helm never upgrades those it installs. */
export function schemaFingerprints(): Manifest {
  const fingerprints = Object.fromEntries(KINDS.map((kind) => [`${kind.plural}.${GROUP}`, schemaFingerprint(kind)]));
  return { file: 'charts/sluice/files/crd-schemas.yaml', text: `${HEAD}${stringify(fingerprints)}` };
}
