/** A CycloneDX 1.6 bill of materials: what is in the bundle, and nothing that merely stood in node_modules. The base image has its own. */
import type { BundledPackage } from './packages.ts';
import type { Program } from './bundle.ts';
import { vendoredIn } from './vendored.ts';

export function sbom(program: Program, version: string, packages: readonly BundledPackage[]): unknown {
  const root = `sluice-${program}@${version}`;
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': root,
        name: `sluice-${program}`,
        version,
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components: packages.map(component),
    dependencies: [{ ref: root, dependsOn: packages.map(purl) }],
  };
}

function component(each: BundledPackage): unknown {
  const within = vendoredIn(each.name).map(({ name, license }) => ({
    type: 'library',
    name,
    licenses: [{ license: { id: license } }],
  }));
  const [scope, name] = each.name.startsWith('@') ? each.name.split('/') : [undefined, each.name];
  return {
    type: 'library',
    'bom-ref': purl(each),
    ...(scope && { group: scope }),
    name,
    version: each.version,
    purl: purl(each),
    licenses: [/ (AND|OR|WITH) /.test(each.license) ? { expression: each.license } : { license: { id: each.license } }],
    ...(each.integrity && { hashes: [hash(each.integrity)] }),
    ...(within.length > 0 && { components: within }),
  };
}

/** https://github.com/package-url/purl-spec: the scope's @ is encoded. */
export function purl({ name, version }: Pick<BundledPackage, 'name' | 'version'>): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function hash(integrity: string): unknown {
  const at = integrity.indexOf('-');
  const algorithm = integrity.slice(0, at).replace('sha', 'SHA-');
  return { alg: algorithm, content: Buffer.from(integrity.slice(at + 1), 'base64').toString('hex') };
}
