/**
 * Database + policies + identity + catalog -> the bundle that one sidecar enforces. Pure and deterministic: the same input
 * gives the same version, whatever order the policies arrive in. Every mistake is reported, none stops the rest; what is
 * wrong grants nothing.
 */
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import { durationToMilliseconds } from '../../crds/meta.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { RelationData } from '../catalog/model.ts';
import type { Identity } from '../identity/identity.ts';
import { readAudit } from './audit-settings.ts';
import { bindPolicies, objectName, validUntil } from './bind.ts';
import type { Bundle, GovernedRelation, Guardrails, Limits, PolicyRef, SessionGrants } from './bundle.ts';
import { canonicalHash } from '../json/canonical-json.ts';
import type { Diagnostic } from './diagnostic.ts';
import { compileFunctions } from './function-grants.ts';
import { governRelations } from './governed-relations.ts';
import { type Contribution, type ExpandedPolicy, expandPolicy } from './grants.ts';
import { policyNotices, viewNotices } from './notices.ts';
import { observedRelations } from './observe.ts';
import { type Classes, classify } from './sensitivity.ts';
import { contradiction, indexContributions } from './unite.ts';
import { userRelations } from './user-relations.ts';

export interface CompileInput {
  readonly database: Database;
  /** All that are known; those of other databases and subjects are left aside. */
  readonly policies: readonly DatabaseAccessPolicy[];
  readonly identity: Identity;
  readonly catalog: Catalog;
  /** What detection has found in this schema so far (core/sensitivity). */
  readonly detected: Classes;
  /** Milliseconds since the epoch: decides `validUntil`. */
  readonly now: number;
}

export interface CompileResult {
  /** Undefined: no policy binds this identity here; nothing may be served. */
  readonly bundle?: Bundle;
  readonly diagnostics: readonly Diagnostic[];
  /** When a policy in force ends next, milliseconds since the epoch: compile again then. */
  readonly nextChange?: number;
}

export function compileBundle(input: CompileInput): CompileResult {
  const { database, catalog, identity } = input;
  const bound = bindPolicies(database, input.policies, identity, input.now);
  const sensitivity = classify(database, catalog, input.detected);
  const accepted = acceptPolicies(bound.policies, catalog, identity);
  const audit = readAudit(database);
  const diagnostics = [...bound.diagnostics, ...sensitivity.diagnostics, ...audit.diagnostics, ...accepted.diagnostics];
  if (accepted.policies.length === 0) return { diagnostics: [...diagnostics, notBound(input)] };

  const policies = accepted.policies.map((each) => each.policy);
  const specs = policies.map((policy) => policy.spec);
  const mode = specs.every((spec) => spec.mode === 'Observe') ? 'Observe' : 'Enforce';
  const masking = mode === 'Observe' && specs.every((spec) => spec.masking !== 'Enforce') ? 'Record' : 'Enforce';
  const denied = new Set(database.spec.protection.deny);
  const neverReveal: ReadonlySet<string> = new Set(database.spec.protection.neverReveal);
  const detects = database.spec.sensitivity.detection === 'Automatic';
  const users = userRelations(catalog);
  const index = indexContributions(accepted.policies.flatMap((each) => each.expanded.contributions));
  const governed = governRelations({ catalog, classes: sensitivity.classes, index, neverReveal, detects, denied }, users);
  const granted = new Map(governed.relations.map((relation) => [relation.oid, relation]));
  const effective =
    mode === 'Observe'
      ? observedRelations({ catalog, classes: sensitivity.classes, neverReveal, detects, masking, granted }, users)
      : undefined;
  const functions = compileFunctions(policies, catalog);
  const applied = effective ?? governed.relations;
  const guards = guardrails(policies);
  const allowAll =
    accepted.policies.some((each) => each.expanded.everything) &&
    users.every((relation) => relation.extension !== undefined || granted.get(relation.oid)?.select?.open === true);
  const { sensitivity: declared, protection } = database.spec;
  const content: Omit<Bundle, 'version'> = {
    formatVersion: 1,
    identity,
    database: {
      namespace: database.metadata.namespace,
      name: database.metadata.name,
      database: database.spec.endpoint.database,
      ...(database.spec.environment === undefined ? {} : { environment: database.spec.environment }),
    },
    policies: policies.map(policyRef),
    mode,
    masking,
    relations: governed.relations,
    ...(effective === undefined ? {} : { effective }),
    createIn: denied.has('Create') ? [] : [...new Set(accepted.policies.flatMap((each) => each.expanded.createIn))].sort(),
    allowAll,
    transparent:
      allowAll &&
      mode === 'Enforce' &&
      !detects &&
      declared.columns.every((column) => column.class === 'none') &&
      protection.deny.length === 0 &&
      protection.neverReveal.length === 0 &&
      !guards.requireWhere &&
      guards.maxAffectedRows === undefined &&
      functions.functions.some((grant) => grant.schema === '*' && grant.name === '*'),
    functions: functions.functions,
    session: sessionGrants(policies),
    guardrails: guards,
    limits: limits(policies),
    protectionDeny: [...denied].sort(),
    audit: audit.settings,
    usesMaskKey: [...governed.relations, ...(effective ?? [])].some(hasHash),
    protectedColumns: protectedColumns(applied, users),
  };
  const ends = policies.flatMap((policy) => validUntil(policy) ?? []);
  return {
    bundle: { ...content, version: canonicalHash(content) },
    diagnostics: [
      ...diagnostics,
      ...governed.diagnostics,
      ...functions.diagnostics,
      ...viewNotices(granted, catalog),
      ...policyNotices(policies),
    ],
    ...(ends.length === 0 ? {} : { nextChange: Math.min(...ends) }),
  };
}

