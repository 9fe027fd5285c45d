import { expect, it } from 'vitest';
import type { Database } from '../../crds/database.ts';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import { notEverywhere, type PodStatus } from './status.ts';

const policy = (name: string, status?: 'True' | 'False'): DatabaseAccessPolicy =>
  ({
    metadata: { namespace: 'data-platform', name },
    status: { conditions: status === undefined ? [] : [{ type: 'Programmed', status, message: `${name} is ${status}` }] },
  }) as unknown as DatabaseAccessPolicy;

it('says of which policies of the pods shown not every pod judges by them', () => {
  const written = [
    {
      database: {} as Database,
      policies: [policy('late', 'False'), policy('well', 'True'), policy('new'), policy('of-others', 'False')],
    },
  ];
  const pod = { policies: ['data-platform/late', 'data-platform/well', 'data-platform/new'] } as unknown as PodStatus;
  expect(notEverywhere([pod], written)).toEqual(['data-platform/late: late is False']);
  expect(notEverywhere([], written)).toEqual([]);
});
