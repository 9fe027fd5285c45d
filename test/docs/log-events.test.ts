/** docs/reference/log-events.md has every event that the source logs, and no other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventsIn, eventsOf } from './events.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/log-events.md'), 'utf8');
const [, operator = '', sidecar = ''] = page.split(/^## .*$/m);
/** Of the first column, and of the sentence at the end. */
const documented = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `') || line.startsWith('`sluice proxy`'))
    .flatMap((line) => [...(line.startsWith('|') ? line.split('|')[1]! : line).matchAll(/`([a-z]+(?:-[a-z]+)*)`/g)])
    .map(([, name]) => name!);
const fits = (name: string, pattern: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

it('reads both forms of call', () => {
  const text = `
    this.#options.log(failed ? 'error' : 'warn', 'first-one', { reason: 'not-this' });
    log.info({ what: f(a, 'not-this') }, ready ? 'second' : 'third-one');
    this.#log?.('fourth-one', {});
    options.log[level]({ reason }, \`fifth-\${result}\`);
    catalog('not-this');`;
  expect(eventsIn(text)).toEqual(['first-one', 'second', 'third-one', 'fourth-one', 'fifth-*']);
});

describe.each([
  // The leader's detection is the sidecar's.
  { process: 'operator', text: operator, rooms: ['operator', 'sidecar/sensitivity'], atLeast: 50 },
  { process: 'sidecar', text: sidecar, rooms: ['sidecar', 'cli/proxy'], atLeast: 25 },
])('$process', ({ text, rooms, atLeast }) => {
  const events = [...eventsOf(rooms)].sort();

  it('every event has an entry', () => {
    expect(events.length).toBeGreaterThan(atLeast);
    expect(events.filter((event) => !documented(text).some((name) => fits(name, event)))).toEqual([]);
  });

  it('every entry is an event, and stands there once', () => {
    const names = documented(text);
    expect(names.filter((name) => name !== 'sluice' && !events.some((event) => fits(name, event)))).toEqual([]);
    expect(names).toEqual([...new Set(names)]);
  });
});
