/** JSON Patch (RFC 6902) applied, as far as the injector uses it: `add`, `replace`, `remove`. Admission does it on the API server; this is for `sluice inject`. */
import type { JsonPatchOperation } from './injection.ts';

/** @throws Error for an operation that does not fit the document. */
export function applyJsonPatch(document: unknown, patch: readonly JsonPatchOperation[]): unknown {
  return structuredClone(patch).reduce(
    (current, operation) => apply(current, tokens(operation.path), operation),
    structuredClone(document),
  );
}

function tokens(path: string): readonly string[] {
  return path
    .split('/')
    .slice(1)
    .map((each) => each.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function apply(document: unknown, path: readonly string[], operation: JsonPatchOperation): unknown {
  const [token, ...rest] = path;
  if (token === undefined) {
    if (operation.op === 'add' || operation.op === 'replace') return operation.value;
    throw unfit(operation);
  }
  if (Array.isArray(document)) {
    const at = token === '-' ? document.length : Number(token);
    if (!Number.isInteger(at) || at < 0 || at > document.length) throw unfit(operation);
    if (rest.length > 0) return document.with(at, apply(document[at], rest, operation));
    if (operation.op === 'add') return document.toSpliced(at, 0, operation.value);
    if (at === document.length) throw unfit(operation);
    return operation.op === 'remove' ? document.toSpliced(at, 1) : document.with(at, operation.value);
  }
  if (typeof document !== 'object' || document === null) throw unfit(operation);
  const entries = new Map<string, unknown>(Object.entries(document));
  if (!entries.has(token) && (rest.length > 0 || operation.op !== 'add')) throw unfit(operation);
  if (rest.length > 0) entries.set(token, apply(entries.get(token), rest, operation));
  else if (operation.op === 'remove') entries.delete(token);
  else entries.set(token, operation.value);
  return Object.fromEntries(entries);
}

function unfit({ op, path }: JsonPatchOperation): Error {
  return new Error(`the patch does not fit: ${op} ${path}`);
}
