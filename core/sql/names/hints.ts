/** What a denial offers instead: the granted names, nearest to the one that was asked for first. */
import { distance } from 'fastest-levenshtein';

const SHOWN = 8;

/** `granted` sorted by likeness to `wanted`, cut to a readable number: `a, b, c and 12 more`. Empty when nothing is granted. */
export function nearest(wanted: string, granted: Iterable<string>): string {
  const sorted = [...new Set(granted)]
    .map((name) => ({ name, score: likeness(wanted, name) }))
    .sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
    .map((entry) => entry.name);
  const shown = sorted.slice(0, SHOWN).join(', ');
  return sorted.length > SHOWN ? `${shown} and ${sorted.length - SHOWN} more` : shown;
}

/** The last part counts: `custmers` is near `public.customers`. */
function likeness(wanted: string, name: string): number {
  const last = name.slice(name.lastIndexOf('.') + 1);
  return Math.min(distance(wanted.toLowerCase(), name.toLowerCase()), distance(wanted.toLowerCase(), last.toLowerCase()));
}

/** A name as a person would write it: quoted only where SQL needs it. */
export function displayName(...parts: readonly string[]): string {
  return parts.map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`)).join('.');
}
