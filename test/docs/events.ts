/** The names of all log events in the source of a process, found by reading the calls: `log(level, event, detail)` and pino's `log.warn(detail, event)`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const CALL = /\blog(?:ger)?(?:\?\.|\.(debug|info|warn|error|fatal)|\[(level)\])?\(/g;
const LEVEL = /^(debug|info|warn|error)$/;
/** What is computed is a star: `pod-${result}` is `pod-*`. */
const EVENT = /^[a-z]+(-([a-z]+|\*))*$/;

export function eventsOf(rooms: readonly string[]): ReadonlySet<string> {
  const events = new Set<string>();
  for (const room of rooms) for (const text of sources(room)) for (const event of eventsIn(text)) events.add(event);
  return events;
}

export function eventsIn(text: string): readonly string[] {
  return [...text.matchAll(CALL)].flatMap((call) => {
    const found = argumentsFrom(text, call.index + call[0].length);
    if (call[1] !== undefined || call[2] !== undefined) return literals(found.at(-1));
    const first = literals(found[0]);
    return first.length > 0 ? first : literals(found[1]);
  });
}

function sources(room: string): readonly string[] {
  const path = join(ROOT, room);
  if (room.endsWith('.ts')) return [readFileSync(path, 'utf8')];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(file))
    .map((file) => readFileSync(join(path, file), 'utf8'));
}

function literals(argument = ''): readonly string[] {
  return [...argument.matchAll(/'([^']*)'|`([^`]*)`/g)]
    .map(([, plain, template]) => plain ?? template!.replaceAll(/\$\{[^}]*\}/g, '*'))
    .filter((word) => EVENT.test(word) && !LEVEL.test(word));
}

/** Of a call whose parenthesis has just been opened. Strings of our style have no quotes of their own kind inside. */
function argumentsFrom(text: string, start: number): readonly string[] {
  const found: string[] = [];
  let depth = 0;
  let begin = start;
  for (let at = start; at < text.length; at++) {
    const sign = text[at]!;
    if (sign === "'" || sign === '`') at = text.indexOf(sign, at + 1);
    else if ('([{'.includes(sign)) depth++;
    else if (')]}'.includes(sign) && depth > 0) depth--;
    else if (depth === 0 && (sign === ',' || sign === ')')) {
      found.push(text.slice(begin, at));
      begin = at + 1;
      if (sign === ')') break;
    }
  }
  return found.filter((each) => each.trim() !== '');
}
