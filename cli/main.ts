/** The `sluice` command. Exit codes: 0 done, 1 failure, 2 usage, 3 a negative answer (denied, not valid). */
import { Command, CommanderError } from 'commander';
import { CliError } from './errors.ts';
import { VERSION } from '../core/version.ts';

// bin/kubectl-sluice calls it so.
const isPlugin = process.argv[2] === 'kubectl';
const program = isPlugin ? (await import('./kubectl/command.ts')).kubectlProgram() : await sluiceProgram();
program.showHelpAfterError('(add --help for the options)').showSuggestionAfterError().exitOverride();

// `… | head`: whoever reads no more has what they wanted. The proxy goes on: its clients are elsewhere.
if (process.argv[2] !== 'proxy') {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

try {
  for (const command of program.commands) inherit(command);
  await program.parseAsync(isPlugin ? process.argv.toSpliced(2, 1) : process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version are answers, not errors; everything else commander throws is a usage mistake it has printed already.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof CliError) {
    process.stderr.write(`sluice: ${error.message}\n`);
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(
      `sluice: unexpected failure: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  }
}

/** Subcommands made elsewhere do not inherit these settings by themselves. */
function inherit(command: Command): void {
  command.copyInheritedSettings(program).exitOverride().showHelpAfterError('(add --help for the options)');
  for (const inner of command.commands) inherit(inner);
}

// Each command's code is loaded only when it runs: the proxy must not wait for the demo's dependencies.
async function sluiceProgram(): Promise<Command> {
  const sluice = new Command('sluice')
    .description('Identity-aware PostgreSQL access: least privilege, masking and a verifiable audit trail, on localhost.')
    .version(VERSION, '-V, --version', 'print the version')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 3 a negative answer (denied, refused, not valid), 2 usage, 1 failure.\nIn a cluster: kubectl sluice --help (bin/kubectl-sluice on the PATH).',
    );
  sluice.addCommand((await import('./proxy/command.ts')).proxyCommand());
  sluice.addCommand((await import('./check/command.ts')).checkCommand());
  sluice.addCommand((await import('./classify/command.ts')).classifyCommand());
  sluice.addCommand((await import('./audit/command.ts')).auditCommand());
  sluice.addCommand((await import('./inject/command.ts')).injectCommand());
  sluice.addCommand((await import('./demo/command.ts')).demoCommand());
  sluice
    .command('version')
    .description('print the version')
    .option('-o, --output <format>', 'text or json', 'text')
    .action((options: { output: string }) => {
      const text =
        options.output === 'json'
          ? JSON.stringify({ version: VERSION, node: process.version })
          : `sluice ${VERSION} (node ${process.version})`;
      process.stdout.write(`${text}\n`);
    });
  return sluice;
}
