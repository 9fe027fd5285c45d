/** What may not be in an image, whatever the imports say: checked on what the bundler really took. */
import type { Metafile } from 'esbuild';
import type { Program } from './bundle.ts';

const FORBIDDEN: Readonly<Record<Program, readonly RegExp[]>> = {
  // ARCHITECTURE.md, invariant 15.
  sidecar: [/(^|\/)node_modules\/@kubernetes\//, /^operator\//, /^cli\//, /^test\//, /^bench\//],
  operator: [/^cli\//, /^test\//, /^bench\//, /^sidecar\/(session|listen|journal|proxy|injected)\//],
};

export class WallError extends Error {
  override readonly name = 'WallError';
}

/** Throws with the modules, and who imports the first of them. */
export function assertWalls(program: Program, { inputs }: Pick<Metafile, 'inputs'>): void {
  const wrong = Object.keys(inputs).filter((path) => FORBIDDEN[program].some((each) => each.test(path)));
  const [first] = wrong;
  if (first === undefined) return;
  const importers = Object.keys(inputs).filter((path) => inputs[path]?.imports.some((each) => each.path === first));
  throw new WallError(`the ${program} would contain ${wrong.slice(0, 5).join(', ')} (${first} by ${importers.join(', ')})`);
}
