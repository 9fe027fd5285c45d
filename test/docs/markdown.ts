/** As much of Markdown as the tests of the documentation need: links, headings, fenced blocks. */

export interface FencedBlock {
  /** What stands behind the fence: `yaml`, `console` … */
  readonly language: string;
  readonly text: string;
}

export function fencedBlocks(text: string): readonly FencedBlock[] {
  return [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm)].map(([, , language = '', content = '']) => ({
    language,
    text: content,
  }));
}

/** Targets of links to other places of the repository, in their order. */
export function linksOf(text: string): readonly string[] {
  const prose = withoutCode(text);
  return [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)|^\[[^\]]+\]: +(\S+)$/gm)]
    .map(([, inline, reference]) => (inline ?? reference)!)
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target));
}

/** As GitHub makes them of headings, and those made by hand. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  const lines = text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');
  for (const [, heading, byHand] of lines.matchAll(/^#{1,6} +(.+?) *#*$|<a (?:name|id)="([^"]+)">/gm)) {
    if (byHand !== undefined) anchors.add(byHand);
    if (heading === undefined) continue;
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    for (let count = 0; ; count++) {
      const anchor = count === 0 ? slug : `${slug}-${count}`;
      if (anchors.has(anchor)) continue;
      anchors.add(anchor);
      break;
    }
  }
  return anchors;
}

function withoutCode(text: string): string {
  return text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
}
