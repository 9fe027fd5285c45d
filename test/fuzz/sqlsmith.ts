/** Statements from SQLsmith, which learns the schema from whatever server it is shown: shown a Sluice, it writes about what is granted. */
import { spawn } from 'node:child_process';
import { MissingError } from '../scoreboard/suite.ts';
import { hasProgram } from '../support/majors.ts';

export function requireSqlsmith(): void {
  if (!hasProgram('sqlsmith')) throw new MissingError('sqlsmith is not on the PATH (Debian: apt-get install sqlsmith)');
}

export interface SmithOptions {
  /** A libpq connection string. */
  readonly target: string;
  readonly seed: number;
  readonly queries: number;
  readonly catalogs: boolean;
  readonly say: (line: string) => void;
}

/** What was written until it was stopped counts; nothing, where the machine was too busy for it to learn the schema. */
export async function sqlsmith(options: SmithOptions): Promise<readonly string[]> {
  const program = spawn(
    'sqlsmith',
    [
      `--target=${options.target}`,
      '--dry-run',
      `--seed=${options.seed % 2_147_483_647}`,
      `--max-queries=${options.queries}`,
      ...(options.catalogs ? [] : ['--exclude-catalog']),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let written = '';
  let said = '';
  program.stdout.setEncoding('utf8').on('data', (text: string) => void (written += text));
  program.stderr.setEncoding('utf8').on('data', (text: string) => void (said += text));
  const late = setTimeout(() => program.kill('SIGKILL'), 60_000);
  await new Promise<void>((resolve, reject) => {
    program.once('error', reject);
    program.once('close', () => resolve());
  });
  clearTimeout(late);
  const statements = written
    .split(/;\n/)
    .map((sql) => quoted(sql.trim()))
    .filter((sql) => sql !== '' && sql.length < 12_000);
  if (statements.length === 0) options.say(`  sqlsmith wrote nothing: ${said.slice(-200)}`);
  return statements;
}

/** It does not quote names. */
function quoted(sql: string): string {
  return sql
    .replaceAll('Weird Schema.Customer Data', '"Weird Schema"."Customer Data"')
    .replaceAll(/\.(E-Mail|Id|select)\b/g, '."$1"')
    .replaceAll(/(?<=[(\s,])(E-Mail)\b/g, '"$1"');
}
