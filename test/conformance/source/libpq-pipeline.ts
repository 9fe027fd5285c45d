/** libpq_pipeline, libpq's own test of pipeline mode: compiled from the source package against the distribution's libpq. */
import { execFile } from 'node:child_process';
import { access, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MissingError } from '../../scoreboard/suite.ts';
import { cacheDirectory } from '../../support/cache.ts';
import { postgresSource } from './postgres-source.ts';

const run = promisify(execFile);

export interface LibpqPipeline {
  readonly program: string;
  /** Directory with the traces that some of its tests have to leave. */
  readonly traces: string;
}

/** Throws MissingError without headers, libpq or compiler. */
export async function libpqPipeline(major: 15): Promise<LibpqPipeline> {
  const directory = join(await postgresSource(major), 'src/test/modules/libpq_pipeline');
  const traces = join(directory, 'traces');
  const config = `/usr/lib/postgresql/${major}/bin/pg_config`;
  const missing = `postgresql-server-dev-${major}, libpq-dev and a C compiler, to build libpq_pipeline`;
  const options = ['--version', '--includedir', '--includedir-server', '--libdir'];
  const [version = '', include = '', server = '', libraries = ''] = await Promise.all(
    options.map((option) =>
      run(config, [option]).then(
        ({ stdout }) => stdout.trim(),
        () => Promise.reject(new MissingError(missing)),
      ),
    ),
  );
  const target = join(cacheDirectory(), `libpq-pipeline-${version.replace(/[^\w.]+/g, '-')}`);
  const program = join(target, 'libpq_pipeline');
  const built = await access(program).then(
    () => true,
    () => false,
  );
  if (built) return { program, traces };
  await mkdir(target, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  const libraryDirectory = `/usr/lib/postgresql/${major}/lib`;
  await run('cc', [
    ...['-O1', '-w', `-I${include}`, `-I${include}/internal`, `-I${server}`, '-o', unfinished],
    join(directory, 'libpq_pipeline.c'),
    ...[`-L${libraries}`, `-L${libraryDirectory}`, '-lpq', '-lpgcommon', '-lpgport', '-lm'],
  ]).catch((error: unknown) => {
    throw new MissingError(`${missing}: ${String((error as { stderr?: string }).stderr).slice(0, 300)}`);
  });
  await rename(unfinished, program);
  return { program, traces };
}
