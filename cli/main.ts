/** The `sluice` command. Exit codes: 0 done, 1 failure, 2 usage, 3 a negative answer (denied, not valid). */
import { Command, CommanderError } from 'commander';
import { CliError } from './errors.ts';
import { VERSION } from '../core/version.ts';

const program = new Command('sluice')
  .description('Identity-aware PostgreSQL access: least privilege, masking and a verifiable audit trail, on localhost.')
  .version(VERSION, '-V, --version', 'print the version')
  .showHelpAfterError('(add --help for the options)')
  .showSuggestionAfterError()
  .exitOverride();

// Each command's code is loaded only when it runs: the proxy must not wait for the demo's dependencies.
program.addCommand((await import('./proxy/command.ts')).proxyCommand());
program.addCommand((await import('./check/command.ts')).checkCommand());
program.addCommand((await import('./classify/command.ts')).classifyCommand());
program.addCommand((await import('./audit/command.ts')).auditCommand());
program.addCommand((await import('./inject/command.ts')).injectCommand());
program.addCommand((await import('./demo/command.ts')).demoCommand());
program
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

try {
  for (const command of program.commands) inherit(command);
  await program.parseAsync(process.argv);
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
