import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { schemaStatements } from './postgres-schema.ts';

it('is what docs/reference/audit-schema.sql has for an owner to run', () => {
  const file = readFileSync(join(import.meta.dirname, '../../../docs/reference/audit-schema.sql'), 'utf8');
  expect(file.split('\n').slice(2).join('\n')).toBe(schemaStatements());
});
