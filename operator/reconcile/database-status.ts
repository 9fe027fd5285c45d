/**
 * The conditions of a Database. Each message says what to do; the first that is not True is Ready's.
 *
 * | condition            | status  | reason                | when                                                                     |
 * | -------------------- | ------- | --------------------- | ------------------------------------------------------------------------ |
 * | Accepted             | True    | Accepted              | it says nothing that could not be used                                    |
 * |                      | False   | NamespaceNotTrusted   | the chart does not list its namespace (strangers.ts)                     |
 * |                      | False   | Invalid               | this release's schema does not know it: nothing is served                |
 * |                      | False   | UnknownTable, UnknownColumn, Conflict | a declared sensitive column does not exist, or is declared twice |
 * |                      | False   | InvalidRecipient      | the checksum of one of audit.recipients is wrong                          |
 * | CredentialsAvailable | True    | Available             | login and CA can be read                                                  |
 * |                      | False   | SecretMissing, SecretIncomplete, CaMissing | as it says                                          |
 * |                      | Unknown | NotRead               | the Secrets have not been read yet                                        |
 * | Reachable            | True    | Connected             | the last look at it succeeded                                             |
 * |                      | False   | HostUnresolved        | its name has no address                                                   |
 * |                      | False   | Unreachable, IdentityUnverified, LoginRefused, DatabaseMissing, ServerRefused, Pooler, ProtocolViolation, SchemaUnreadable |
 * |                      |         |                       | the last look failed (catalog/contact.ts)                                 |
 * |                      | Unknown | NotTried              | something is missing, or it is being tried                                |
 * | UpstreamVerified     | True    | Verified              | connected, and the certificate was verified                               |
 * |                      | False   | NotVerified           | tls.mode does not verify                                                  |
 * |                      | False   | IdentityUnverified    | it should be verified, and was not                                        |
 * |                      | Unknown | NotConnected          | nothing has been verified yet                                             |
 * | LeastPrivilege       | True    | LeastPrivilege        | the login can do nothing beyond what is granted to it table by table      |
 * |                      | False   | PowerfulLogin         | it can; served all the same                                               |
 * |                      | Unknown | NotConnected          | not known yet                                                             |
 * | Ready                | True    | Ready                 | it is served: Accepted, CredentialsAvailable, Reachable are True          |
 * |                      | False, Unknown | that of the first of these that is not True                                              |
 *
 * UpstreamVerified and LeastPrivilege do not make a Database unready: it is served, and Ready's message says so.
 */
import type { Diagnostic } from '../../core/policy/diagnostic.ts';
import type { Database } from '../../crds/database.ts';
import type { Contact, Knowledge } from '../catalog/catalogs.ts';
import type { DatabaseMaterials } from '../materials/materials.ts';
import { counted, type Held, orHeld, some, type Verdict } from './conditions.ts';

export interface DatabaseFacts {
  readonly database: Database;
  /** Undefined: not looked at yet. */
  readonly materials: DatabaseMaterials | undefined;
  readonly knowledge: Knowledge | undefined;
  /** Undefined: the schema has not been read yet. */
  readonly judgement:
    | {
        readonly database: readonly Diagnostic[];
        readonly inForce: ReadonlySet<string>;
        readonly tables: number;
        readonly classes: ReadonlyMap<string, number>;
      }
    | undefined;
  readonly boundPods: number;
  /** Of an earlier holder, where this one has not looked yet; else empty. */
  readonly held: Held;
  readonly heldCounts: Readonly<Record<string, unknown>>;
}

export function databaseVerdicts(facts: DatabaseFacts): readonly Verdict[] {
  const necessary = [acceptedOrHeld(facts), orHeld(credentials(facts), facts.held), orHeld(reachable(facts), facts.held)];
  const verified = orHeld(upstreamVerified(facts), facts.held);
  const privilege = orHeld(leastPrivilege(facts), facts.held);
  return [ready(facts, necessary, [verified, privilege]), ...necessary, verified, privilege];
}

