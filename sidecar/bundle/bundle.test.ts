/** Policies from real files on a manual clock, and the engine that follows them. */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { CatalogData } from '../../core/catalog/model.ts';
import type { Bundle } from '../../core/policy/bundle.ts';
import { type Diagnostic, formatDiagnostic } from '../../core/policy/diagnostic.ts';
import { smallCatalog } from '../../test/support/small-catalog.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { openFileSource, PolicyError } from './file-source.ts';
import { type HostDetection, PolicyHost } from './host.ts';
import { type ManualClock, manualClock } from '../../test/support/manual-clock.ts';
import { PolicyFileError, readPolicyFiles } from './policy-files.ts';
import type { PolicySource } from './policy-source.ts';

const DATABASE = `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: shop, namespace: platform}
spec: {endpoint: {host: db, database: shop}}
`;
const policy = (name: string, table: string, more = ''): string => `apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: ${name}, namespace: platform}
spec:
  databaseRef: {name: shop}
  subjects: [{serviceAccount: {namespace: ai, name: agent}}]
  grants: [{tables: [public.${table}], actions: [Select]}]
${more}
`;
const BROKEN = 'apiVersion: [\n';
const TABLES: CatalogData = smallCatalog([
  { name: 'public.a', columns: ['id integer'] },
  { name: 'public.b', columns: ['id integer'] },
]).data;

const NOTHING_FOUND: HostDetection = {
  describe: async () => undefined,
  classes: () => new Map(),
  sample: async () => undefined,
  onChange: () => () => undefined,
};

let directory: string;
let clock: ManualClock;
const opened: { close(): void }[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-policy-'));
  clock = manualClock();
});
afterEach(async () => {
  for (const each of opened.splice(0)) each.close();
  await rm(directory, { recursive: true });
});

const write = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);

async function open(reports: Diagnostic[] = [], paths = [directory]): Promise<PolicySource> {
  const source = await openFileSource({ paths, database: { name: 'shop' }, clock, report: (found) => reports.push(...found) });
  opened.push(source);
  return source;
}

/** Past the poll. The files are read for real, so real time passes too. */
async function polled(until: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 200 && !until(); attempt += 1) {
    await clock.advance(5000);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(until()).toBe(true);
}

const names = (source: PolicySource): readonly string[] => source.current.policies.map((each) => each.metadata.name);

describe('policy files', () => {
  it('of a directory are read in order of their names, hidden and foreign ones left out', async () => {
    for (const name of ['b.yml', 'a.yaml', '.hidden.yaml', 'notes.txt']) await write(name, '');
    await mkdir(join(directory, 'sub.yaml.d'));
    expect((await readPolicyFiles([directory])).map((file) => file.name)).toEqual([
      join(directory, 'a.yaml'),
      join(directory, 'b.yml'),
    ]);
  });

  it('that cannot be read are named in one sentence', async () => {
    await expect(readPolicyFiles([join(directory, 'none.yaml')])).rejects.toThrow(
      new PolicyFileError(`policy file ${join(directory, 'none.yaml')} does not exist`),
    );
    await writeFile(join(directory, 'latin.yaml'), Buffer.from([0x61, 0xff]));
    await expect(readPolicyFiles([directory])).rejects.toThrow('is not UTF-8');
  });
});

describe('at start', () => {
  it('any mistake is fatal, with all mistakes at hand', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a', '  mode: Y')}---\n${policy('y', 'a', '  mode: Z')}`);
    const error = await open().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(PolicyError);
    expect((error as PolicyError).diagnostics.map((each) => each.path)).toEqual(['spec.mode', 'spec.mode']);
  });

  it.each([
    ['other', 'there is no Database other, only shop'],
    ['shpo', 'there is no Database shpo, only shop; did you mean "shop"?'],
  ])('a Database that is not there: %s', async (name, message) => {
    await write('a.yaml', DATABASE);
    await expect(openFileSource({ paths: [directory], database: { name }, clock, report: () => undefined })).rejects.toThrow(
      message,
    );
  });

  it('the same object in two files is a mistake', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
    await write('b.yaml', policy('x', 'b'));
    const error = (await open().catch((caught: unknown) => caught)) as PolicyError;
    expect(error.diagnostics.map(formatDiagnostic)).toEqual([
      `${join(directory, 'b.yaml')}:3:18 metadata.name: DatabaseAccessPolicy platform/x stands in another file already, which is the one in force`,
    ]);
  });

  it('an ambiguous name asks for the namespace', async () => {
    await write('a.yaml', `${DATABASE}---\n${DATABASE.replace('platform', 'staging')}`);
    await expect(open()).rejects.toThrow('say platform/shop or staging/shop');
  });
});

