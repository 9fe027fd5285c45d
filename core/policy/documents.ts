/**
 * Policy files as kubectl takes them: YAML text in, typed objects out, with the place of every field remembered, so that
 * whatever is found wrong later can be said with file, line and column. Pure: reading the files is someone else's work.
 */
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { type DatabaseAccessPolicy, policyKind } from '../../crds/database-access-policy.ts';
import { type Database, databaseKind } from '../../crds/database.ts';
import { API_VERSION, GROUP, namespaceName, objectName } from '../../crds/meta.ts';
import type { Schema } from '../../crds/schema.ts';
import type { Diagnostic } from './diagnostic.ts';
import { type Place, parsePath, position } from './document-position.ts';
import { nearest } from './nearest.ts';
import { type Issue, type Path, formatPath, shortened, validate } from './validate.ts';
import { type StructureProblem, structureProblems } from './yaml-structure.ts';

export interface PolicyFile {
  /** As it should appear in messages. */
  readonly name: string;
  readonly text: string;
}

export interface SecretObject {
  readonly namespace: string;
  readonly name: string;
  /** Decoded. */
  readonly data: Readonly<Record<string, string>>;
}

export interface Documents {
  readonly databases: readonly Database[];
  readonly policies: readonly DatabaseAccessPolicy[];
  readonly secrets: readonly SecretObject[];
  readonly diagnostics: readonly Diagnostic[];
  /** `Kind namespace/name` of all objects, those with mistakes in them too. */
  readonly names: ReadonlySet<string>;
  /** True when there is something whose kind or name cannot be told. */
  readonly unreadable: boolean;
  /** Adds file, line and column to what a later stage found. */
  locate(diagnostic: Diagnostic): Diagnostic;
}

/** An object without metadata.namespace is in this one, as for kubectl without -n. */
const DEFAULT_NAMESPACE = 'default';

export function loadDocuments(files: readonly PolicyFile[]): Documents {
  const loader = new Loader();
  for (const file of files) loader.file(file);
  return loader.result();
}

class Loader {
  readonly #databases: Database[] = [];
  readonly #policies: DatabaseAccessPolicy[] = [];
  readonly #secrets: SecretObject[] = [];
  readonly #diagnostics: Diagnostic[] = [];
  /** `Kind namespace/name` -> where it stands. */
  readonly #places = new Map<string, Place>();
  #unreadable = false;

  result(): Documents {
    const places = this.#places;
    return {
      databases: this.#databases,
      policies: this.#policies,
      secrets: this.#secrets,
      diagnostics: this.#diagnostics,
      names: new Set(places.keys()),
      unreadable: this.#unreadable,
      locate(diagnostic) {
        const place = diagnostic.object === undefined ? undefined : places.get(diagnostic.object);
        if (place === undefined || diagnostic.file !== undefined) return diagnostic;
        return { ...diagnostic, ...position(place, parsePath(diagnostic.path ?? ''), false) };
      },
    };
  }

  file({ name, text }: PolicyFile): void {
    const lines = new LineCounter();
    const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
    if (!Array.isArray(documents)) return;
    for (const document of documents) {
      const problems = problemsOf(document);
      for (const { at, message } of problems.slice(0, MOST_PROBLEMS)) {
        const { line, col } = lines.linePos(at);
        this.#diagnostics.push({ severity: 'error', reason: 'Syntax', message, file: name, line, column: col });
      }
      if (problems.length > 0) this.#unreadable = true;
      else this.#document({ file: name, document, lines });
    }
  }

