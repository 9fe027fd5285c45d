/**
 * Pods of many shapes, and what becomes of them: testdata/NAME.yaml goes in, NAME.injected.yaml is the whole pod afterwards (with the warnings at
 * its head), NAME.refused.txt the reasons. `SLUICE_UPDATE_GOLDEN=1 npm test -- operator/admission/golden.test.ts` writes them anew; read the diff.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { RENDER_ANNOTATION } from '../../core/injection/names.ts';
import { canonicalRender } from '../render/canonical-render.ts';
import { applyJsonPatch } from './apply-json-patch.ts';
import { goldenInput, seals, TESTDATA } from './golden-cluster.fixture.ts';
import { inject } from './inject.ts';
import type { RawPod } from './injection.ts';
import { annotation, serviceAccountOf } from './raw-pod.ts';
import { REFUSAL_REASONS } from './reasons.ts';

const UPDATE = process.env['SLUICE_UPDATE_GOLDEN'] === '1';
const names = readdirSync(TESTDATA)
  .filter((file) => file.endsWith('.yaml') && !file.endsWith('.injected.yaml') && file !== 'cluster.yaml')
  .map((file) => file.slice(0, -'.yaml'.length));

function read(name: string) {
  const [pod, settings] = parseAllDocuments(readFileSync(join(TESTDATA, `${name}.yaml`), 'utf8')).map((each) => each.toJS());
  return goldenInput(pod, settings ?? {});
}

/** A seal is as long as a line and says nothing to a reader. */
function shown(pod: unknown, warnings: readonly string[]): string {
  const text = stringify(pod, { lineWidth: 0 }).replace(/v1\.test-key\.[\w-]{43}/, '(seal)');
  return `${warnings.map((each) => `# warning: ${each}\n`).join('')}${text}`;
}

function golden(file: string, actual: string | undefined): void {
  const path = join(TESTDATA, file);
  if (UPDATE) {
    if (actual !== undefined) writeFileSync(path, actual);
    else if (existsSync(path)) rmSync(path);
    return;
  }
  expect(actual).toBe(existsSync(path) ? readFileSync(path, 'utf8') : undefined);
}

describe('a pod', () => {
  it.each(names)('%s', (name) => {
    const input = read(name);
    const before = structuredClone(input.pod);
    const result = inject(input);
    expect(input.pod).toEqual(before);
    const refused =
      result.outcome === 'refused' ? result.problems.map((each) => `${each.reason}: ${each.message}\n`).join('') : undefined;
    if (result.outcome === 'skipped') throw new Error(`${name} was skipped: ${result.reason}`);
    golden(`${name}.refused.txt`, refused);
    if (result.outcome === 'refused') {
      for (const each of result.problems) expect(REFUSAL_REASONS).toContain(each.reason);
      golden(`${name}.injected.yaml`, undefined);
      return;
    }
    const after = applyJsonPatch(input.pod, result.patch) as RawPod;
    golden(`${name}.injected.yaml`, shown(after, result.warnings));
    // Asked again about its own work it changes nothing, and the seal holds.
    expect(inject({ ...input, pod: after })).toMatchObject({ outcome: 'injected', patch: [] });
    const subject = { namespace: input.namespace, serviceAccount: serviceAccountOf(after) };
    expect(seals.verify(subject, canonicalRender(after)!, annotation(after, RENDER_ANNOTATION)!)).toBe(true);
  });

  it.skipIf(UPDATE)('of testdata has one answer, and no answer is left over', () => {
    const answers = readdirSync(TESTDATA).filter((file) => /\.(injected\.yaml|refused\.txt)$/.test(file));
    expect(answers.map((file) => file.replace(/\.(injected\.yaml|refused\.txt)$/, '')).sort()).toEqual([...names].sort());
  });
});
