/** A worker that never stops asking (`agents/python/steady.py`), and what its tally says. */
import { expect } from 'vitest';
import { eventually } from '../support/until.ts';
import type { World } from './world.ts';

export const STEADY: readonly string[] = ['python3', '/agents/python/steady.py'];

export interface Tally {
  readonly rounds: number;
  /** How often it had to connect for the session that it keeps: 1 as long as that was never lost. */
  readonly sessions: number;
  readonly failures: number;
  /** The last of them. */
  readonly failed: readonly string[];
  /** What the session that it keeps was told last. */
  readonly answer: string | null;
}

export async function tally(world: World, namespace: string, pod: string): Promise<Tally> {
  const { stdout } = await world.kubectl(['logs', pod, '-n', namespace, '-c', 'app', '--tail=1']);
  return stdout === '' ? NOTHING_YET : (JSON.parse(stdout) as Tally);
}

const NOTHING_YET: Tally = { rounds: 0, sessions: 0, failures: 0, failed: [], answer: null };

/** Resolves when it has begun: its first rounds went well. */
export async function begun(world: World, namespace: string, pod: string): Promise<Tally> {
  await world.ready(namespace, pod);
  await eventually(async () => expect((await tally(world, namespace, pod)).rounds).toBeGreaterThan(0), 30_000);
  const now = await tally(world, namespace, pod);
  expect(now).toMatchObject({ sessions: 1, failures: 0, failed: [] });
  return now;
}

/** It has gone on since: some rounds more, and nothing was lost. */
export async function goesOn(world: World, namespace: string, pod: string, since?: Tally): Promise<Tally> {
  const before = since ?? (await tally(world, namespace, pod));
  let now = before;
  await eventually(async () => {
    now = await tally(world, namespace, pod);
    expect(now.rounds).toBeGreaterThan(before.rounds + 5);
  }, 30_000);
  expect(now).toMatchObject({ failures: before.failures, sessions: before.sessions, failed: before.failed });
  return now;
}

/** Resolves when its answers are these. */
export async function answers(
  world: World,
  namespace: string,
  pod: string,
  expected: unknown,
  milliseconds = 30_000,
): Promise<void> {
  await eventually(async () => expect((await tally(world, namespace, pod)).answer).toEqual(expected), milliseconds);
}
