/**
 * The release before this one, by its own chart and images, and this one again: sidecars of either on operators of either. The order is that of
 * docs/guides/install-and-upgrade.md, backwards first, because the cluster has this release.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VERSION } from '../../../core/version.ts';
import { PREVIOUS } from '../../images/sources.ts';
import { eventually } from '../../support/until.ts';
import { SYSTEM_NAMESPACE } from '../objects.ts';
import { settled } from '../operators.ts';
import { answers, begun, goesOn, STEADY, type Tally, tally } from '../steady.ts';
import { openWorld } from '../world.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const AGENT = 'worker';
const MASKED = expect.stringContaining('@masked.invalid');
const REDACTED = { masks: [{ columns: ['email'], mask: { redact: {} } }] };

const world = await openWorld();

describe('operators and sidecars of two releases', () => {
  let namespace: string;
  /** The chart of the release before, as it was. */
  const previous = mkdtempSync(join(tmpdir(), 'sluice-previous-'));
  const before = new Map<string, Tally>();

  beforeAll(async () => {
    const archive = execFileSync('git', ['-C', ROOT, 'archive', PREVIOUS.commit, 'charts'], { maxBuffer: 1 << 26 });
    execFileSync('tar', ['--extract', '--directory', previous], { input: archive });
    await world.cluster.load(['operator', 'sidecar'].map((program) => `sluice-${program}:${PREVIOUS.version}`));
    namespace = await world.namespace('upgrade');
    await grant();
    await start('of-this');
  }, 600_000);

  // Whatever happened: what comes after this file has this release.
  afterAll(async () => {
    await release(ROOT);
    rmSync(previous, { recursive: true });
  }, 180_000);

  test('rolled back: the older operator serves the sidecars of this release, and injects its own', async () => {
    await release(previous);
    expect(await versionOfOperators()).toEqual([PREVIOUS.version]);
    await start('of-previous');
    expect(await sidecarImage('of-previous')).toBe(`sluice-sidecar:${PREVIOUS.version}`);
    await worked('of-this');
    await changed();
    // What differs is seen: who runs another release than the operator would inject.
    expect(await states()).toEqual({ 'of-this': 'Outdated', 'of-previous': 'Governed' });
  }, 300_000);

  test('upgraded: this operator serves the sidecars of the release before, for as long as their pods live', async () => {
    await world.kubectl(['apply', '--server-side', '-f', `${join(ROOT, 'crds')}/`]);
    await release(ROOT);
    expect(await versionOfOperators()).toEqual([VERSION]);
    await worked('of-this');
    await worked('of-previous');
    await changed();
    expect(await states()).toEqual({ 'of-this': 'Governed', 'of-previous': 'Outdated' });
  }, 300_000);

  test('a policy that is withdrawn ends sessions of both', async () => {
    await world.kubectl(['delete', 'databaseaccesspolicy', `${namespace}-${AGENT}`, '-n', 'data-platform']);
    for (const pod of ['of-this', 'of-previous'])
      await eventually(async () => {
        const { failed } = await tally(world, namespace, pod);
        expect(failed.at(-1)).toContain('SLUICE-703');
      }, 30_000);
  });

  async function release(checkout: string): Promise<void> {
    const chart = join(checkout, 'charts', 'sluice');
    const own = ['--reset-then-reuse-values', '--namespace', SYSTEM_NAMESPACE, '--wait', '--timeout', '3m'];
    await world.helm(['upgrade', 'sluice', chart, ...own], { timeout: 240 });
    await settled(world);
  }

  async function start(pod: string): Promise<void> {
    await world.pod({ namespace, name: pod, serviceAccount: AGENT, command: STEADY });
    before.set(pod, await begun(world, namespace, pod));
  }

  /** Since it began no session of it was lost and nothing failed. */
  async function worked(pod: string): Promise<void> {
    const now = await goesOn(world, namespace, pod, before.get(pod));
    expect(now).toMatchObject({ sessions: 1, failures: 0 });
    expect(await world.sidecarMetric(namespace, pod, 'sluice_operator_connected')).toBe(1);
  }

  /** A change of the policy reaches both, and both acknowledge it. */
  async function changed(): Promise<void> {
    const policy = `databaseaccesspolicy/${namespace}-${AGENT}`;
    for (const [more, answer] of [
      [REDACTED, '[redacted]'],
      [{}, MASKED],
    ] as const) {
      await grant(more);
      for (const pod of ['of-this', 'of-previous']) await answers(world, namespace, pod, answer);
      await world.kubectl(['wait', policy, '-n', 'data-platform', '--for=condition=Programmed', '--timeout=60s']);
    }
  }

  async function grant(more: object = {}): Promise<void> {
    const grants = [{ tables: ['public.customers'], actions: ['Select'], ...more }];
    await world.agent({ namespace, serviceAccount: AGENT, grants });
  }

  async function versionOfOperators(): Promise<readonly string[]> {
    const { stdout } = await world.kubectl([
      ...['get', 'pods', '-n', SYSTEM_NAMESPACE, '-l', 'app.kubernetes.io/name=sluice'],
      ...['-o', 'jsonpath={range .items[*]}{.spec.containers[0].image}{"\\n"}{end}'],
    ]);
    return [...new Set(stdout.trim().split('\n'))].map((image) => image.replace(/^.*:/, ''));
  }

  async function sidecarImage(pod: string): Promise<string> {
    const { stdout } = await world.kubectl([
      ...['get', 'pod', pod, '-n', namespace],
      ...['-o', 'jsonpath={.spec.initContainers[?(@.name=="sluice")].image}'],
    ]);
    return stdout;
  }

  async function states(): Promise<Readonly<Record<string, string>>> {
    const { stdout } = await world.sluice(['status', '-n', namespace]);
    const lines = stdout.split('\n').map((line) => line.trim().split(/\s+/));
    return Object.fromEntries(lines.filter(([pod = '']) => before.has(pod)).map((line) => [line[0], line.at(-1)!]));
  }
});
