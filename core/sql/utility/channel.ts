/** LISTEN, UNLISTEN and NOTIFY: by channel, as the policy's `session` grants them. */
import { denial } from '../../errors/denial.ts';
import type { StatementContext } from '../context.ts';
import { displayName } from '../names/hints.ts';

export function analyseListen(context: StatementContext, channel: string): undefined {
  context.kind = 'listen';
  requireChannel(context, 'LISTEN', 'listen', channel);
}

export function analyseUnlisten(context: StatementContext): undefined {
  context.kind = 'unlisten';
}

export function analyseNotify(context: StatementContext, channel: string): undefined {
  context.kind = 'notify';
  requireChannel(context, 'NOTIFY', 'notify', channel);
}

function requireChannel(context: StatementContext, statement: string, grant: 'listen' | 'notify', channel: string): undefined {
  const granted = context.bundle.session[grant];
  if (granted.includes(channel) || granted.includes('*')) return;
  context.refuse(
    denial('SLUICE-209', `${statement} on channel ${displayName(channel)} is not granted.`, {
      detail: `session.${grant} of the policies lists the channels.`,
      hint:
        granted.length === 0
          ? `No channel is granted for ${statement}.`
          : `Granted: ${granted.map((name) => displayName(name)).join(', ')}.`,
    }),
  );
}
