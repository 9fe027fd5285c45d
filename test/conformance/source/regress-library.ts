/** The C functions that the regression suite calls (`@libdir@/regress@DLSUFFIX@`), compiled against the distribution's server. */
import { execFile } from 'node:child_process';
import { access, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MissingError } from '../../scoreboard/suite.ts';
import { cacheDirectory } from '../../support/cache.ts';
import { postgresSource } from './postgres-source.ts';

const run = promisify(execFile);

/** Directory that holds regress.so: what pg_regress wants as --dlpath. Throws MissingError without headers or compiler. */
export async function regressLibrary(major: 15): Promise<string> {
  const source = await postgresSource(major);
  const config = `/usr/lib/postgresql/${major}/bin/pg_config`;
  const missing = new MissingError(`postgresql-server-dev-${major} and a C compiler, to build regress.so`);
  const settings = await Promise.all(
    ['--version', '--includedir-server'].map((option) =>
      run(config, [option]).then(
        ({ stdout }) => stdout.trim(),
        () => Promise.reject(missing),
      ),
    ),
  );
  const directory = join(cacheDirectory(), `regress-${settings[0]?.replace(/[^\w.]+/g, '-')}`);
  const library = join(directory, 'regress.so');
  if (
    await access(library).then(
      () => true,
      () => false,
    )
  )
    return directory;
  await mkdir(directory, { recursive: true });
  const unfinished = join(directory, `regress.${process.pid}.so`);
  const file = join(source, 'src/test/regress/regress.c');
  await run('cc', ['-shared', '-fPIC', '-O1', '-w', `-I${settings[1]}`, '-o', unfinished, file]).catch((error: unknown) => {
    throw new MissingError(`${missing.message}: ${String((error as { stderr?: string }).stderr).slice(0, 300)}`);
  });
  await rename(unfinished, library);
  return directory;
}