  #document(place: Place): void {
    if (place.document.contents === null) return;
    const value: unknown = this.#plain(place);
    if (value === undefined || value === null) return;
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.#refuse(place, [], 'expected a Kubernetes object with apiVersion, kind, metadata and spec');
      return;
    }
    this.#object(place, value as Record<string, unknown>);
  }

  /** Aliases are resolved here; too many of them are refused by the library rather than expanded. */
  #plain(place: Place): unknown {
    try {
      return place.document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      const deep = error instanceof RangeError;
      this.#refuse(place, [], deep ? TOO_DEEP : yamlMessage(error instanceof Error ? error.message : 'not valid YAML'));
      return undefined;
    }
  }

  #object(place: Place, value: Record<string, unknown>): void {
    const { apiVersion, kind } = value;
    const group = typeof apiVersion === 'string' ? apiVersion.split('/')[0] : undefined;
    const ours = kind === 'Database' || kind === 'DatabaseAccessPolicy';
    if (kind === 'Secret' && apiVersion === 'v1') {
      this.#secret(place, value);
    } else if (ours && (group === GROUP || apiVersion === undefined)) {
      if (apiVersion === API_VERSION) this.#governed(place, value, kind);
      else this.#issues(place, [{ path: ['apiVersion'], message: `expected ${API_VERSION}, not ${shown(apiVersion)}` }]);
    } else if (group === GROUP || typeof kind !== 'string') {
      const near = typeof kind === 'string' ? nearest(kind, ['Database', 'DatabaseAccessPolicy']) : undefined;
      const hint = near === undefined ? '; expected Database or DatabaseAccessPolicy' : `; did you mean "${near}"?`;
      this.#issues(place, [{ path: ['kind'], message: `${shown(kind)} is not a kind of ${API_VERSION}${hint}` }]);
    } else {
      const at = position(place, ['kind'], false);
      this.#diagnostics.push({
        severity: 'notice',
        reason: 'Ignored',
        message: `${shortened(String(apiVersion))} ${shortened(kind)} is ignored`,
        path: 'kind',
        ...at,
      });
    }
  }

  #governed(place: Place, value: Record<string, unknown>, kind: 'Database' | 'DatabaseAccessPolicy'): void {
    const issues: Issue[] = unknownFields(value, ['apiVersion', 'kind', 'metadata', 'spec', 'status']);
    const metadata = readMetadata(value['metadata'], issues);
    const schema: Schema = (kind === 'Database' ? databaseKind : policyKind).spec;
    if (value['spec'] === undefined || value['spec'] === null)
      issues.push({ path: [], message: 'required field "spec" is missing' });
    const checked = validate(value['spec'] ?? {}, schema, ['spec']);
    if (value['spec'] !== undefined && value['spec'] !== null) issues.push(...checked.issues);
    if (metadata === undefined) this.#unreadable = true;
    else this.#remember(place, kind, metadata, issues);
    this.#issues(place, issues);
    if (metadata === undefined || issues.length > 0) return;
    const object = { apiVersion: API_VERSION, kind, metadata, spec: checked.value };
    if (kind === 'Database') this.#databases.push(object as Database);
    else this.#policies.push(object as DatabaseAccessPolicy);
  }

  #secret(place: Place, value: Record<string, unknown>): void {
    const issues: Issue[] = [];
    const metadata = readMetadata(value['metadata'], issues);
    const data: Record<string, string> = {};
    for (const field of ['data', 'stringData'] as const) {
      const entries = value[field] ?? {};
      if (typeof entries !== 'object' || Array.isArray(entries)) {
        issues.push({ path: [field], message: 'expected keys with string values' });
        continue;
      }
      for (const [key, text] of Object.entries(entries)) {
        // Never the value itself in a message.
        if (typeof text !== 'string') issues.push({ path: [field, key], message: 'expected a string; put it in quotes' });
        else if (field === 'stringData') data[key] = text;
        else if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text))
          issues.push({ path: [field, key], message: 'expected base64; use stringData for plain text' });
        else data[key] = Buffer.from(text, 'base64').toString('utf8');
      }
    }
    if (metadata === undefined) this.#unreadable = true;
    else this.#remember(place, 'Secret', metadata, issues);
    this.#issues(place, issues);
    if (metadata !== undefined && issues.length === 0)
      this.#secrets.push({ namespace: metadata.namespace, name: metadata.name, data });
  }

  #remember(place: Place, kind: string, metadata: Metadata, issues: Issue[]): void {
    const key = `${kind} ${metadata.namespace}/${metadata.name}`;
    const before = this.#places.get(key);
    if (before === undefined) this.#places.set(key, place);
    else
      issues.push({
        path: ['metadata', 'name'],
        message: `${kind} ${shortened(metadata.namespace)}/${shortened(metadata.name)} stands in ${before.file} already`,
      });
  }

  /** What it is about cannot be told. */
  #refuse(place: Place, path: Path, message: string): void {
    this.#unreadable = true;
    this.#issues(place, [{ path, message }]);
  }

  #issues(place: Place, issues: readonly Issue[]): void {
    // Finding each one's place takes time, too.
    for (const { path, message, atKey } of issues.slice(0, MOST_PROBLEMS)) {
      this.#diagnostics.push({
        severity: 'error',
        reason: 'Invalid',
        message,
        path: formatPath(path),
        ...position(place, path, atKey === true),
      });
    }
  }
}

interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
}

/** Labels, annotations and what the API server adds are none of our business. */
function readMetadata(value: unknown, issues: Issue[]): Metadata | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    issues.push({ path: [], message: 'required field "metadata" is missing' });
    return undefined;
  }
  const { name, namespace = DEFAULT_NAMESPACE, uid, generation, creationTimestamp } = value as Record<string, unknown>;
  if (name === undefined) issues.push({ path: ['metadata'], message: 'required field "name" is missing' });
  else issues.push(...validate(name, objectName, ['metadata', 'name']).issues);
  issues.push(...validate(namespace, namespaceName, ['metadata', 'namespace']).issues);
  if (typeof name !== 'string' || typeof namespace !== 'string') return undefined;
  return {
    name,
    namespace,
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof generation === 'number' ? { generation } : {}),
    ...(typeof creationTimestamp === 'string' ? { creationTimestamp } : {}),
  };
}

function unknownFields(value: Record<string, unknown>, known: readonly string[]): Issue[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const near = nearest(key, known);
      return {
        path: [key],
        atKey: true,
        message: `unknown field "${shortened(key)}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
      };
    });
}

function shown(value: unknown): string {
  return shortened(JSON.stringify(value ?? null));
}

/** Of one document: nobody reads more, and a broken one has thousands. */
const MOST_PROBLEMS = 50;

function problemsOf(document: Document): readonly StructureProblem[] {
  if (document.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) return [{ at: 0, message: TOO_DEEP }];
  if (document.errors.length > 0)
    return document.errors.map(({ pos, message }) => ({ at: pos[0], message: yamlMessage(message) }));
  try {
    return structureProblems(document);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [{ at: 0, message: TOO_DEEP }];
  }
}

const TOO_DEEP = 'the document is nested too deeply';

/** The library quotes whatever it could not read, however long. */
function yamlMessage(message: string): string {
  const text = message
    .replace(/\s+at line [0-9]+, column [0-9]+[\s\S]*$/, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