describe('a change', () => {
  it('takes effect; a file event is enough', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
    const source = await open();
    let told = 0;
    source.onChange(() => (told += 1));
    await write('b.yaml', policy('y', 'b'));
    await polled(() => names(source).length === 2);
    expect(told).toBe(1);
  });

  it('is seen by its file event, long before the poll, however busy the directory is', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
    const source = await open();
    const before = clock.now();
    await write('b.yaml', policy('y', 'b'));
    for (let turn = 0; turn < 400 && names(source).length === 1; turn += 1) {
      await write('busy.log', String(turn));
      await new Promise((resolve) => setTimeout(resolve, 5));
      await clock.advance(2);
    }
    expect(names(source)).toHaveLength(2);
    expect(clock.now() - before).toBeLessThan(5000);
  });

  it('in the middle of being written withdraws nothing', async () => {
    const whole = `${DATABASE}---\n${policy('x', 'a')}`;
    await write('a.yaml', whole);
    const source = await open();
    let told = 0;
    source.onChange(() => (told += 1));
    // One reading finds it empty, the next one whole again.
    await write('a.yaml', '');
    await clock.advance(150);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await clock.advance(0);
    await write('a.yaml', whole);
    for (let turn = 0; turn < 20; turn += 1) {
      await clock.advance(150);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(told).toBe(0);
    await write('a.yaml', '');
    await polled(() => told === 1);
    expect(source.current.database).toBeUndefined();
  });

  it('rewritten all the time is still followed', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
    const source = await open();
    let told = 0;
    source.onChange(() => (told += 1));
    for (let turn = 0; turn < 40 && told === 0; turn += 1) {
      await write('a.yaml', `${DATABASE}---\n${policy('x', 'b')}# ${turn}\n`);
      await clock.advance(110);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(told).toBeGreaterThan(0);
  });

  it('that is broken keeps the last good form of that file, and withdrawal elsewhere still takes effect', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
    await write('b.yaml', policy('y', 'b'));
    const reports: Diagnostic[] = [];
    const source = await open(reports);
    await write('a.yaml', BROKEN);
    await rm(join(directory, 'b.yaml'));
    await polled(() => names(source).length === 1);
    expect(names(source)).toEqual(['x']);
    expect(source.current.database?.metadata.name).toBe('shop');
    expect(reports.map(formatDiagnostic).join('\n')).toContain('a.yaml:');
  });

  it('within a file: the object with a mistake keeps its last good form, the one that is gone is withdrawn', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}---\n${policy('y', 'b')}`);
    const source = await open();
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a', '  mode: Nonsense')}`);
    await polled(() => names(source).length === 1);
    expect(names(source)).toEqual(['x']);
    expect(source.current.policies[0]?.spec.mode).toBe('Enforce');
  });

  it('the named file disappearing withdraws it', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
    const source = await open([], [join(directory, 'a.yaml')]);
    await rename(join(directory, 'a.yaml'), join(directory, 'gone'));
    await polled(() => source.current.database === undefined);
    expect(source.current.reason).toContain('no Database is defined');
  });
});

