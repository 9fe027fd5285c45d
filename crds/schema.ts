/**
 * One definition, three uses: a TypeScript type (`Infer`), the structural OpenAPI schema of a CRD (`toOpenApi`), and the
 * validation of YAML files (core/policy/validate.ts walks the same nodes). Only what a structural schema can say is here:
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 *
 * Every list and string has an upper bound, because the API server refuses CEL rules whose worst case it cannot bound.
 */

/** A CEL rule for the API server and the same rule for files. Both must agree; the texts stand side by side for that. */
export interface Rule {
  /** `self` is the value. */
  readonly cel: string;
  readonly message: string;
  /** The value has already passed its own schema. */
  readonly check: (value: never) => boolean;
}

interface Common {
  readonly description?: string;
  readonly rules?: readonly Rule[];
}

export interface StringSchema extends Common {
  readonly type: 'string';
  readonly enum?: readonly string[];
  /** Anchored; valid in both RE2 and JavaScript. */
  readonly pattern?: string;
  /** What the pattern means, for messages: "a duration such as 5s". */
  readonly expected?: string;
  /**
   * The API server is given the pattern as a CEL rule, whose message is `expected`, instead of as `pattern` (and `format`), whose
   * message is the expression. Not where so many strings may occur that the worst case exceeds its budget for CEL.
   */
  readonly explained?: true;
  readonly minLength?: number;
  readonly maxLength: number;
  readonly format?: 'date-time';
}

export interface IntegerSchema extends Common {
  readonly type: 'integer';
  readonly minimum: number;
  readonly maximum: number;
  readonly format?: 'int32' | 'int64';
}

export interface BooleanSchema extends Common {
  readonly type: 'boolean';
}

export interface ArraySchema extends Common {
  readonly type: 'array';
  readonly items: Schema;
  readonly minItems?: number;
  readonly maxItems: number;
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
}

export interface ObjectSchema extends Common {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, Property>>;
  readonly minProperties?: number;
  readonly maxProperties?: number;
}

export type Schema = StringSchema | IntegerSchema | BooleanSchema | ArraySchema | ObjectSchema;

export interface Property {
  readonly presence: 'required' | 'optional' | 'defaulted';
  readonly schema: Schema;
  readonly default?: unknown;
}

/** The schema of values of type T. The mark exists for the compiler only. */
export type Of<T, S extends Schema = Schema> = S & { readonly __type?: T };
export type Infer<S> = S extends { readonly __type?: infer T } ? Exclude<T, undefined> : never;

type PropertyOf<T, P extends Property['presence']> = Omit<Property, 'presence'> & { readonly presence: P; readonly __type?: T };
type Properties = Readonly<Record<string, Property & { readonly __type?: unknown }>>;
type ValueOf<P> = P extends { readonly __type?: infer T } ? Exclude<T, undefined> : never;
type OptionalKeys<P extends Properties> = { [K in keyof P]: P[K]['presence'] extends 'optional' ? K : never }[keyof P];
type ObjectOf<P extends Properties> = { readonly [K in Exclude<keyof P, OptionalKeys<P>>]: ValueOf<P[K]> } & {
  readonly [K in OptionalKeys<P>]?: ValueOf<P[K]>;
};
type Flat<T> = { [K in keyof T]: T[K] };

export function string(options: Omit<StringSchema, 'type' | 'enum'>): Of<string, StringSchema> {
  return { type: 'string', ...options };
}

/** `expected` names one of the values in messages: "an action". */
export function oneOf<const V extends readonly string[]>(
  values: V,
  description?: string,
  expected?: string,
): Of<V[number], StringSchema> {
  const maxLength = values.reduce((length, value) => Math.max(length, value.length), 0);
  return {
    type: 'string',
    enum: values,
    maxLength,
    ...(description === undefined ? {} : { description }),
    ...(expected === undefined ? {} : { expected }),
  };
}

export function integer(options: Omit<IntegerSchema, 'type'>): Of<number, IntegerSchema> {
  return { type: 'integer', format: options.maximum > 2_147_483_647 ? 'int64' : 'int32', ...options };
}

export function boolean(description?: string): Of<boolean, BooleanSchema> {
  return { type: 'boolean', ...(description === undefined ? {} : { description }) };
}

export function list<T>(items: Of<T>, options: Omit<ArraySchema, 'type' | 'items'>): Of<readonly T[], ArraySchema> {
  return { type: 'array', items, ...options };
}

export function object<P extends Properties>(
  properties: P,
  options: Omit<ObjectSchema, 'type' | 'properties'> = {},
): Of<Flat<ObjectOf<P>>, ObjectSchema> {
  return { type: 'object', properties, ...options };
}

export function required<T>(schema: Of<T>): PropertyOf<T, 'required'> {
  return { presence: 'required', schema };
}

export function optional<T>(schema: Of<T>): PropertyOf<T, 'optional'> {
  return { presence: 'optional', schema };
}

/** Present after admission by the API server and after loading from a file. */
export function defaulted<T>(schema: Of<T>, value: NoInfer<T>): PropertyOf<T, 'defaulted'> {
  return { presence: 'defaulted', schema, default: value };
}

/** The same schema with another description, so that one shape can be explained per place. */
export function described<S extends Schema>(schema: S, description: string): S {
  return { ...schema, description };
}

/** The node as `openAPIV3Schema` writes it. */
export function toOpenApi(schema: Schema): Record<string, unknown> {
  const node: Record<string, unknown> = { type: schema.type };
  if (schema.description !== undefined) node['description'] = schema.description;
  switch (schema.type) {
    case 'string':
      copy(node, schema, ['enum', 'minLength']);
      if (schema.explained !== true) copy(node, schema, ['pattern', 'format']);
      if (schema.enum === undefined) node['maxLength'] = schema.maxLength;
      break;
    case 'integer':
      copy(node, schema, ['minimum', 'maximum', 'format']);
      break;
    case 'boolean':
      break;
    case 'array':
      copy(node, schema, ['minItems', 'maxItems']);
      if (schema.listType !== undefined) node['x-kubernetes-list-type'] = schema.listType;
      if (schema.listMapKeys !== undefined) node['x-kubernetes-list-map-keys'] = schema.listMapKeys;
      node['items'] = toOpenApi(schema.items);
      break;
    case 'object': {
      copy(node, schema, ['minProperties', 'maxProperties']);
      const entries = Object.entries(schema.properties);
      const names = entries.filter(([, property]) => property.presence === 'required').map(([name]) => name);
      if (names.length > 0) node['required'] = names;
      if (entries.length > 0) {
        node['properties'] = Object.fromEntries(
          entries.map(([name, property]) => {
            const child = toOpenApi(property.schema);
            if (property.presence === 'defaulted') child['default'] = property.default;
            return [name, child];
          }),
        );
      }
    }
  }
  const rules = [...patternRule(schema), ...(schema.rules ?? [])];
  if (rules.length > 0) node['x-kubernetes-validations'] = rules.map((rule) => ({ rule: rule.cel, message: rule.message }));
  return node;
}

function patternRule(schema: Schema): readonly { readonly cel: string; readonly message: string }[] {
  if (schema.type !== 'string' || schema.pattern === undefined || schema.explained !== true) return [];
  return [{ cel: `self.matches(r'${schema.pattern}')`, message: `expected ${schema.expected ?? schema.pattern}` }];
}

function copy<S extends object>(node: Record<string, unknown>, schema: S, keys: readonly (keyof S & string)[]): void {
  for (const key of keys) if (schema[key] !== undefined) node[key] = schema[key];
}
