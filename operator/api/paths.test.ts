import { describe, expect, it } from 'vitest';
import { DATABASES, NAMESPACES, PODS } from './kube-api.ts';
import { collectionPath, objectPath, query } from './paths.ts';

describe('paths of the API', () => {
  it('are those of the documentation', () => {
    expect(collectionPath(PODS)).toBe('/api/v1/pods');
    expect(collectionPath(PODS, 'agents')).toBe('/api/v1/namespaces/agents/pods');
    expect(objectPath(NAMESPACES, { name: 'agents' })).toBe('/api/v1/namespaces/agents');
    expect(objectPath(DATABASES, { namespace: 'data', name: 'orders' }, 'status')).toBe(
      '/apis/sluice.dev/v1alpha1/namespaces/data/databases/orders/status',
    );
    expect(query({ labelSelector: 'a=b,c in (d)', limit: 5, signal: undefined })).toBe(
      '?labelSelector=a%3Db%2Cc+in+%28d%29&limit=5',
    );
  });

  it.each(['', '.', '..', 'a/b', '%2e%2e', '../../../secrets'])('refuse %j as a name: it would lead elsewhere', (name) => {
    expect(() => objectPath(PODS, { namespace: 'agents', name })).toThrow(TypeError);
    expect(() => collectionPath(PODS, name)).toThrow(TypeError);
  });

  it('refuse a namespaced object without its namespace', () => {
    expect(() => objectPath(PODS, { name: 'a' })).toThrow('has a namespace');
  });
});
