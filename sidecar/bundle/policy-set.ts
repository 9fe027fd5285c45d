/**
 * What is in force of a set of files that people edit while we run. A change takes effect per file and per object: an object
 * with a mistake in it keeps its last good form, one that is no longer there is withdrawn. Only a file whose objects cannot
 * even be told apart keeps all of its last good form. So a typing error never lifts a restriction, never cuts off access, and
 * never delays the withdrawal of something else.
 */
import type { Diagnostic } from '../../core/policy/diagnostic.ts';
import { type Documents, type PolicyFile, type SecretObject, loadDocuments } from '../../core/policy/documents.ts';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';

type AnyObject = Database | DatabaseAccessPolicy | (SecretObject & { readonly kind: 'Secret' });

interface FileState {
  readonly text: string;
  readonly documents: Documents;
  /** In force, by `Kind namespace/name`. */
  readonly objects: ReadonlyMap<string, AnyObject>;
}

export interface PolicySetContent {
  readonly databases: readonly Database[];
  readonly policies: readonly DatabaseAccessPolicy[];
  readonly secrets: readonly SecretObject[];
  readonly diagnostics: readonly Diagnostic[];
  locate(diagnostic: Diagnostic): Diagnostic;
}

export class PolicySet {
  #files = new Map<string, FileState>();

  /** True when anything differs from before. */
  update(files: readonly PolicyFile[]): boolean {
    const next = new Map<string, FileState>();
    let changed = files.length !== this.#files.size;
    for (const file of files) {
      const before = this.#files.get(file.name);
      const same = before !== undefined && before.text === file.text;
      next.set(file.name, same ? before : load(file, before));
      if (!same) changed = true;
    }
    if (changed) this.#files = next;
    return changed;
  }

  content(): PolicySetContent {
    const states = [...this.#files.values()];
    const objects = new Map<string, AnyObject>();
    const diagnostics: Diagnostic[] = [];
    const owners = new Map<string, Documents>();
    for (const [name, { documents, objects: own }] of this.#files) {
      diagnostics.push(...documents.diagnostics);
      for (const [key, object] of own) {
        if (!objects.has(key)) objects.set(key, object);
        else diagnostics.push(duplicate(key, name, documents));
        if (!owners.has(key)) owners.set(key, documents);
      }
    }
    const all = [...objects.values()];
    return {
      databases: all.filter((object) => object.kind === 'Database'),
      policies: all.filter((object) => object.kind === 'DatabaseAccessPolicy'),
      secrets: all.filter((object) => object.kind === 'Secret'),
      diagnostics,
      locate: (diagnostic) => {
        const owner = diagnostic.object === undefined ? undefined : owners.get(diagnostic.object);
        return owner?.locate(diagnostic) ?? states[0]?.documents.locate(diagnostic) ?? diagnostic;
      },
    };
  }
}

function load(file: PolicyFile, before: FileState | undefined): FileState {
  const documents = loadDocuments([file]);
  const objects = new Map<string, AnyObject>();
  for (const object of [...documents.databases, ...documents.policies]) {
    objects.set(`${object.kind} ${object.metadata.namespace}/${object.metadata.name}`, object);
  }
  for (const secret of documents.secrets) objects.set(`Secret ${secret.namespace}/${secret.name}`, { ...secret, kind: 'Secret' });
  for (const [key, object] of before?.objects ?? []) {
    if (!objects.has(key) && (documents.unreadable || documents.names.has(key))) objects.set(key, object);
  }
  return { text: file.text, documents, objects };
}

function duplicate(key: string, file: string, documents: Documents): Diagnostic {
  const place = documents.locate({ severity: 'error', reason: 'Invalid', message: '', object: key, path: 'metadata.name' });
  return { ...place, file: place.file ?? file, message: `${key} stands in another file already, which is the one in force` };
}
