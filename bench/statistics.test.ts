import { describe, expect, it } from 'vitest';
import { quantile, ratios, spread } from './statistics.ts';

describe('statistics', () => {
  it('find the middle and the ends', () => {
    expect(spread([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
    expect(spread([4, 1])).toEqual({ min: 1, median: 2.5, max: 4 });
    expect(quantile([0, 10, 20, 30], 0.9)).toBeCloseTo(27);
    expect(quantile([7], 0.99)).toBe(7);
  });
  it('compare round by round', () => {
    expect(ratios([2, 30, 4], [1, 10, 4])).toEqual({ min: 1, median: 2, max: 3 });
    expect(() => ratios([1], [1, 2])).toThrow('same rounds');
    expect(() => spread([])).toThrow('nothing was measured');
  });
});
