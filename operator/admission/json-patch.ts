/**
 * The difference of two JSON documents as a JSON Patch (RFC 6902). Lists whose elements have a name are compared by it, so that a container put
 * before others is one `add`, and fields that nobody touched are in no operation: what this release does not know survives.
 */
import { isRecord } from '../../core/json/read.ts';
import type { JsonPatchOperation } from './injection.ts';

export function jsonPatch(before: unknown, after: unknown): readonly JsonPatchOperation[] {
  const operations: JsonPatchOperation[] = [];
  compare(before, after, '', operations);
  return operations;
}

export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((each, at) => sameJson(each, b[at]));
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]));
}

function compare(before: unknown, after: unknown, path: string, operations: JsonPatchOperation[]): void {
  if (sameJson(before, after)) return;
  if (Array.isArray(before) && Array.isArray(after)) compareLists(before, after, path, operations);
  else if (isRecord(before) && isRecord(after)) compareObjects(before, after, path, operations);
  else operations.push({ op: 'replace', path, value: after });
}

function compareObjects(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  path: string,
  operations: JsonPatchOperation[],
): void {
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) operations.push({ op: 'remove', path: join(path, key) });
  for (const [key, value] of Object.entries(after)) {
    if (Object.hasOwn(before, key)) compare(before[key], value, join(path, key), operations);
    else operations.push({ op: 'add', path: join(path, key), value });
  }
}

function compareLists(
  before: readonly unknown[],
  after: readonly unknown[],
  path: string,
  operations: JsonPatchOperation[],
): void {
  const key = ['name', 'mountPath', 'ip'].find((each) => isKeyed(before, each) && isKeyed(after, each));
  if (key === undefined) {
    compareByPlace(before, after, path, operations);
    return;
  }
  const keyOf = (element: unknown): unknown => (element as Readonly<Record<string, unknown>>)[key];
  const wanted = new Set(after.map(keyOf));
  const present = new Set(before.map(keyOf));
  const current = [...before];
  for (let at = current.length - 1; at >= 0; at -= 1) {
    if (wanted.has(keyOf(current[at]))) continue;
    operations.push({ op: 'remove', path: join(path, at) });
    current.splice(at, 1);
  }
  for (const [at, element] of after.entries()) {
    if (at < current.length && keyOf(current[at]) === keyOf(element)) {
      compare(current[at], element, join(path, at), operations);
      continue;
    }
    const found = present.has(keyOf(element))
      ? current.findIndex((each, index) => index > at && keyOf(each) === keyOf(element))
      : -1;
    if (found > at) {
      operations.push({ op: 'remove', path: join(path, found) });
      current.splice(found, 1);
    }
    operations.push({ op: 'add', path: join(path, at), value: element });
    current.splice(at, 0, element);
  }
}

/** What is alike at both ends stays; what is between is replaced. */
function compareByPlace(
  before: readonly unknown[],
  after: readonly unknown[],
  path: string,
  operations: JsonPatchOperation[],
): void {
  let start = 0;
  while (start < before.length && start < after.length && sameJson(before[start], after[start])) start += 1;
  let [beforeEnd, afterEnd] = [before.length, after.length];
  while (beforeEnd > start && afterEnd > start && sameJson(before[beforeEnd - 1], after[afterEnd - 1])) {
    beforeEnd -= 1;
    afterEnd -= 1;
  }
  const common = Math.min(beforeEnd, afterEnd);
  for (let at = start; at < common; at += 1) compare(before[at], after[at], join(path, at), operations);
  for (let at = beforeEnd - 1; at >= common; at -= 1) operations.push({ op: 'remove', path: join(path, at) });
  for (let at = common; at < afterEnd; at += 1) operations.push({ op: 'add', path: join(path, at), value: after[at] });
}

/** Every element is an object with a string of its own under this key. */
function isKeyed(list: readonly unknown[], key: string): boolean {
  const keys = list.map((each) => (isRecord(each) ? each[key] : undefined));
  return keys.every((each) => typeof each === 'string') && new Set(keys).size === keys.length;
}

/** RFC 6901, section 3. */
function join(path: string, token: string | number): string {
  return `${path}/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
