import { describe, expect, it } from 'vitest';
import { splitAtCommand } from './arguments.ts';

describe('arguments of npm run cluster', () => {
  const cases: readonly (readonly [given: string, ours: string, theirs: string])[] = [
    ['up --name other', 'up --name other', ''],
    ['enter kubectl get pods --watch', 'enter', 'kubectl get pods --watch'],
    ['enter --name other kubectl get --name x', 'enter --name other', 'kubectl get --name x'],
    ['--name other enter helm list --all', '--name other enter', 'helm list --all'],
    ['enter --name=other env', 'enter --name=other', 'env'],
    ['enter --use-current-context kubectl version', 'enter --use-current-context', 'kubectl version'],
    ['enter -- --odd', 'enter', '--odd'],
    ['enter', 'enter', ''],
  ];
  for (const [given, ours, theirs] of cases)
    it(given, () => {
      const split = splitAtCommand(given.split(' '));
      expect([split.ours.join(' '), split.theirs.join(' ')]).toEqual([ours, theirs]);
    });
});
