/**
 * Who changes a policy or a Database: the API server tells the webhook before it stores the change, and is always answered yes. Nothing depends on
 * it: while the operator is away changes go on, and are recorded without an author.
 */
import { canonicalHash } from '../../core/json/canonical-json.ts';
import { record, text, texts } from '../../core/json/read.ts';
import { changedFields } from '../audit/governed-changes.ts';
import type { AdminLog } from '../audit/admin-log.ts';
import { type AdmissionResponseBody, allowed, MAX_REVIEW_BYTES } from './admission-review.ts';

const GROUP = 'sluice.dev';
const OPERATIONS: Readonly<Record<string, string>> = { CREATE: 'create', UPDATE: 'change', DELETE: 'delete' };
const WORDS: Readonly<Record<string, string>> = { Database: 'database', DatabaseAccessPolicy: 'policy' };
const MOST_GROUPS = 32;

/** Undefined: it is a review of something else. Never throws. */
export function reviewGoverned(body: Buffer, admin: AdminLog): AdmissionResponseBody | undefined {
  if (body.length > MAX_REVIEW_BYTES || !body.includes(`"${GROUP}"`)) return undefined;
  let review: unknown;
  try {
    review = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  const request = record(record(review)?.['request']);
  const kind = record(request?.['kind']);
  const word = WORDS[text(kind?.['kind']) ?? ''];
  const operation = OPERATIONS[text(request?.['operation']) ?? ''];
  if (request === undefined || kind?.['group'] !== GROUP || word === undefined || operation === undefined) return undefined;
  if (request['dryRun'] !== true) {
    const [before, now] = [record(request['oldObject']), record(request['object'])];
    const user = record(request['userInfo']);
    const metadata = record((now ?? before)?.['metadata']);
    const name = text(request['name']) ?? text(metadata?.['name']) ?? '';
    const uid = text(record(before?.['metadata'])?.['uid']);
    admin.note({
      action: `${word}-${operation}-requested`,
      object: `${text(kind['kind'])} ${text(request['namespace']) ?? ''}/${name}`,
      author: { username: text(user?.['username']) ?? '', groups: texts(user?.['groups']).slice(0, MOST_GROUPS) },
      detail: {
        ...(uid === undefined ? {} : { uid }),
        digest: canonicalHash((now ?? before)?.['spec'] ?? null),
        ...(before === undefined || now === undefined ? {} : { changed: changedFields(before['spec'], now['spec']) }),
      },
    });
  }
  return allowed(text(request['uid']) ?? '', 'Recorded');
}
