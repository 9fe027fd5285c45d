/**
 * All policies of a Database against its schema as last read: compiled as the sidecars will compile them, once for each set of policies that
 * some subject has together, because a conflict is between policies of one subject. What has been compiled is remembered as long as neither
 * the schema nor the policies change, and other work gets its turn in between.
 */
import { readAudit } from '../../core/policy/audit-settings.ts';
import { bindPolicies, objectName, validUntil } from '../../core/policy/bind.ts';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { compileBundle } from '../../core/policy/compile.ts';
import type { Diagnostic } from '../../core/policy/diagnostic.ts';
import { type Classes, classify } from '../../core/policy/sensitivity.ts';
import { userRelations } from '../../core/policy/user-relations.ts';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import { objectKey } from '../view/governed-object.ts';

export interface JudgementInput {
  readonly database: Database;
  /** All that name it. */
  readonly policies: readonly DatabaseAccessPolicy[];
  readonly catalog: Catalog;
  readonly detected: Classes;
  /** Of catalog and detected. */
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Judgement {
  /** By `namespace/name` of the policy; of each what is wrong with it, without repetition. */
  readonly policies: ReadonlyMap<string, readonly Diagnostic[]>;
  /** Of the Database: columns it declares that do not exist, and the like. */
  readonly database: readonly Diagnostic[];
  /** Policies in force: not ended, not in conflict. */
  readonly inForce: ReadonlySet<string>;
  readonly tables: number;
  /** Class → columns. */
  readonly classes: ReadonlyMap<string, number>;
}

/** Of all Databases; a compiled set keeps its diagnostics only. */
const REMEMBERED = 2_000;

interface Compiled {
  readonly diagnostics: readonly Diagnostic[];
  readonly inForce: readonly string[];
}

export class Judge {
  readonly #compiled = new Map<string, Compiled>();
  readonly #sensitivity = new Map<string, { readonly key: string; readonly found: SensitivitySummary }>();
  readonly #judged = new Map<string, { readonly key: string; readonly judgement: Promise<Judgement> }>();
  readonly #yield: () => Promise<void>;

  constructor(breathe: () => Promise<void> = () => new Promise((resolve) => setImmediate(resolve))) {
    this.#yield = breathe;
  }

  /** Asked by the Database and by each of its policies: computed once for all. */
  judge(input: JudgementInput, signal: AbortSignal): Promise<Judgement> {
    const at = objectKey(input.database);
    const key = inputKey(input);
    const before = this.#judged.get(at);
    if (before?.key === key) return before.judgement;
    const judgement = this.#judge(input, signal);
    this.#judged.set(at, { key, judgement });
    judgement.catch(() => {
      if (this.#judged.get(at)?.judgement === judgement) this.#judged.delete(at);
    });
    return judgement;
  }

  async #judge(input: JudgementInput, signal: AbortSignal): Promise<Judgement> {
    const { database, policies, now } = input;
    const found = new Map<string, Map<string, Diagnostic>>(policies.map((policy) => [objectKey(policy), new Map()]));
    const inForce = new Set<string>();
    const leftOut = new Set<string>();
    for (const set of policySets(database, policies, now)) {
      const { diagnostics, inForce: standing } = await this.#compile(input, set);
      signal.throwIfAborted();
      for (const diagnostic of diagnostics) {
        const key = diagnostic.object?.replace(/^DatabaseAccessPolicy /, '') ?? '';
        found.get(key)?.set(`${diagnostic.path} ${diagnostic.message}`, diagnostic);
      }
      for (const key of set.policies.map(objectKey)) (standing.includes(key) ? inForce : leftOut).add(key);
    }
    // In force for one subject and in conflict for another is in conflict.
    for (const key of leftOut) inForce.delete(key);
    const { diagnostics, tables, classes } = this.#summary(input);
    return {
      policies: new Map([...found].map(([key, diagnostics]) => [key, [...diagnostics.values()]])),
      database: diagnostics,
      inForce,
      tables,
      classes,
    };
  }

