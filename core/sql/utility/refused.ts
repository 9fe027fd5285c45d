/**
 * What is never granted, each with the reason and what to do instead. Whatever has no case here or in utility.ts is denied,
 * too, only less helpfully.
 */
import type { StatementContext } from '../context.ts';
import { DenialError, denial, deny } from '../../errors/denial.ts';

interface Refusal {
  /** "… is not possible here." */
  readonly what: string;
  readonly hint: string;
  /** Observe lets it run as today and records the refusal: it touches no floor, and what it names needs no analysis. */
  readonly observe?: true;
}

const DBA = 'Ask the people who run the database: it is done with their own login, not through Sluice.';
const CODE =
  'Code that runs in the server could read what the policy masks. Call functions that the policy lists under functions.';

const REFUSED: Readonly<Record<string, Refusal>> = {
  DoStmt: { what: 'DO', hint: CODE },
  CreateFunctionStmt: { what: 'Creating a function or procedure', hint: CODE },
  AlterFunctionStmt: { what: 'Changing a function or procedure', hint: CODE },
  CreateTrigStmt: { what: 'Creating a trigger', hint: CODE },
  CreateEventTrigStmt: { what: 'Creating an event trigger', hint: CODE },
  RuleStmt: { what: 'Creating a rule', hint: CODE },
  DefineStmt: { what: 'Creating an aggregate, operator, type or text search object', hint: CODE },
  CreateCastStmt: { what: 'Creating a cast', hint: CODE },
  LoadStmt: { what: 'LOAD', hint: DBA },
  ViewStmt: {
    what: 'Creating a view',
    hint: 'A view would show to others what this policy shows to you. Use WITH in the query instead.',
  },
  RefreshMatViewStmt: { what: 'REFRESH MATERIALIZED VIEW', hint: DBA, observe: true },
  GrantStmt: { what: 'GRANT or REVOKE', hint: 'Access is granted by DatabaseAccessPolicy objects.', observe: true },
  GrantRoleStmt: { what: 'GRANT or REVOKE of a role', hint: 'Access is granted by DatabaseAccessPolicy objects.' },
  AlterDefaultPrivilegesStmt: {
    what: 'ALTER DEFAULT PRIVILEGES',
    hint: 'Access is granted by DatabaseAccessPolicy objects.',
    observe: true,
  },
  CreateRoleStmt: { what: 'CREATE ROLE or USER', hint: DBA },
  AlterRoleStmt: { what: 'ALTER ROLE or USER', hint: DBA },
  AlterRoleSetStmt: { what: 'ALTER ROLE … SET', hint: 'Use SET for the settings that may be changed in a session.' },
  DropRoleStmt: { what: 'DROP ROLE or USER', hint: DBA },
  DropOwnedStmt: { what: 'DROP OWNED', hint: DBA },
  ReassignOwnedStmt: { what: 'REASSIGN OWNED', hint: DBA },
  AlterOwnerStmt: { what: 'ALTER … OWNER', hint: DBA },
  CreatePolicyStmt: { what: 'Creating a row security policy', hint: DBA },
  AlterPolicyStmt: { what: 'Changing a row security policy', hint: DBA },
  SecLabelStmt: { what: 'SECURITY LABEL', hint: DBA },
  CommentStmt: {
    what: 'COMMENT',
    hint: 'Comments can decide how a column is classified, so they are kept by the people who run the database.',
  },
  AlterSystemStmt: { what: 'ALTER SYSTEM', hint: DBA },
  CheckPointStmt: { what: 'CHECKPOINT', hint: DBA, observe: true },
  CreatedbStmt: { what: 'CREATE DATABASE', hint: DBA },
  AlterDatabaseStmt: { what: 'ALTER DATABASE', hint: DBA },
  AlterDatabaseSetStmt: { what: 'ALTER DATABASE … SET', hint: 'Use SET for the settings that may be changed in a session.' },
  DropdbStmt: { what: 'DROP DATABASE', hint: DBA },
  CreateTableSpaceStmt: { what: 'CREATE TABLESPACE', hint: DBA },
  DropTableSpaceStmt: { what: 'DROP TABLESPACE', hint: DBA },
  CreateExtensionStmt: { what: 'CREATE EXTENSION', hint: DBA },
  AlterExtensionStmt: { what: 'ALTER EXTENSION', hint: DBA },
  AlterExtensionContentsStmt: { what: 'ALTER EXTENSION', hint: DBA },
  CreateSchemaStmt: { what: 'CREATE SCHEMA', hint: DBA, observe: true },
  CreateStatsStmt: {
    what: 'CREATE STATISTICS',
    hint: 'Statistics contain values of the columns they are made of.',
    observe: true,
  },
  AlterStatsStmt: { what: 'ALTER STATISTICS', hint: DBA, observe: true },
  VacuumStmt: { what: 'VACUUM or ANALYZE', hint: 'Autovacuum does it; statistics contain values of the columns.', observe: true },
  ClusterStmt: { what: 'CLUSTER', hint: DBA, observe: true },
  ReindexStmt: { what: 'REINDEX', hint: DBA, observe: true },
  CreatePublicationStmt: { what: 'CREATE PUBLICATION', hint: DBA },
  AlterPublicationStmt: { what: 'ALTER PUBLICATION', hint: DBA },
  CreateSubscriptionStmt: { what: 'CREATE SUBSCRIPTION', hint: DBA },
  AlterSubscriptionStmt: { what: 'ALTER SUBSCRIPTION', hint: DBA },
  DropSubscriptionStmt: { what: 'DROP SUBSCRIPTION', hint: DBA },
  CreateForeignTableStmt: { what: 'CREATE FOREIGN TABLE', hint: DBA },
  ImportForeignSchemaStmt: { what: 'IMPORT FOREIGN SCHEMA', hint: DBA },
  CreateForeignServerStmt: { what: 'CREATE SERVER', hint: DBA },
  AlterForeignServerStmt: { what: 'ALTER SERVER', hint: DBA },
  CreateUserMappingStmt: { what: 'CREATE USER MAPPING', hint: DBA },
  AlterUserMappingStmt: { what: 'ALTER USER MAPPING', hint: DBA },
  DropUserMappingStmt: { what: 'DROP USER MAPPING', hint: DBA },
  CreateFdwStmt: { what: 'CREATE FOREIGN DATA WRAPPER', hint: DBA },
  AlterFdwStmt: { what: 'ALTER FOREIGN DATA WRAPPER', hint: DBA },
  CreateEnumStmt: { what: 'CREATE TYPE', hint: DBA, observe: true },
  CreateDomainStmt: { what: 'CREATE DOMAIN', hint: DBA },
  CompositeTypeStmt: { what: 'CREATE TYPE', hint: DBA },
  CreateRangeStmt: { what: 'CREATE TYPE', hint: DBA },
  AlterDomainStmt: { what: 'ALTER DOMAIN', hint: DBA },
  AlterEnumStmt: { what: 'ALTER TYPE', hint: DBA, observe: true },
  AlterTypeStmt: { what: 'ALTER TYPE', hint: DBA },
  AlterObjectSchemaStmt: {
    what: 'ALTER … SET SCHEMA',
    hint: 'Policies name relations by schema: moving one would change who may read it.',
  },
  AlterObjectDependsStmt: { what: 'ALTER … DEPENDS ON', hint: DBA },
};

/** Refuses a statement that no policy can grant (SLUICE-206). Returns only where Observe records the refusal. */
export function refuseStatement(context: StatementContext, tag: string): undefined {
  const refusal = REFUSED[tag];
  if (refusal === undefined) {
    deny('SLUICE-102', `The statement uses a form (${tag}) that Sluice does not understand, so it was not run.`, {
      rule: 'floor',
    });
  }
  const refused = denial('SLUICE-206', `${refusal.what} is not possible here.`, {
    rule: 'floor',
    detail: 'No policy can grant it.',
    hint: refusal.hint,
  });
  if (!refusal.observe) throw new DenialError(refused);
  context.refuse(refused);
  context.effect = { kind: 'schema-change' };
}
