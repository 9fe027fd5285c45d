/** The committed CRDs are what the definitions say, and keep what a structural schema needs. */
import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { manifests, schemaFingerprints } from './manifests.ts';

const root = new URL('../', import.meta.url);

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly enum?: readonly string[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maximum?: number;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
}

function* nodes(node: Node, path: string): Generator<readonly [string, Node]> {
  yield [path, node];
  for (const [name, child] of Object.entries(node.properties ?? {})) yield* nodes(child, `${path}.${name}`);
  if (node.items !== undefined) yield* nodes(node.items, `${path}[]`);
}

describe('generated CRDs', () => {
  it('are what is committed', async () => {
    const committed = (await readdir(new URL('crds/', root))).filter((file) => /\.(yaml|yml|json)$/.test(file));
    expect(committed.map((file) => `crds/${file}`).sort()).toEqual(
      manifests()
        .map(({ file }) => file)
        .sort(),
    );
    for (const { file, text } of [...manifests(), schemaFingerprints()])
      expect(await readFile(new URL(file, root), 'utf8'), file).toBe(text);
  });

  it.each(manifests())('$file is structural: typed everywhere, bounded everywhere', ({ text }) => {
    const crd = parse(text) as { spec: { versions: { schema: { openAPIV3Schema: { properties: Record<string, Node> } } }[] } };
    const [version] = crd.spec.versions;
    const { spec, status } = version?.schema.openAPIV3Schema.properties ?? {};
    for (const [path, node] of [...nodes(spec ?? {}, 'spec'), ...nodes(status ?? {}, 'status')]) {
      expect(node.type, path).toBeDefined();
      if (node.type === 'string' && node.enum === undefined) expect(node.maxLength, path).toBeGreaterThan(0);
      if (node.type === 'array') expect(node.maxItems, path).toBeGreaterThan(0);
      if (node.type === 'integer') expect(node.maximum, path).toBeGreaterThan(0);
      for (const rule of node['x-kubernetes-validations'] ?? []) expect(rule.rule, path).toContain('self');
    }
  });
});
