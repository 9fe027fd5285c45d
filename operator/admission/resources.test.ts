/** Amounts as Kubernetes reads them, and which of them the sidecar gets. */
import { describe, expect, it } from 'vitest';
import * as names from '../../core/injection/names.ts';
import { parseQuantity, planResources } from './resources.ts';

describe('a quantity', () => {
  it.each<[unknown, number]>([
    ['1', 1],
    ['0.5', 0.5],
    ['.5', 0.5],
    ['5.', 5],
    ['100m', 0.1],
    ['1k', 1000],
    ['1Ki', 1024],
    ['256Mi', 268_435_456],
    ['1e3', 1000],
    ['1E', 1e18],
    ['1E2', 100],
    ['-1', -1],
    [2, 2],
  ])('%j', (text, amount) => expect(parseQuantity(text)).toBeCloseTo(amount, 9));

  it.each(['', ' ', '1 Mi', '1mi', '1KI', 'Mi', '1e', '0x10', '1_000', '1,5', '∞', null, undefined, {}])('is not %j', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });
});

describe('the sidecar’s resources', () => {
  const DEFAULTS = { cpuRequest: '20m', memoryRequest: '96Mi', memoryLimit: '256Mi' };
  const plan = (annotations: Record<string, string>, defaults = DEFAULTS) =>
    planResources({ metadata: { annotations }, spec: { containers: [{ name: 'app' }] } }, defaults);

  it('are the installation’s, until annotations say otherwise', () => {
    expect(plan({}).resources).toEqual({ requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '256Mi' } });
    expect(plan({}, { ...DEFAULTS, cpuLimit: '2' } as never).resources).toMatchObject({ limits: { cpu: '2' } });
    expect(plan({ [names.CPU_LIMIT_ANNOTATION]: ' 1 ' }).resources).toMatchObject({ limits: { cpu: '1', memory: '256Mi' } });
  });

  it('fit each other: the default gives way to the annotation', () => {
    expect(plan({ [names.MEMORY_LIMIT_ANNOTATION]: '64Mi' }).resources).toMatchObject({
      requests: { memory: '64Mi' },
      limits: { memory: '64Mi' },
    });
    expect(plan({ [names.MEMORY_REQUEST_ANNOTATION]: '1Gi' }).resources).toMatchObject({
      requests: { memory: '1Gi' },
      limits: { memory: '1Gi' },
    });
    expect(plan({ [names.CPU_LIMIT_ANNOTATION]: '10m' }).resources).toMatchObject({
      requests: { cpu: '10m' },
      limits: { cpu: '10m' },
    });
  });

  it('must fit into the pod’s own, which is said', () => {
    const spec = { containers: [{ name: 'app' }], resources: { requests: { cpu: '1' } } };
    expect(planResources({ metadata: {}, spec }, DEFAULTS).warnings).toEqual([expect.stringContaining('spec.resources')]);
    expect(plan({}).warnings).toEqual([]);
  });

  it.each(['0', '-5Mi', 'lots', '', '1e400'])('are refused where an annotation says %j', (value) => {
    expect(plan({ [names.MEMORY_LIMIT_ANNOTATION]: value }).problems).toMatchObject([{ reason: 'ResourcesInvalid' }]);
  });
});
