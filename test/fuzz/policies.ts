/** The tests' policies, compiled against the shop's catalog. */
import { readFileSync } from 'node:fs';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { Bundle } from '../../core/policy/bundle.ts';
import { compileBundle } from '../../core/policy/compile.ts';
import { loadDocuments } from '../../core/policy/documents.ts';
import { readPolicyFiles } from '../../sidecar/bundle/policy-files.ts';
import { allowAllIdentity, allowAllPolicy, restrictedIdentity, restrictivePolicy } from '../support/shop.ts';

export const restrictiveBundle = (catalog: Catalog): Promise<Bundle> => bundleOf(restrictivePolicy, restrictedIdentity, catalog);
export const allowAllBundle = (catalog: Catalog): Promise<Bundle> => bundleOf(allowAllPolicy, allowAllIdentity, catalog);

const restrictive = loadDocuments([{ name: 'restrictive.yaml', text: readFileSync(restrictivePolicy, 'utf8') }]);

/** The restrictive policy on whatever schema; undefined when it does not bind. */
export function compileOn(catalog: Catalog): Bundle | undefined {
  const [namespace, serviceAccount] = restrictedIdentity.split('/') as [string, string];
  const [database] = restrictive.databases;
  if (database === undefined) throw new Error('no Database');
  return compileBundle({
    database,
    policies: restrictive.policies,
    identity: { namespace, serviceAccount },
    catalog,
    detected: new Map(),
    now: 0,
  }).bundle;
}

async function bundleOf(file: string, identity: string, catalog: Catalog): Promise<Bundle> {
  const documents = loadDocuments(await readPolicyFiles([file]));
  const [namespace, serviceAccount] = identity.split('/') as [string, string];
  const { bundle, diagnostics } = compileBundle({
    database: documents.databases[0]!,
    policies: documents.policies,
    identity: { namespace, serviceAccount },
    catalog,
    detected: new Map(),
    now: 0,
  });
  if (bundle === undefined) throw new Error(JSON.stringify(diagnostics));
  return bundle;
}
