/** Which Databases a pod gets: those it asks for, each trusted, and bound to its service account by a policy in force. */
import { databaseKey } from '../../core/injection/sidecar-settings.ts';
import { didYouMean } from '../../core/policy/nearest.ts';
import type { Database } from '../../crds/database.ts';
import { type DatabaseRequest, type ParsedAnnotation, shortened } from './annotation.ts';
import type { InjectionInput, InjectionProblem } from './injection.ts';

export interface SelectedDatabase {
  readonly database: Database;
  /** Asked for with `=port`. */
  readonly port?: number;
}

export interface Selection {
  readonly selected: readonly SelectedDatabase[];
  readonly problems: readonly InjectionProblem[];
}

type Candidates = Pick<InjectionInput, 'databases' | 'allDatabases'> & {
  readonly subject: { readonly namespace: string; readonly serviceAccount: string };
};

export function selectDatabases(
  asked: Extract<ParsedAnnotation, { readonly kind: 'all' | 'list' }>,
  candidates: Candidates,
): Selection {
  const bound = candidates.databases.filter((each) => each.policies.length > 0).map((each) => each.database);
  if (asked.kind === 'all') {
    const selected = [...bound].sort((a, b) => (databaseKey(a.metadata) < databaseKey(b.metadata) ? -1 : 1));
    if (selected.length > 0) return { selected: selected.map((database) => ({ database })), problems: [] };
    const message = `no policy in force grants service account ${accountOf(candidates)} anything; the platform team adds it to the subjects of a DatabaseAccessPolicy`;
    return { selected: [], problems: [{ reason: 'NoPolicy', message }] };
  }
  const selected: SelectedDatabase[] = [];
  const problems: InjectionProblem[] = [];
  for (const request of asked.requests) {
    const found = find(request, bound, candidates);
    if ('reason' in found) problems.push(found);
    else if (selected.some((each) => databaseKey(each.database.metadata) === databaseKey(found.metadata)))
      problems.push({ reason: 'AnnotationInvalid', message: `Database ${databaseKey(found.metadata)} is listed twice` });
    else selected.push({ database: found, ...(request.port === undefined ? {} : { port: request.port }) });
  }
  return { selected, problems };
}

/**
 * A short name means the one Database of that name that a policy opens to the service account. Two are ambiguous: which of them is meant
 * must not depend on who created a Database last.
 */
function find(request: DatabaseRequest, bound: readonly Database[], candidates: Candidates): Database | InjectionProblem {
  const matches = (database: Database): boolean =>
    database.metadata.name === request.name &&
    (request.namespace === undefined || database.metadata.namespace === request.namespace);
  const [found, ...others] = bound.filter(matches);
  const label = shortened(request.namespace === undefined ? request.name : `${request.namespace}/${request.name}`);
  if (found !== undefined && others.length === 0) return found;
  if (found !== undefined) {
    const choices = [found, ...others].map((each) => databaseKey(each.metadata)).sort();
    return {
      reason: 'DatabaseAmbiguous',
      message: `Database ${label} exists in several namespaces; write ${choices.join(' or ')}`,
    };
  }
  if (candidates.allDatabases.some(matches)) {
    return {
      reason: 'NoPolicy',
      message: `no policy in force grants service account ${accountOf(candidates)} anything on Database ${label}; the platform team adds it to the subjects of a DatabaseAccessPolicy${offer(bound)}`,
    };
  }
  // Only what is open to this service account is named: a pod's author need not learn of the rest.
  const names = bound.map((each) => (request.namespace === undefined ? each.metadata.name : databaseKey(each.metadata)));
  return {
    reason: 'DatabaseUnknown',
    message: `there is no Database ${label} in a namespace that this installation trusts${offer(bound)}${didYouMean(label, names)}`,
  };
}

function offer(bound: readonly Database[]): string {
  if (bound.length === 0) return '';
  return `; open to it: ${bound.map((each) => databaseKey(each.metadata)).join(', ')}`;
}

function accountOf({ subject }: Candidates): string {
  return `${subject.namespace}/${subject.serviceAccount}`;
}
