/**
 * Loaded into the proxy by the isolation tests: how much processor time one turn of its event loop takes at most. Wall-clock time
 * would say more about what else the machine does than about us. The figure goes to the file that SLUICE_TURNS_FILE names; removing
 * the file begins a new measurement.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env['SLUICE_TURNS_FILE'];
if (file !== undefined && isMainThread) {
  const spent = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let before = spent();
  let longest = 0;
  let written = 0;
  // A timer is due once a turn at most: between two calls lies one turn, and the little that was left of the one before.
  setInterval(() => {
    const now = spent();
    longest = Math.max(longest, now - before);
    if (performance.now() - written > 100) {
      if (!existsSync(file)) longest = 0;
      written = performance.now();
      writeFileSync(file, String(longest));
    }
    before = spent();
  }, 2).unref();
}
