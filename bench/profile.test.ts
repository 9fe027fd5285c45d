import { expect, it } from 'vitest';
import { selfTimes } from './profile.ts';

it('shares out the time that was not idle', () => {
  const node = (id: number, functionName: string, url = '', lineNumber = 0) => ({
    id,
    callFrame: { functionName, url, lineNumber },
  });
  const profile = {
    nodes: [
      node(1, '(idle)'),
      node(2, 'walk', 'file:///x/core/wire/frame-walker.ts', 9),
      node(3, '(program)'),
      node(4, 'walk', 'file:///x/core/wire/frame-walker.ts', 9),
    ],
    samples: [1, 2, 3, 4],
    timeDeltas: [1000, 10, 25, 15],
  };
  expect(selfTimes(profile)).toEqual([
    { where: 'walk core/wire/frame-walker.ts:10', share: 0.5 },
    { where: '(program)', share: 0.5 },
  ]);
});