  forget(database: string): void {
    this.#judged.delete(database);
    this.#sensitivity.delete(database);
  }

  async #compile(input: JudgementInput, set: PolicySet): Promise<Compiled> {
    const key = JSON.stringify([identityOf(input.database), input.revision, set.policies.map(identityOf), set.subject]);
    const before = this.#compiled.get(key);
    if (before !== undefined) return before;
    await this.#yield();
    const result = compileBundle({ ...input, policies: set.policies, identity: set.subject });
    const compiled = {
      diagnostics: result.diagnostics,
      inForce: (result.bundle?.policies ?? []).map(({ namespace, name }) => `${namespace}/${name}`),
    };
    this.#compiled.set(key, compiled);
    const [oldest] = this.#compiled.keys();
    if (this.#compiled.size > REMEMBERED && oldest !== undefined) this.#compiled.delete(oldest);
    return compiled;
  }

  #summary({ database, catalog, detected, revision }: JudgementInput): SensitivitySummary {
    const at = objectKey(database);
    const key = JSON.stringify([identityOf(database), revision]);
    const before = this.#sensitivity.get(at);
    if (before?.key === key) return before.found;
    const found = summarize(database, catalog, detected);
    this.#sensitivity.set(at, { key, found });
    return found;
  }
}

interface SensitivitySummary {
  readonly diagnostics: readonly Diagnostic[];
  readonly tables: number;
  readonly classes: ReadonlyMap<string, number>;
}

function summarize(database: Database, catalog: Catalog, detected: Classes): SensitivitySummary {
  const { classes, diagnostics } = classify(database, catalog, detected);
  const audit = readAudit(database);
  const relations = userRelations(catalog).filter(({ kind }) => kind !== 'sequence');
  const counts = new Map<string, number>();
  for (const { oid } of relations)
    for (const name of classes.get(oid)?.values() ?? []) counts.set(name, (counts.get(name) ?? 0) + 1);
  const own = diagnostics.filter(({ object }) => object === objectName(database));
  return { diagnostics: [...own, ...audit.diagnostics], tables: relations.length, classes: counts };
}

interface PolicySet {
  readonly policies: readonly DatabaseAccessPolicy[];
  /** One of those who have exactly these. */
  readonly subject: { readonly namespace: string; readonly serviceAccount: string };
}

/** Subjects with the same policies are judged alike: what differs is the value of `identity` in row filters, not its type. */
function policySets(database: Database, policies: readonly DatabaseAccessPolicy[], now: number): readonly PolicySet[] {
  const sets = new Map<string, PolicySet>();
  const seen = new Set<string>();
  for (const policy of policies) {
    for (const { serviceAccount } of policy.spec.subjects) {
      const subject = { namespace: serviceAccount.namespace, serviceAccount: serviceAccount.name };
      const name = `${subject.namespace}/${subject.serviceAccount}`;
      if (seen.has(name)) continue;
      seen.add(name);
      const bound = bindPolicies(database, policies, subject, now).policies;
      const key = bound.map(objectKey).join();
      if (bound.length > 0 && !sets.has(key)) sets.set(key, { policies: bound, subject });
    }
  }
  return [...sets.values()];
}

/** All that a judgement depends on; the time only as far as a policy has ended. */
function inputKey({ database, policies, revision, now }: JudgementInput): string {
  const ended = (policy: DatabaseAccessPolicy): boolean => (validUntil(policy) ?? Number.POSITIVE_INFINITY) <= now;
  return JSON.stringify([identityOf(database), revision, policies.map((policy) => [...identityOf(policy), ended(policy)])]);
}

/** Changes when the object's spec does. */
function identityOf({ metadata }: Database | DatabaseAccessPolicy): readonly unknown[] {
  return [metadata.namespace, metadata.name, metadata.uid, metadata.generation];
}
