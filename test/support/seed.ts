/**
 * Properties draw anew in every run, and print their seed when they fail. Where a run must be repeatable (CI), SLUICE_TEST_SEED
 * fixes what all of them draw.
 */
const seed = process.env['SLUICE_TEST_SEED'];
if (seed !== undefined) {
  const { configureGlobal } = await import('fast-check');
  configureGlobal({ seed: Number(seed) });
}

export {};
