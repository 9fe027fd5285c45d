/** `sluice demo`: the whole story on a real PostgreSQL, from a checkout. */
import { Command } from 'commander';
import { CliError } from '../errors.ts';

export function demoCommand(): Command {
  return new Command('demo')
    .description('watch an agent work, misbehave and be stopped, on a real PostgreSQL on this machine')
    .option('--keep', 'leave the database and the proxy running afterwards, and say how to connect')
    .option('--pace <seconds>', "pause between the agent's statements", seconds, 0)
    .addHelpText('after', '\nExit codes: 0 done, 2 usage, 1 failure.')
    .action(async (options: { keep?: boolean; pace: number }) => {
      const { tellStory } = await import('./story.ts');
      await tellStory({ keep: options.keep === true, pace: options.pace, out: process.stdout });
    });
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || value > 60) throw new CliError(`--pace wants 0 to 60 seconds, not "${text}"`, 2);
  return value;
}
