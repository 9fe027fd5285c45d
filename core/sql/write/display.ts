/** Names in messages: quoted only where SQL needs it, so that a reader can copy them. */
import { displayName } from '../names/hints.ts';

export function shown(relation: { readonly schema: string; readonly name: string }): string {
  return displayName(relation.schema, relation.name);
}

export function shownColumn(name: string): string {
  return displayName(name);
}
