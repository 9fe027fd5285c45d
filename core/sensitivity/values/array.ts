/** The elements of an array in PostgreSQL's text form (`{a,"b, c",NULL}`), nested ones flattened; a cut text ends where it ends. */
const MOST_ELEMENTS = 50;

export function arrayElements(text: string): string[] {
  const elements: string[] = [];
  let element = '';
  let quoted = false;
  const end = (): void => {
    if (quoted || (element !== '' && element !== 'NULL')) elements.push(element);
    element = '';
    quoted = false;
  };
  for (let i = 0; i < text.length && elements.length < MOST_ELEMENTS; i++) {
    const letter = text[i]!;
    if (letter === '{' || letter === '}' || letter === ',') end();
    else if (letter === '"') {
      quoted = true;
      const pieces: string[] = [];
      for (i++; i < text.length && text[i] !== '"'; i++) {
        if (text[i] === '\\') i++;
        pieces.push(text[i] ?? '');
      }
      element = pieces.join('');
    } else element += letter;
  }
  if (elements.length < MOST_ELEMENTS) end();
  return elements;
}