const COUNTS = ['policies', 'tables', 'sensitiveColumns', 'classes', 'serverVersion'] as const;

export function databaseCounts({
  judgement,
  knowledge,
  boundPods,
  heldCounts,
}: DatabaseFacts): Readonly<Record<string, unknown>> {
  const held = Object.fromEntries(COUNTS.flatMap((name) => (heldCounts[name] === undefined ? [] : [[name, heldCounts[name]]])));
  const classes = [...(judgement?.classes ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...held,
    boundPods,
    ...(judgement === undefined
      ? {}
      : {
          policies: judgement.inForce.size,
          tables: bounded(judgement.tables),
          sensitiveColumns: bounded(classes.reduce((sum, [, columns]) => sum + columns, 0)),
          classes: classes.map(([name, columns]) => ({ class: name, columns: bounded(columns) })),
        }),
    ...(knowledge?.serverVersion === undefined ? {} : { serverVersion: printable(knowledge.serverVersion) }),
  };
}

/** Of an object that this release cannot read. */
export function invalidVerdicts(kind: string, problems: readonly string[], served: string): readonly Verdict[] {
  const message = `${some(problems, 5)}. ${served}; correct the ${kind}, or install the release of the operator that knows it`;
  return [
    { type: 'Ready', status: 'False', reason: 'Invalid', message },
    { type: 'Accepted', status: 'False', reason: 'Invalid', message },
  ];
}

/** What is wrong with its declarations is known with the schema only. */
function acceptedOrHeld(facts: DatabaseFacts): Verdict {
  const verdict = accepted(facts);
  const before =
    facts.judgement === undefined && verdict.status === 'True' ? facts.held.find(({ type }) => type === 'Accepted') : undefined;
  // Releases before 0.2.0 could not replicate records, and said so here.
  return before === undefined || before.reason === 'DurabilityUnavailable'
    ? verdict
    : orHeld({ ...verdict, status: 'Unknown' }, facts.held);
}

function accepted({ judgement }: DatabaseFacts): Verdict {
  const type = 'Accepted';
  const errors = (judgement?.database ?? []).filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) return { type, status: 'True', reason: 'Accepted', message: 'everything it says is in force' };
  const sentences = errors.map(({ path, message }) => `${path}: ${message}`);
  return { type, status: 'False', reason: first.reason, message: `${some(sentences, 10)}; everything else is in force` };
}

function credentials({ materials, database }: DatabaseFacts): Verdict {
  const type = 'CredentialsAvailable';
  if (materials === undefined) {
    const secrets = [database.spec.credentialsSecretRef?.name, database.spec.tls.caSecretRef?.name].filter(
      (name) => name !== undefined,
    );
    const what = secrets.length === 0 ? 'what it needs' : `Secret ${secrets.join(' and Secret ')}`;
    const message = `${what} has not been read yet; if this lasts, the operator may not read Secrets of this namespace (its log says so)`;
    return { type, status: 'Unknown', reason: 'NotRead', message };
  }
  const problem = materials.problems.find(({ reason }) => reason !== 'HostUnresolved');
  if (problem !== undefined) return { type, status: 'False', reason: problem.reason, message: problem.message };
  return { type, status: 'True', reason: 'Available', message: 'the login and what verifies the server are there' };
}

function reachable({ materials, knowledge, database }: DatabaseFacts): Verdict {
  const type = 'Reachable';
  const unresolved = materials?.problems.find(({ reason }) => reason === 'HostUnresolved');
  if (unresolved !== undefined && materials?.addresses.length === 0)
    return { type, status: 'False', reason: unresolved.reason, message: unresolved.message };
  const contact: Contact | undefined = knowledge?.contact;
  if (contact === undefined)
    return { type, status: 'Unknown', reason: 'NotTried', message: 'no attempt to connect has ended yet' };
  if (!contact.ok) return { type, status: 'False', reason: contact.reason, message: contact.message };
  const { host, port } = database.spec.endpoint;
  const late = unresolved === undefined ? '' : `; ${unresolved.message}`;
  return { type, status: 'True', reason: 'Connected', message: `the server at ${host} port ${port} answers${late}` };
}

