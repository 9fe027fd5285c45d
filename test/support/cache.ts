import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where what the tests build or fetch once is kept: `SLUICE_TEST_CACHE`, or the user's cache directory; root's is the system's, because a
 * server that runs as another account must be able to read it.
 */
export function cacheDirectory(): string {
  const own = process.env['SLUICE_TEST_CACHE'] || process.env['XDG_CACHE_HOME'];
  if (own) return join(own, 'sluice-test');
  return process.getuid?.() === 0 ? '/var/cache/sluice-test' : join(homedir(), '.cache', 'sluice-test');
}
