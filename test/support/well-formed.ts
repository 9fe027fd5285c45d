/** HTML as strict as XML: which elements there are, and what text a reader sees. Throws for whatever a browser would have to repair. */

const VOID: ReadonlySet<string> = new Set(['meta']);
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

export function wellFormed(html: string): { readonly tags: ReadonlySet<string>; readonly text: string } {
  const tags = new Set<string>();
  const open: string[] = [];
  let text = '';
  let rest = html.replace(/^<!DOCTYPE html>\n/, '');
  if (rest === html) throw new Error('there is no doctype');
  while (rest !== '') {
    const tag = /^<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"<>]*")*)>/.exec(rest);
    if (tag !== null) {
      const [all, closes, name] = tag as unknown as [string, string, string];
      tags.add(name);
      if (closes !== '') {
        if (open.pop() !== name) throw new Error(`</${name}> closes another element`);
      } else if (!VOID.has(name)) open.push(name);
      rest = rest.slice(all.length);
      continue;
    }
    const piece = /^[^<&]+/.exec(rest)?.[0];
    const entity = /^&(#?\w+);/.exec(rest);
    if (piece !== undefined) {
      if (open.at(-1) !== 'style') text += piece;
      rest = rest.slice(piece.length);
    } else if (entity !== null && ENTITIES[entity[1]!] !== undefined) {
      text += ENTITIES[entity[1]!];
      rest = rest.slice(entity[0].length);
    } else throw new Error(`not well-formed: ${rest.slice(0, 80)}`);
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(' ')}`);
  return { tags, text };
}