function upstreamVerified({ database, knowledge }: DatabaseFacts): Verdict {
  const type = 'UpstreamVerified';
  const { mode } = database.spec.tls;
  if (mode === 'Require' || mode === 'Disable') {
    const message = `with tls.mode ${mode} whatever answers at the address is taken for the server; use VerifyFull, with tls.caSecretRef where a CA of your own signs`;
    return { type, status: 'False', reason: 'NotVerified', message };
  }
  const contact = knowledge?.contact;
  if (contact?.ok === true)
    return { type, status: 'True', reason: 'Verified', message: `the server's certificate was verified (${mode})` };
  if (contact?.reason === 'IdentityUnverified')
    return { type, status: 'False', reason: contact.reason, message: contact.message };
  return { type, status: 'Unknown', reason: 'NotConnected', message: 'nothing has been verified: there is no connection' };
}

/** Words for core/catalog's powers that are no names of roles, those that weigh most first. */
const POWERS: ReadonlyMap<string, string> = new Map([
  ['superuser', 'superuser'],
  ['bypassrls', 'bypasses row security'],
  ['createrole', 'may create roles'],
  ['replication', 'replication'],
  ['createdb', 'may create databases'],
  ['table-owner', 'owner of tables'],
  ['create-in-database', 'may create schemas'],
  ['create-in-schema', 'may create in a schema'],
  ['member-of-other-roles', 'member of other roles'],
]);

/** All else follows from superuser. */
function namedPowers(powers: readonly string[]): readonly string[] {
  if (powers.includes('superuser')) return ['superuser'];
  const known = [...POWERS].flatMap(([power, words]) => (powers.includes(power) ? [words] : []));
  return [...known, ...powers.filter((power) => !POWERS.has(power)).map(printable)];
}

function leastPrivilege({ knowledge, database }: DatabaseFacts): Verdict {
  const type = 'LeastPrivilege';
  const powers = knowledge?.catalog?.data.powers;
  if (powers === undefined)
    return { type, status: 'Unknown', reason: 'NotConnected', message: 'what the login may do has not been read yet' };
  if (powers.length === 0)
    return { type, status: 'True', reason: 'LeastPrivilege', message: 'the login may do what is granted to it, and no more' };
  const secret = database.spec.credentialsSecretRef?.name;
  const message = `the login of Secret ${secret} can do more than policies can grant: ${some(namedPowers(powers), 12, ', ')}; give it a role with SELECT, INSERT, UPDATE and DELETE on the tables that agents need`;
  return { type, status: 'False', reason: 'PowerfulLogin', message };
}

function ready(
  { judgement, knowledge, held }: DatabaseFacts,
  necessary: readonly Verdict[],
  advisory: readonly Verdict[],
): Verdict {
  const type = 'Ready';
  const first = necessary.find(({ status }) => status === 'False') ?? necessary.find(({ status }) => status === 'Unknown');
  if (first !== undefined) return { ...first, type };
  const before = judgement === undefined ? held.find((each) => each.type === type && each.status === 'True') : undefined;
  if (before !== undefined) return { type, status: 'True', reason: before.reason, message: before.message };
  const sensitive = [...(judgement?.classes.values() ?? [])].reduce((sum, columns) => sum + columns, 0);
  const what =
    judgement === undefined
      ? 'the schema is being read'
      : `${counted(judgement.tables, 'table')}, ${counted(sensitive, 'sensitive column')}, ${counted(judgement.inForce.size, 'policy', 'policies')} in force`;
  const warnings = [
    ...advisory.filter(({ status }) => status === 'False').map((each) => `${each.type}: ${each.reason}`),
    ...(knowledge?.problems ?? []).map(({ message }) => message),
  ];
  return { type, status: 'True', reason: 'Ready', message: [what, ...warnings].join('; ') };
}

/** The API server refuses a status that counts more. */
function bounded(count: number): number {
  return Math.min(count, 1_000_000);
}

/** A server may call itself anything. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64);
}
