/**
 * A value against a schema of crds/: every mistake at once, each with what was expected and the nearest valid word. Defaults
 * are filled in as the API server fills them in. The same rules hold for files and for objects read from a cluster.
 */
import type { ObjectSchema, Rule, Schema, StringSchema } from '../../crds/schema.ts';
import { didYouMean, nearest } from './nearest.ts';

export type Path = readonly (string | number)[];

export interface Issue {
  readonly path: Path;
  /** Point at the key rather than at the value. */
  readonly atKey?: boolean;
  readonly message: string;
}

export interface Validated {
  /** With defaults; meaningful only without issues. */
  readonly value: unknown;
  readonly issues: readonly Issue[];
}

export function validate(value: unknown, schema: Schema, path: Path = []): Validated {
  const issues: Issue[] = [];
  const filled = visit(value, schema, path, issues);
  return { value: filled, issues };
}

/** `spec.grants[0].actions[1]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? shortened(part) : `${text}.${shortened(part)}`;
  }, '');
}

/** A name as somebody wrote it, however long. */
export function shortened(name: string): string {
  return name.length > 80 ? `${name.slice(0, 77)}...` : name;
}

function visit(value: unknown, schema: Schema, path: Path, issues: Issue[]): unknown {
  const before = issues.length;
  const filled = visitKind(value, schema, path, issues);
  if (issues.length === before) checkRules(filled, schema.rules, path, issues);
  return filled;
}

function visitKind(value: unknown, schema: Schema, path: Path, issues: Issue[]): unknown {
  const add = (message: string): void => void issues.push({ path, message });
  switch (schema.type) {
    case 'string':
      if (typeof value !== 'string') add(`expected ${schema.expected ?? 'a string'}, not ${nameOf(value)}${quoteHint(value)}`);
      else checkString(value, schema, add);
      return value;
    case 'integer':
      if (typeof value !== 'number' || !Number.isInteger(value)) add(`expected a whole number, not ${nameOf(value)}`);
      else if (value < schema.minimum || value > schema.maximum) {
        add(`${value} is out of range; expected a whole number from ${schema.minimum} to ${schema.maximum}`);
      }
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') add(`expected true or false, not ${nameOf(value)}`);
      return value;
    case 'array': {
      if (!Array.isArray(value)) {
        add(`expected a list, not ${nameOf(value)}`);
        return value;
      }
      const minimum = schema.minItems ?? 0;
      if (value.length < minimum) add(`expected at least ${minimum === 1 ? 'one item' : `${minimum} items`}`);
      if (value.length > schema.maxItems) {
        add(`${value.length} items are too many; expected at most ${schema.maxItems}`);
        return value;
      }
      if (schema.listType === 'set') checkDuplicates(value, path, issues);
      return value.map((item: unknown, index) => visit(item, schema.items, [...path, index], issues));
    }
    case 'object':
      if (!isFields(value)) {
        add(`expected fields (${Object.keys(schema.properties).join(', ') || 'none: {}'}), not ${nameOf(value)}`);
        return value;
      }
      return visitObject(value, schema, path, issues);
  }
}

/** A Date or a Set has no fields of its own, and would pass for an object that leaves everything out. */
function isFields(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function checkString(value: string, schema: StringSchema, add: (message: string) => void): void {
  const shown = JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (schema.enum !== undefined) {
    if (schema.enum.includes(value)) return;
    const noun = schema.expected ?? 'valid here';
    const near = didYouMean(value, schema.enum);
    add(`${shown} is not ${noun}${near === '' ? `; expected one of ${schema.enum.join(', ')}` : near}`);
    return;
  }
  if (value.length < (schema.minLength ?? 0)) add(`expected ${schema.expected ?? 'a string that is not empty'}`);
  else if ([...value].length > schema.maxLength) add(`${shown} is too long; expected at most ${schema.maxLength} characters`);
  else if (schema.format === 'date-time' && !isDateTime(value))
    add(`${shown} is not a time; expected RFC 3339 such as 2027-01-31T00:00:00Z`);
  else if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) {
    add(`${shown} is not ${schema.expected ?? `of the form ${schema.pattern}`}`);
  }
}

function isDateTime(value: string): boolean {
  return /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value));
}

function checkDuplicates(items: readonly unknown[], path: Path, issues: Issue[]): void {
  const seen = new Set<unknown>();
  items.forEach((item, index) => {
    if (seen.has(item)) issues.push({ path: [...path, index], message: `${shortened(JSON.stringify(item))} is listed twice` });
    seen.add(item);
  });
}

function visitObject(value: Record<string, unknown>, schema: ObjectSchema, path: Path, issues: Issue[]): unknown {
  const names = Object.keys(schema.properties);
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(schema.properties, key)) continue;
    const near = didYouMean(key, names);
    const fields = names.length === 0 ? '; expected none' : near || `; expected one of ${names.join(', ')}`;
    issues.push({ path: [...path, key], atKey: true, message: `unknown field "${shortened(key)}"${fields}` });
  }
  const filled: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    // A value that was lost on the way (an empty variable of a template) must not mean what leaving the field out means: all columns, no filter.
    if (given === null)
      issues.push({ path: [...path, name], atKey: true, message: `"${name}" has no value; give it one or leave it out` });
    else if (given !== undefined) filled[name] = visit(given, property.schema, [...path, name], issues);
    else if (property.presence === 'defaulted')
      filled[name] = visit(structuredClone(property.default), property.schema, [...path, name], issues);
    else if (property.presence === 'required' && !isMisspelt(name, value, names)) {
      issues.push({ path, message: `required field "${name}" is missing${purpose(property.schema)}` });
    }
  }
  checkCount(value, schema, path, issues);
  return filled;
}

/** The unknown field has been reported with this one as what was meant: once is enough. */
function isMisspelt(name: string, value: Record<string, unknown>, names: readonly string[]): boolean {
  return Object.keys(value).some((key) => !names.includes(key) && nearest(key, names) === name);
}

function purpose(schema: Schema): string {
  if (schema.type === 'string' && schema.expected !== undefined) return `: ${schema.expected}`;
  return '';
}

function checkCount(value: Record<string, unknown>, schema: ObjectSchema, path: Path, issues: Issue[]): void {
  const names = Object.keys(schema.properties);
  const keys = Object.keys(value).filter((key) => names.includes(key));
  const unknown = Object.keys(value).length - keys.length;
  const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = schema;
  const choice = names.join(', ');
  if (unknown === 0 && keys.length < minProperties) issues.push({ path, message: `expected one of ${choice}` });
  if (keys.length > maxProperties) issues.push({ path, message: `expected only one of ${choice}, not ${keys.join(' and ')}` });
}

function checkRules(value: unknown, rules: readonly Rule[] | undefined, path: Path, issues: Issue[]): void {
  for (const rule of rules ?? []) if (!rule.check(value as never)) issues.push({ path, message: rule.message });
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a time without quotes';
  if (typeof value === 'object') return 'fields';
  // One line, whatever the text holds.
  return `the ${typeof value} ${typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value).slice(0, 40)}`;
}

function quoteHint(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? `; put it in quotes: "${value}"` : '';
}
