/**
 * What the API server accepts and what our loader accepts is the same, for every field and thousands of values: so `sluice proxy --policy` and
 * `kubectl apply` never disagree, and a policy that was tried offline is the policy that is in force.
 */
import { Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadDocuments } from '../../core/policy/documents.ts';
import { formatPath } from '../../core/policy/validate.ts';
import { databaseKind } from '../../crds/database.ts';
import { policyKind } from '../../crds/database-access-policy.ts';
import { needsKubernetes } from './binaries.ts';
import { applyCrds } from './chart.ts';
import { COMPLETE_DATABASE, COMPLETE_POLICY } from './complete-objects.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type Probe, probes, replaced } from './schema-probes.ts';

const { skip, title } = needsKubernetes('the API server and the loader of files');

interface Judgement {
  readonly accepted: boolean;
  readonly spec: unknown;
  readonly why: string;
}

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let server: Pool;
  beforeAll(async () => {
    kube = await startControlPlane({ controllerManager: false });
    server = new Pool(kube.url, { connections: 4, connect: { ca: kube.ca } });
    applyCrds(kube);
    kube.kubectl(['wait', '--for=condition=Established', 'crd/databases.sluice.dev', 'crd/databaseaccesspolicies.sluice.dev']);
  });
  afterAll(async () => {
    await server?.close();
    await kube?.stop();
  });

  async function online(plural: string, object: unknown): Promise<Judgement> {
    const { statusCode, body } = await server.request({
      method: 'POST',
      path: `/apis/sluice.dev/v1alpha1/namespaces/default/${plural}?dryRun=All&fieldValidation=Strict`,
      headers: { authorization: `Bearer ${kube.adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(object),
    });
    const { spec, message = '' } = (await body.json()) as { spec?: unknown; message?: string };
    if (![201, 400, 422].includes(statusCode)) throw new Error(`${statusCode}: ${message}`);
    return { accepted: statusCode === 201, spec, why: message };
  }

  function offline(object: unknown): Judgement {
    const { databases, policies, diagnostics } = loadDocuments([{ name: 'object.yaml', text: JSON.stringify(object) }]);
    const [loaded] = [...databases, ...policies];
    return { accepted: loaded !== undefined, spec: loaded?.spec, why: diagnostics.map(({ message }) => message).join('; ') };
  }

  test.each([
    ['Database', databaseKind, COMPLETE_DATABASE],
    ['DatabaseAccessPolicy', policyKind, COMPLETE_POLICY],
  ])('judge every field of a %s alike', { timeout: 300_000 }, async (_, kind, complete) => {
    expect(await online(kind.plural, complete)).toMatchObject({ accepted: true, spec: complete.spec });
    expect(offline(complete)).toMatchObject({ accepted: true, spec: complete.spec });

    const waiting = [...probes(complete.spec, kind.spec, ['spec'])];
    const count = waiting.length;
    const disagreements: string[] = [];
    const verdicts = { accepted: 0, refused: 0 };
    const work = async () => {
      for (let probe = waiting.pop(); probe !== undefined; probe = waiting.pop()) {
        const object = replaced(complete, probe.path, probe.value);
        const [theirs, ours] = [await online(kind.plural, object), offline(object)];
        verdicts[theirs.accepted ? 'accepted' : 'refused'] += 1;
        if (theirs.accepted !== ours.accepted) disagreements.push(`${told(probe)}: ${reasons(theirs, ours)}`);
        else if (theirs.accepted && !same(theirs.spec, ours.spec)) disagreements.push(`${told(probe)}: other defaults`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect(disagreements.sort()).toEqual([]);
    // Neither side is always of one mind.
    expect(count).toBeGreaterThan(1_000);
    expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(100);
  });
});

function told({ path, value }: Probe): string {
  const text = JSON.stringify(value) ?? 'left out';
  return `${formatPath(path)} = ${text.length > 60 ? `${text.slice(0, 57)}... (${text.length})` : text}`;
}

function reasons(server: Judgement, ours: Judgement): string {
  return server.accepted
    ? `accepted by the server, refused by us: ${ours.why}`
    : `accepted by us, refused by the server: ${server.why}`;
}

function same(one: unknown, other: unknown): boolean {
  const sorted = (_: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return JSON.stringify(one, sorted) === JSON.stringify(other, sorted);
}
