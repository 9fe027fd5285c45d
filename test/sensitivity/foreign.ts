/**
 * Schemas whose licence is not ours: taken from the packages that ship them, by apt with the archives that the machine already
 * trusts, when a measurement needs them, and kept in the user's cache directory. Nothing of them is part of this project.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../support/cache.ts';
import { MissingError } from '../scoreboard/suite.ts';

const run = promisify(execFile);

interface Foreign {
  readonly package: string;
  /** Where the DDL stands in the package. */
  readonly files: readonly string[];
  /** Lines that cannot run twice or here. */
  readonly without?: RegExp;
}

const KAMAILIO =
  'standard acc auth_db usrloc registrar msilo speeddial presence siptrace dialog alias_db domain group permissions imc';

const FOREIGN: Readonly<Record<string, Foreign>> = {
  roundcube: { package: 'roundcube-core', files: ['usr/share/roundcube/SQL/postgres.initial.sql'] },
  gammu: {
    package: 'gammu-smsd',
    files: ['usr/share/doc/gammu-smsd/examples/pgsql.sql'],
    without: /^CREATE (LANGUAGE|EXTENSION).*$/gim,
  },
  ttrss: { package: 'tt-rss', files: ['usr/share/tt-rss/schema/ttrss_schema_pgsql.sql'] },
  radius: { package: 'freeradius-config', files: ['etc/freeradius/3.0/mods-config/sql/main/postgresql/schema.sql'] },
  mediawiki: { package: 'mediawiki', files: ['usr/share/mediawiki/maintenance/postgres/tables-generated.sql'] },
  rt: { package: 'request-tracker5', files: ['usr/share/request-tracker5/etc/schema.Pg'] },
  ejabberd: { package: 'ejabberd', files: ['usr/share/ejabberd/sql/pg.sql'] },
  kamailio: {
    package: 'kamailio-postgres-modules',
    files: KAMAILIO.split(' ').map((name) => `usr/share/kamailio/postgres/${name}-create.sql`),
  },
};

export const isForeign = (name: string): boolean => FOREIGN[name] !== undefined;

/** The DDL. Throws MissingError where the package cannot be had. */
export async function foreignSchema(name: string): Promise<string> {
  const foreign = FOREIGN[name];
  if (foreign === undefined) throw new Error(`no such foreign schema: ${name}`);
  const kept = join(cacheDirectory(), 'schemas', `${name}.sql`);
  const before = await readFile(kept, 'utf8').catch(() => undefined);
  if (before !== undefined) return before;
  await mkdir(join(cacheDirectory(), 'schemas'), { recursive: true });
  const work = await mkdtemp(join(cacheDirectory(), `${name}.`));
  try {
    const ddl = await extract(foreign, work);
    await writeFile(join(work, 'ddl.sql'), ddl);
    await rename(join(work, 'ddl.sql'), kept);
    return ddl;
  } catch (error) {
    const reason = (error as { readonly stderr?: string }).stderr || (error as Error).message;
    throw new MissingError(`package ${foreign.package} (needs apt-get, dpkg-deb and an archive): ${reason.slice(0, 300)}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function extract(foreign: Foreign, work: string): Promise<string> {
  const download = (): Promise<unknown> =>
    run('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', 'download', foreign.package], { cwd: work });
  // Lists that are too old name files that are gone.
  await download().catch(async () => {
    await run('apt-get', ['-qq', 'update']);
    await download();
  });
  const file = (await readdir(work)).find((each) => each.endsWith('.deb'));
  if (file === undefined) throw new Error('nothing was downloaded');
  await run('dpkg-deb', ['-x', join(work, file), join(work, 'tree')]);
  const parts = await Promise.all(foreign.files.map((each) => readFile(join(work, 'tree', each), 'utf8')));
  const ddl = parts.join('\n');
  return foreign.without === undefined ? ddl : ddl.replace(foreign.without, '');
}
