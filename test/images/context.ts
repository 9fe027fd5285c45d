/**
 * Images of the tests' own: a directory here with a Dockerfile and a `prepare.sh` that puts what the Dockerfile adds into the context. It
 * runs on the machine, with whatever the machine can get; the Dockerfile then needs no network.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, runVisibly } from './engine.ts';
import { hashOf, made } from './recipe.ts';

/** Says of an image what it was made from. */
const LABEL = 'dev.sluice.test.recipe';

export interface TestImage {
  readonly tag: string;
  /** Of a directory beside this file. */
  readonly name: string;
  /** What `prepare.sh` finds in its environment; the image is made again when one changes. */
  readonly recipe: Readonly<Record<string, string>>;
  /** Likewise, but where they are does not matter; `inputs` say what is there. */
  readonly paths: Readonly<Record<string, string>>;
  readonly inputs: readonly (string | Buffer)[];
}

/** In the engine's store afterwards. */
export async function ensureImage(engine: Engine, image: TestImage, say: (line: string) => void): Promise<void> {
  const source = join(import.meta.dirname, image.name);
  const recipe = [...filesOf(source), JSON.stringify(image.recipe), ...image.inputs];
  const hash = hashOf(recipe);
  if ((await engine.inspect(image.tag))?.labels[LABEL] === hash) return;
  say(image.tag);
  const context = await made(`context-${image.name}`, recipe, async (target) => {
    mkdirSync(target);
    cpSync(source, target, { recursive: true });
    await runVisibly(join(source, 'prepare.sh'), [target], { env: { ...process.env, ...image.recipe, ...image.paths } });
  });
  await engine.build({ context, dockerfile: join(context, 'Dockerfile'), tag: image.tag, labels: { [LABEL]: hash } });
}

export function filesOf(directory: string): readonly (string | Buffer)[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .sort()
    .flatMap((path) => [path.slice(directory.length), readFileSync(path)]);
}
