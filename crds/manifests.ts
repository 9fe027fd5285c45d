/** The generated files as text, for writing and for comparing. */
import { stringify } from 'yaml';
import { KINDS, customResourceDefinition } from './custom-resource-definition.ts';
import { GROUP } from './meta.ts';

export interface Manifest {
  /** Under `crds/`, beside the TypeScript: `kubectl apply --server-side -f crds/` takes YAML only. */
  readonly file: string;
  readonly text: string;
}

export function manifests(): readonly Manifest[] {
  return KINDS.map((kind) => ({
    file: `${GROUP}_${kind.plural}.yaml`,
    text: `# Generated from crds/*.ts by \`npm run generate\`. Do not edit.\n${stringify(customResourceDefinition(kind), { lineWidth: 0, aliasDuplicateObjects: false })}`,
  }));
}
