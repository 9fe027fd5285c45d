import { expect, it } from 'vitest';
import { canonical } from './references.ts';

it.each([
  ['sluice-sidecar:0.2.0', 'docker.io/library/sluice-sidecar:0.2.0'],
  ['sluice-sidecar', 'docker.io/library/sluice-sidecar:latest'],
  ['someone/image:1', 'docker.io/someone/image:1'],
  ['localhost/sluice-sidecar:1', 'localhost/sluice-sidecar:1'],
  ['localhost:5000/image', 'localhost:5000/image:latest'],
  ['registry.example/a/b@sha256:00', 'registry.example/a/b@sha256:00'],
])('%s is %s', (reference, spelt) => {
  expect(canonical(reference)).toBe(spelt);
});