interface AcceptedPolicy {
  readonly policy: DatabaseAccessPolicy;
  readonly expanded: ExpandedPolicy;
}

/** Oldest first; one that contradicts itself or an older one is left out whole. */
function acceptPolicies(
  policies: readonly DatabaseAccessPolicy[],
  catalog: Catalog,
  identity: Identity,
): { readonly policies: readonly AcceptedPolicy[]; readonly diagnostics: readonly Diagnostic[] } {
  const accepted: AcceptedPolicy[] = [];
  const diagnostics: Diagnostic[] = [];
  let standing: readonly Contribution[] = [];
  for (const policy of policies) {
    const expanded = expandPolicy(policy, catalog, identity);
    diagnostics.push(...expanded.diagnostics);
    const candidate = [...standing, ...expanded.contributions];
    const conflict = findConflict(candidate, expanded, catalog);
    if (conflict === undefined) {
      accepted.push({ policy, expanded });
      standing = candidate;
    } else {
      diagnostics.push({ ...conflict, object: objectName(policy) });
    }
  }
  return { policies: accepted, diagnostics };
}

function findConflict(candidate: readonly Contribution[], added: ExpandedPolicy, catalog: Catalog): Diagnostic | undefined {
  const touched = new Set(added.contributions.map((each) => each.relation.oid));
  const relevant = candidate.filter((each) => touched.has(each.relation.oid));
  for (const contributions of indexContributions(relevant).values()) {
    const found = contradiction(contributions, catalog);
    if (found === undefined) continue;
    const { first, second } = found;
    const same = first.policy === second.policy;
    const who = same
      ? `${first.path} and ${second.path} of ${first.policy}`
      : `${first.policy} (${first.path}) and ${second.policy} (${second.path})`;
    return {
      severity: 'error',
      reason: 'Conflict',
      path: second.path,
      message: `${who} ${found.what}; ${same ? 'the policy' : `the newer policy, ${second.policy},`} is not in force`,
    };
  }
  return undefined;
}

function notBound(input: CompileInput): Diagnostic {
  const who = `${input.identity.namespace}/${input.identity.serviceAccount}`;
  return {
    severity: 'error',
    reason: 'NotBound',
    object: objectName(input.database),
    message: `no policy in force has ${who} as a subject`,
  };
}

function policyRef(policy: DatabaseAccessPolicy): PolicyRef {
  const until = validUntil(policy);
  return {
    namespace: policy.metadata.namespace,
    name: policy.metadata.name,
    generation: policy.metadata.generation ?? 0,
    ...(until === undefined ? {} : { validUntil: until }),
  };
}

function sessionGrants(policies: readonly DatabaseAccessPolicy[]): SessionGrants {
  const sessions = policies.map((policy) => policy.spec.session);
  return {
    temporaryTables: sessions.some((session) => session.temporaryTables),
    listen: [...new Set(sessions.flatMap((session) => session.listen))].sort(),
    notify: [...new Set(sessions.flatMap((session) => session.notify))].sort(),
    advisoryLocks: sessions.some((session) => session.advisoryLocks),
  };
}

function guardrails(policies: readonly DatabaseAccessPolicy[]): Guardrails {
  const all = policies.map((policy) => policy.spec.guardrails);
  const maxAffectedRows = strictest(all.map((each) => each.maxAffectedRows));
  return { requireWhere: all.some((each) => each.requireWhere), ...(maxAffectedRows === undefined ? {} : { maxAffectedRows }) };
}

function limits(policies: readonly DatabaseAccessPolicy[]): Limits {
  const all = policies.map((policy) => policy.spec.limits);
  const maxRows = strictest(all.map((each) => each.maxRows));
  const statementTimeout = strictest(
    all.map((each) => (each.statementTimeout === undefined ? undefined : durationToMilliseconds(each.statementTimeout))),
  );
  const maxConnections = strictest(all.map((each) => each.maxConnections));
  return {
    ...(maxRows === undefined ? {} : { maxRows }),
    ...(statementTimeout === undefined ? {} : { statementTimeout }),
    ...(maxConnections === undefined ? {} : { maxConnections }),
  };
}

function strictest(values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

function hasHash(relation: GovernedRelation): boolean {
  return relation.select?.columns.some((column) => column.mask?.kind === 'hash') ?? false;
}

/** `oid.attnum` of every column that reaches no client in clear. In Observe `applied` grants all columns. */
function protectedColumns(applied: readonly GovernedRelation[], users: readonly RelationData[]): readonly string[] {
  const clear = new Set(
    applied.flatMap((relation) =>
      (relation.select?.columns ?? [])
        .filter((column) => column.mask === undefined)
        .map((column) => `${relation.oid}.${column.attnum}`),
    ),
  );
  return users.flatMap((relation) =>
    relation.columns.map((column) => `${relation.oid}.${column.attnum}`).filter((key) => !clear.has(key)),
  );
}
