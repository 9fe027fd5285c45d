import { describe, expect, it } from 'vitest';
import { canonicalHash } from '../../core/json/canonical-json.ts';
import type { AdminEntry } from '../audit/admin-log.ts';
import { reviewGoverned } from './governed-review.ts';

const spec = { mode: 'Enforce', limits: { maxRows: 10 } };

function review(request: object): { answer: ReturnType<typeof reviewGoverned>; noted: AdminEntry[] } {
  const noted: AdminEntry[] = [];
  const body = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'r1',
      kind: { group: 'sluice.dev', version: 'v1alpha1', kind: 'DatabaseAccessPolicy' },
      namespace: 'data',
      name: 'support',
      operation: 'CREATE',
      userInfo: { username: 'ada', groups: ['platform', 'system:authenticated'] },
      ...request,
    },
  };
  const answer = reviewGoverned(Buffer.from(JSON.stringify(body)), { note: (entry) => void noted.push(entry) });
  return { answer, noted };
}

describe('who changes a policy', () => {
  it('is noted with what the API server says, and let through', () => {
    const { answer, noted } = review({ object: { metadata: { name: 'support' }, spec } });
    expect(answer?.response).toMatchObject({ uid: 'r1', allowed: true });
    expect(answer?.response.patch).toBeUndefined();
    expect(noted).toEqual([
      {
        action: 'policy-create-requested',
        object: 'DatabaseAccessPolicy data/support',
        author: { username: 'ada', groups: ['platform', 'system:authenticated'] },
        detail: { digest: canonicalHash(spec) },
      },
    ]);
  });

  it('names fields that are another, never their values; of what is deleted it says what it was', () => {
    const oldObject = { metadata: { name: 'support', uid: 'u' }, spec };
    const changed = review({
      operation: 'UPDATE',
      oldObject,
      object: { ...oldObject, spec: { ...spec, mode: 'Observe', subjects: [] } },
    });
    expect(changed.noted[0]).toMatchObject({
      action: 'policy-change-requested',
      detail: { uid: 'u', changed: 'spec.mode spec.subjects' },
    });
    const deleted = review({
      operation: 'DELETE',
      oldObject,
      kind: { group: 'sluice.dev', version: 'v1alpha1', kind: 'Database' },
    });
    expect(deleted.noted[0]).toMatchObject({
      action: 'database-delete-requested',
      object: 'Database data/support',
      detail: { uid: 'u', digest: canonicalHash(spec) },
    });
  });

  it('of a dry run nothing is noted; nonsense is let through; what is something else is left to others', () => {
    expect(review({ dryRun: true, object: { spec } })).toMatchObject({ noted: [], answer: { response: { allowed: true } } });
    expect(review({ object: 7, userInfo: 'x', name: null, namespace: null }).answer?.response.allowed).toBe(true);
    expect(review({ kind: { group: '', version: 'v1', kind: 'Pod' } }).answer).toBeUndefined();
    for (const body of ['', '{', '"sluice.dev"', 'null'])
      expect(reviewGoverned(Buffer.from(body), { note: () => {} })).toBeUndefined();
  });
});
