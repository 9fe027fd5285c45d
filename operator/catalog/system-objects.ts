/**
 * Nine tenths of a small schema are the server's own catalogs, the same in every database of one release. They are kept once, however many
 * Databases there are.
 */
import { createHash } from 'node:crypto';
import type { CatalogData } from '../../core/catalog/model.ts';

/** FirstNormalObjectId, https://github.com/postgres/postgres/blob/master/src/include/access/transam.h */
const FIRST_USER_OID = 16_384;

interface SystemObjects {
  readonly relations: CatalogData['relations'];
  readonly types: CatalogData['types'];
  readonly functions: CatalogData['functions'];
  readonly operators: CatalogData['operators'];
}

export class SharedSystemObjects {
  readonly #known = new Map<string, WeakRef<SystemObjects>>();
  /** As long as the data lives, so do the objects it shares. */
  readonly #held = new WeakMap<CatalogData, SystemObjects>();

  /** The same data, with what is the system's taken from another catalog where one has it. */
  share(data: CatalogData): CatalogData {
    const own: SystemObjects = {
      relations: data.relations.filter(isSystem),
      types: data.types.filter(isSystem),
      functions: data.functions.filter(isSystem),
      operators: data.operators.filter(isSystem),
    };
    // One program writes them, always in the same order: no canonical form is needed.
    const key = createHash('sha256').update(JSON.stringify(own)).digest('hex');
    const shared = this.#known.get(key)?.deref();
    if (shared === undefined) {
      this.#known.set(key, new WeakRef(own));
      this.#held.set(data, own);
      return data;
    }
    const result = {
      ...data,
      relations: replaced(data.relations, shared.relations),
      types: replaced(data.types, shared.types),
      functions: replaced(data.functions, shared.functions),
      operators: replaced(data.operators, shared.operators),
    };
    this.#held.set(result, shared);
    return result;
  }
}

function isSystem(object: { readonly oid: number }): boolean {
  return object.oid < FIRST_USER_OID;
}

function replaced<T extends { readonly oid: number }>(objects: readonly T[], shared: readonly T[]): readonly T[] {
  let next = 0;
  return objects.map((object) => (isSystem(object) ? shared[next++]! : object));
}
