import { describe, expect, it } from 'vitest';
import { customResourceDefinition, KINDS } from '../../crds/custom-resource-definition.ts';
import { crdDrift, type CustomResourceDefinition, readablePath } from './crd-drift.ts';

const [database, policy] = KINDS as [(typeof KINDS)[number], (typeof KINDS)[number]];

interface Node {
  [key: string]: Node;
}

/** This release's, changed as an old or a new one might be. */
function served(change: (schema: Node, version: Node) => void, kind = policy): CustomResourceDefinition {
  const crd = structuredClone(customResourceDefinition(kind)) as unknown as { spec: { versions: Node[] } };
  const version = crd.spec.versions[0]!;
  change(version['schema']!['openAPIV3Schema']!, version);
  return crd as unknown as CustomResourceDefinition;
}

const grants = (schema: Node): Node => schema['properties']!['spec']!['properties']!['grants']!['items']!['properties']!;

describe('the served CRD', () => {
  it.each(KINDS)('$kind as it is generated is current', (kind) => {
    expect(
      crdDrift(
        kind,
        served(() => {}, kind),
      ),
    ).toEqual({ state: 'current' });
  });

  it('other words in a description are no difference; a field of that name is none of those', () => {
    const text = (schema: Node) => {
      schema['description'] = 'other words' as unknown as Node;
    };
    expect(crdDrift(policy, served(text)).state).toBe('current');
  });

  it.each<[string, (schema: Node, version: Node) => void, string]>([
    ['a field that is cut off', (schema) => void delete grants(schema)['rowFilter'], 'spec.grants[].rowFilter'],
    [
      'a rule that does not hold',
      (schema) => void delete grants(schema)['tables']!['items']!['pattern'],
      'spec.grants[].tables[].pattern',
    ],
    [
      'a bound that is another one',
      (schema) => {
        grants(schema)['tables']!['maxItems'] = 3 as unknown as Node;
      },
      'spec.grants[].tables.maxItems',
    ],
    ['no status', (_schema, version) => void delete version['subresources'], 'subresources.status'],
  ])('is outdated: %s', (_what, change, path) => {
    const drift = crdDrift(policy, served(change));
    expect(drift).toMatchObject({ state: 'outdated' });
    expect(drift.state === 'outdated' && drift.differences.map(readablePath)).toEqual([path]);
  });

  it('is newer where it only knows more', () => {
    const more = served((schema) => {
      grants(schema)['rowLimit'] = { type: 'integer' } as unknown as Node;
      (schema['required'] as unknown as string[]).push('metadata');
    });
    expect(crdDrift(policy, more)).toMatchObject({ state: 'newer' });
  });

  it('is missing where it is not there, or not in this version', () => {
    expect(crdDrift(database, undefined)).toEqual({ state: 'missing' });
    const other = served((_schema, version) => {
      version['name'] = 'v1' as unknown as Node;
    }, database);
    expect(crdDrift(database, other)).toEqual({ state: 'missing' });
  });
});
