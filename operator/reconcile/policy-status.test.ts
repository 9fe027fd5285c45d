import { describe, expect, it } from 'vitest';
import { policyObject } from '../../test/support/governed.ts';
import type { Diagnostic } from '../../core/policy/diagnostic.ts';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import { readGoverned } from '../view/governed-object.ts';
import type { BoundPod } from './bound-pods.ts';
import { type PolicyFacts, policyCounts, policyVerdicts } from './policy-status.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');

function policy(spec: Record<string, unknown> = {}, generation = 3): DatabaseAccessPolicy {
  const raw = policyObject('support', 'orders', spec);
  const reading = readGoverned('DatabaseAccessPolicy', { ...raw, metadata: { ...raw.metadata, generation } });
  if (!reading.ok) throw new Error(reading.problems.join());
  return reading.object;
}

const pod = (serviceAccount = 'support-agent', running = true): BoundPod => ({ namespace: 'ai-agents', serviceAccount, running });
const acknowledged = (programmed: number, generation = 3, rejections: readonly string[] = []) => ({
  connected: programmed,
  policies: [{ namespace: 'data-platform', name: 'support', generation, bound: programmed, programmed }],
  rejections,
});

function facts(more: Partial<PolicyFacts> = {}): PolicyFacts {
  return {
    policy: policy(),
    database: 'found',
    diagnostics: [],
    inForce: true,
    pods: [],
    acknowledgements: acknowledged(0),
    now: NOW,
    held: [],
    ...more,
  };
}

function said(more: Partial<PolicyFacts>): Record<string, string> {
  return Object.fromEntries(policyVerdicts(facts(more)).map(({ type, status, reason }) => [type, `${status}/${reason}`]));
}

const error = (reason: Diagnostic['reason']): Diagnostic => ({ severity: 'error', reason, path: 'spec.x', message: 'm' });

describe('conditions of a policy', () => {
  it.each<[string, Partial<PolicyFacts>, Record<string, string>]>([
    ['nobody uses it yet', {}, { Ready: 'True/Ready', Accepted: 'True/Accepted', Programmed: 'True/NoPods' }],
    [
      'its pods have it',
      { pods: [pod(), pod()], acknowledgements: acknowledged(2) },
      { Ready: 'True/Ready', Programmed: 'True/Programmed' },
    ],
    [
      'one of them has not',
      { pods: [pod(), pod()], acknowledgements: acknowledged(1) },
      { Ready: 'False/Pending', Programmed: 'False/Pending' },
    ],
    ['they have the one before', { pods: [pod()], acknowledgements: acknowledged(1, 2) }, { Programmed: 'False/Pending' }],
    ['one could not use it', { pods: [pod()], acknowledgements: acknowledged(0, 3, ['why']) }, { Ready: 'False/Rejected' }],
    ['a pod that starts does not count yet', { pods: [pod('support-agent', false)] }, { Programmed: 'True/NoPods' }],
    ['pods of others do not count', { pods: [pod('other')] }, { Programmed: 'True/NoPods' }],
    ['the schema is not known yet', { diagnostics: undefined, inForce: false }, { Ready: 'Unknown/SchemaNotRead' }],
    [
      'there is no such Database',
      { database: 'missing', diagnostics: undefined, inForce: false },
      {
        Ready: 'False/DatabaseNotFound',
        Programmed: 'False/NotInForce',
      },
    ],
    [
      'the Database is none that can be used',
      { database: 'unusable', diagnostics: undefined, inForce: false },
      { Ready: 'False/DatabaseNotAccepted' },
    ],
    [
      'it has ended',
      { policy: policy({ validUntil: '2026-06-01T00:00:00Z' }), inForce: false },
      {
        Ready: 'False/Expired',
        Programmed: 'False/NotInForce',
      },
    ],
    [
      'it conflicts',
      { diagnostics: [error('UnknownTable'), error('Conflict')], inForce: false },
      {
        Accepted: 'False/Conflict',
        Programmed: 'False/NotInForce',
      },
    ],
    [
      'a part of it is unknown',
      { diagnostics: [error('UnknownTable')] },
      { Accepted: 'False/UnknownTable', Programmed: 'True/NoPods' },
    ],
  ])('%s', (_what, more, expected) => {
    expect(said(more)).toMatchObject(expected);
  });

  it('counts running pods and accounts, and no more acknowledgements than pods', () => {
    const pods = [pod(), pod(), pod('b'), pod('support-agent', false)];
    const everybody = policy({ subjects: [{ serviceAccount: { namespace: 'ai-agents', name: '*' } }] });
    expect(policyCounts(facts({ policy: everybody, pods, acknowledgements: acknowledged(9) }))).toEqual({
      boundPods: 3,
      programmedPods: 3,
      boundServiceAccounts: 2,
    });
  });

  it('says that it observes, and what to look at', () => {
    const observing = facts({
      policy: policy({ mode: 'Observe' }),
      diagnostics: [{ severity: 'warning', reason: 'View', message: 'a view' }],
    });
    const [ready, accepted] = policyVerdicts(observing);
    expect(ready?.message).toBe('observing in 0 pods; see Accepted for warnings');
    expect(accepted?.message).toContain('nothing is denied');
    expect(accepted?.message).toContain('a view');
  });

  it('what an earlier holder said stands until this one has looked', () => {
    const held = [{ type: 'Accepted', status: 'True' as const, reason: 'Accepted', message: 'm', lastTransitionTime: '' }];
    expect(said({ diagnostics: undefined, inForce: false, held })).toMatchObject({
      Ready: 'True/Ready',
      Accepted: 'True/Accepted',
    });
  });
});