describe('the host', () => {
  interface Made extends SqlEngine {
    readonly bundle: Bundle;
  }
  async function start(
    source: PolicySource,
    overrides: Partial<{
      readCatalog: () => Promise<CatalogData>;
      probeCatalog: () => Promise<string>;
      report: (found: readonly Diagnostic[]) => void;
      detection: HostDetection;
    }> = {},
  ) {
    const engines: (SqlEngine | undefined)[] = [];
    const failures: unknown[] = [];
    const host = new PolicyHost({
      source,
      identity: { namespace: 'ai', serviceAccount: 'agent' },
      readCatalog: async () => TABLES,
      createEngine: (catalog: Catalog, bundle: Bundle): Made => ({ catalog, bundle, analyse: () => [] }),
      analyseLarge: async () => [],
      detection: NOTHING_FOUND,
      clock,
      report: () => undefined,
      catalogFailed: (error) => failures.push(error),
      ...overrides,
    });
    opened.push(host);
    host.onChange((engine) => engines.push(engine));
    await host.start();
    return { host, engines, failures };
  }
  it('says where in the files stands what compiling found, once', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'nowhere')}`);
    const source = await open();
    const reported: string[] = [];
    const { host } = await start(source, {
      report: (found) => reported.push(...found.filter((each) => each.severity === 'error').map(formatDiagnostic)),
    });
    await clock.advance(61_000);
    expect(reported).toEqual([
      `${join(directory, 'a.yaml')}:12:22 spec.grants[0].tables[0]: table public.nowhere does not exist, nothing is granted on it`,
    ]);
    expect(host.engine?.bundle.relations).toEqual([]);
  });

  const granted = (host: { readonly engine: SqlEngine | undefined }): readonly string[] | undefined =>
    host.engine?.bundle.relations.map((relation) => relation.name);

  it('compiles, and compiles again when the files change', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
    const source = await open();
    const { host, engines } = await start(source);
    expect(granted(host)).toEqual(['a']);
    await write('b.yaml', policy('y', 'b'));
    await polled(() => granted(host)?.length === 2);
    expect(engines).toHaveLength(2);
    await rm(join(directory, 'b.yaml'));
    await write('a.yaml', DATABASE);
    await polled(() => host.engine === undefined);
    expect(host.reason).toContain('no policy in force has ai/agent');
    expect(engines.at(-1)).toBeUndefined();
  });

  it('a policy that ends takes its grants with it, to the millisecond', async () => {
    await write(
      'a.yaml',
      `${DATABASE}---\n${policy('x', 'a')}---\n${policy('y', 'b', '  validUntil: "2026-06-01T00:00:01.500Z"')}`,
    );
    const { host } = await start(await open());
    expect(granted(host)).toEqual(['a', 'b']);
    await clock.advance(1499);
    expect(granted(host)).toEqual(['a', 'b']);
    await clock.advance(1);
    expect(granted(host)).toEqual(['a']);
  });

  it('a policy ends although no timer fires: when somebody asks after the clock was set, and soon when nobody does', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}---\n${policy('y', 'b', '  validUntil: "2026-06-02T00:00:00Z"')}`);
    const { host } = await start(await open());
    clock.jump(48 * 3_600_000);
    host.policyEnded();
    expect(granted(host)).toEqual(['a']);
    clock.jump(-48 * 3_600_000);
    await clock.advance(15_000);
    expect(granted(host)).toEqual(['a', 'b']);
    clock.jump(48 * 3_600_000);
    await clock.advance(15_000);
    expect(granted(host)).toEqual(['a']);
  });

  it('reads the schema at once when it is asked to although the clock was set back', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
    const { host } = await start(await open());
    await clock.advance(0);
    const first = host.refreshCatalog('1');
    await clock.advance(0);
    await first;
    clock.jump(-3_600_000);
    const second = host.refreshCatalog('2');
    await clock.advance(5_000);
    await second;
  });

  it('reads the schema every minute and replaces the engine only when it changed', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
    let tables = TABLES;
    const { host, engines } = await start(await open(), { readCatalog: async () => tables });
    await clock.advance(61_000);
    expect(engines).toHaveLength(1);
    tables = smallCatalog([{ name: 'public.a', columns: ['id integer', 'more text'] }]).data;
    await clock.advance(61_000);
    expect(engines).toHaveLength(2);
    expect(host.engine?.bundle.relations[0]?.select?.columns).toHaveLength(2);
  });

  it('requests share a read that begins after them, and a storm of them is slowed down', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
    let reads = 0;
    const { host } = await start(await open(), {
      readCatalog: async () => {
        reads += 1;
        return TABLES;
      },
    });
    const all = Promise.all([host.refreshCatalog('1'), host.refreshCatalog('2'), host.refreshCatalog('3')]);
    await clock.advance(0);
    await all;
    expect(reads).toBe(2);
    // A migration's worth of them at once, and then no more than their share.
    for (let turn = 3; turn <= 202; turn += 1) await host.refreshCatalog(String(turn));
    expect(reads).toBe(202);
    const later = host.refreshCatalog('one more');
    await clock.advance(50);
    expect(reads).toBe(202);
    await clock.advance(60);
    await later;
    expect(reads).toBe(203);
  });

  it('a probe that says nothing changed saves the read', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
    let reads = 0;
    let probe = 'one';
    await start(await open(), {
      readCatalog: async () => {
        reads += 1;
        return TABLES;
      },
      probeCatalog: async () => probe,
    });
    await clock.advance(61_000);
    expect(reads).toBe(1);
    probe = 'two';
    await clock.advance(61_000);
    expect(reads).toBe(2);
  });

  it('keeps the last schema when it cannot be read again, and fails to start without any', async () => {
    await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
    let down = false;
    const readCatalog = async (): Promise<CatalogData> => {
      if (down) throw new Error('gone');
      return TABLES;
    };
    const { host, failures } = await start(await open(), { readCatalog });
    down = true;
    await clock.advance(61_000);
    expect(failures).toHaveLength(1);
    expect(granted(host)).toEqual(['a']);
    await expect(start(await open(), { readCatalog })).rejects.toThrow('gone');
  });

  describe('with detection', () => {
    const masked = (host: { readonly engine: SqlEngine | undefined }): unknown =>
      host.engine?.bundle.relations.map((relation) => relation.classes);
    const SOME = smallCatalog([{ name: 'public.a', columns: ['id integer', 'x text'] }]).data;

    function detecting(): HostDetection & { calls: string[]; found: Map<number, Map<number, string>>; changed: () => void } {
      const made = {
        calls: [] as string[],
        found: new Map<number, Map<number, string>>(),
        changed: () => {},
        describe: async () => void made.calls.push('describe'),
        classes: () => {
          made.calls.push('classes');
          return made.found;
        },
        sample: async () => void made.calls.push('sample'),
        onChange: (listener: () => void) => {
          made.changed = listener;
          return () => undefined;
        },
      };
      return made;
    }

    it('a schema is described before it is put to use, then looked into; what that finds takes effect at once', async () => {
      await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
      const detection = detecting();
      const { host, engines } = await start(await open(), { readCatalog: async () => SOME, detection });
      expect(detection.calls).toEqual(['describe', 'classes', 'sample']);
      expect(masked(host)).toEqual([{}]);
      detection.found = new Map([[SOME.relations[0]!.oid, new Map([[2, 'pii.email']])]]);
      detection.changed();
      expect(masked(host)).toEqual([{ 2: 'pii.email' }]);
      expect(engines).toHaveLength(2);
    });

    it('switched off nothing is looked at; switched on names count at once and the rest follows', async () => {
      const off = DATABASE.replace('database: shop}}', 'database: shop}, sensitivity: {detection: "Off"}}');
      await write('a.yaml', `${off}---\n${policy('x', 'a')}`);
      const detection = detecting();
      const { host } = await start(await open(), { readCatalog: async () => SOME, detection });
      expect(detection.calls).toEqual([]);
      detection.found = new Map([[SOME.relations[0]!.oid, new Map([[2, 'pii.free-text']])]]);
      await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
      await polled(() => detection.calls.includes('sample'));
      expect(masked(host)).toEqual([{ 2: 'pii.free-text' }]);
      expect(detection.calls.slice(0, 2)).toEqual(['classes', 'describe']);
    });

    it('a schema that cannot be described is not put to use', async () => {
      await write('a.yaml', `${DATABASE}---\n${policy('x', 'a')}`);
      const detection = detecting();
      let data = SOME;
      const { host, failures } = await start(await open(), { readCatalog: async () => data, detection });
      data = smallCatalog([{ name: 'public.a', columns: ['id integer', 'x text', 'y text'] }]).data;
      const broken: HostDetection = detection;
      Object.assign(broken, { describe: () => Promise.reject(new Error('gone')) });
      await host.refreshCatalog('test');
      expect(failures).toHaveLength(1);
      expect(host.engine?.catalog.data).toBe(SOME);
    });
  });
});
