/**
 * The leaves of a JSON text with their paths, in one pass and without building anything: samples are cut, so the text may end anywhere, and
 * may be anything. A key is a name only when it is made of words that the vocabulary has, and of nothing else; every other key is `*`, so that nothing of a
 * value (a map by user, say) can leave in a path.
 */
import { segment } from '../names/segment.ts';
import { splitIdentifier } from '../names/split.ts';
import { VOCABULARY, WORDS } from '../names/vocabulary.ts';

const DEEPEST = 6;
const MOST_LEAVES = 200;
const LONGEST_KEY = 48;

export type Leaf = (path: string, value: string, quoted: boolean) => void;

/** False when the text is not an object or an array. */
export function scanJson(text: string, leaf: Leaf): boolean {
  const start = skipBlanks(text, 0);
  if (text[start] !== '{' && text[start] !== '[') return false;
  const stack: { readonly object: boolean; readonly path: string }[] = [];
  let path = '';
  let leaves = 0;
  let i = start;
  let expectsKey = false;
  while (i < text.length && leaves < MOST_LEAVES) {
    const letter = text[i]!;
    if (letter === '{' || letter === '[') {
      if (letter === '[') path = stack.length >= DEEPEST ? path : `${path}[]`;
      stack.push({ object: letter === '{', path });
      expectsKey = letter === '{';
      i++;
    } else if (letter === '}' || letter === ']') {
      stack.pop();
      const outer = stack.at(-1);
      if (outer === undefined) return true;
      path = outer.path;
      i++;
    } else if (letter === ',') {
      const inner = stack.at(-1);
      path = inner?.path ?? '';
      expectsKey = inner?.object ?? false;
      i++;
    } else if (letter === '"') {
      const end = endOfString(text, i + 1);
      const content = text.slice(i + 1, end);
      i = end + 1;
      if (expectsKey) {
        const base = stack.at(-1)?.path ?? '';
        const key = keyName(content);
        path = stack.length > DEEPEST ? base : base === '' ? key : `${base}.${key}`;
        // A map by address or handle: the keys are values.
        if (key === '*' && content.includes('@')) {
          leaves++;
          leaf(path, unescaped(content), true);
        }
        expectsKey = false;
      } else {
        leaves++;
        leaf(path, unescaped(content), true);
      }
    } else if (letter === ':' || letter <= ' ') i++;
    else {
      const end = endOfBare(text, i);
      const content = text.slice(i, end);
      i = Math.max(end, i + 1);
      if (content === 'null' || content === 'true' || content === 'false' || content === '') continue;
      leaves++;
      leaf(path, content, false);
    }
  }
  return true;
}

function skipBlanks(text: string, at: number): number {
  while (at < text.length && text[at]! <= ' ') at++;
  return at;
}

function endOfString(text: string, at: number): number {
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}

function endOfBare(text: string, at: number): number {
  while (at < text.length && !',]}:"[{'.includes(text[at]!) && text[at]! > ' ') at++;
  return at;
}

function unescaped(content: string): string {
  if (!content.includes('\\')) return content;
  return content.replace(/\\(?:u([\da-fA-F]{4})|(.))/gs, (_, code: string | undefined, letter: string | undefined) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return letter === 'n' || letter === 't' || letter === 'r' ? ' ' : (letter ?? '');
  });
}

const NAME = /^[\p{L}_$][\p{L}\p{M}\p{N}_$ -]*$/u;

/**
 * The words of a key when all of them are ours, a small number at its end aside; otherwise `*`: of `user_6c2cce3b` even the letters that
 * happen to be words are somebody's.
 */
function keyName(key: string): string {
  if (key.length > LONGEST_KEY || !NAME.test(key)) return '*';
  const words = splitIdentifier(key.replace(/_?\p{N}{1,2}$/u, '')).flatMap(segment);
  return words.length > 0 && words.every(isOurs) ? words.join('_') : '*';
}

function isOurs(word: string): boolean {
  return VOCABULARY.has(word) || WORDS.has(word) || (word.endsWith('s') && WORDS.has(word.slice(0, -1)));
}
