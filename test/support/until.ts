/** Test support: waiting for what will be so, as fast as the machine allows. The test's own time limit is for machines that hang. */
import { expect } from 'vitest';

/** Looks until it is so; fails with what was asked after half a minute. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(what, { timeout: 30_000, interval: 10 }).toBe(true);
}

/** Looks until it holds. Throws the last reason. */
export async function eventually(check: () => void | Promise<void>, milliseconds = 20_000): Promise<void> {
  const end = Date.now() + milliseconds;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
