/**
 * Catalog functions that read or change the session: settings, notifications, advisory locks. Names they take must be literals,
 * because what they name decides whether they are allowed.
 */
import type { Node } from '@pgsql/types';
import { type DenialDetails, denial, DenialError } from '../../errors/denial.ts';
import { argumentGuard } from '../introspect/guards.ts';
import { visibleTo } from '../introspect/visible.ts';
import { displayName } from './hints.ts';
import type { ArgumentGuard } from './functions.ts';
import { stringLiteral } from './literals.ts';
import { type NameContext, placeOf } from './name-context.ts';
import { isOpenSetting, isReadableSetting, isSettable, settingRule } from './settings.ts';

const ADVISORY = /^pg_(?:try_)?advisory_/;

export function isSessionFunction(name: string): boolean {
  return (
    name === 'current_setting' ||
    name === 'set_config' ||
    name === 'pg_notify' ||
    name === 'pg_settings_get_flags' ||
    ADVISORY.test(name)
  );
}

/** @throws DenialError SLUICE-205, SLUICE-209 */
export function checkSessionFunction(
  context: NameContext,
  name: string,
  args: readonly Node[],
  located: DenialDetails,
): readonly ArgumentGuard[] {
  if (name === 'pg_notify') notify(context, args, located);
  else if (ADVISORY.test(name)) advisory(context, name, located);
  else if (name === 'set_config') setConfig(context, args, located);
  else return readSetting(context, name, args, located);
  return [];
}

/** @throws DenialError SLUICE-205 when the setting is ours or the machine's. */
function checkReadableSetting(name: string, located: DenialDetails = {}): void {
  if (isReadableSetting(name)) return;
  throw new DenialError(
    denial('SLUICE-205', `Setting ${displayName(name)} is not readable here.`, { rule: 'floor', ...located }),
  );
}

function readSetting(
  context: NameContext,
  name: string,
  args: readonly Node[],
  located: DenialDetails,
): readonly ArgumentGuard[] {
  const literal = stringLiteral(args[0]);
  if (literal !== undefined) {
    if (literal.location !== undefined) context.pinLiteral(literal.location);
    checkReadableSetting(literal.value, located);
    return [];
  }
  if (visibleTo(context.bundle, context.catalog).all && !context.bundle.usesMaskKey) return [];
  const guard =
    name === 'current_setting'
      ? argumentGuard(context.bundle, context.catalog, 'setting', placeOf(context, located.location))
      : undefined;
  if (guard === undefined)
    throw new DenialError(denial('SLUICE-205', `${name}() needs the setting's name as a literal here.`, located));
  return [{ argument: 0, ...guard }];
}

function setConfig(context: NameContext, args: readonly Node[], located: DenialDetails): void {
  const setting = stringLiteral(args[0]);
  const value = stringLiteral(args[1]);
  if (setting?.location !== undefined) context.pinLiteral(setting.location);
  if (value?.location !== undefined) context.pinLiteral(value.location);
  const rule = setting === undefined ? undefined : settingRule(setting.value);
  const settled = setting !== undefined && rule !== undefined && rule !== 'path' && rule !== 'timeout';
  if (settled && (rule === 'any' || (value !== undefined && isSettable(setting.value, value.value)))) return;
  if (setting !== undefined && context.bundle.transparent && isOpenSetting(setting.value)) return;
  const shown = setting === undefined ? 'a setting whose name is computed' : displayName(setting.value);
  throw new DenialError(
    denial('SLUICE-205', `set_config() of ${shown} is not granted.`, {
      hint:
        rule === 'path' || rule === 'timeout'
          ? `Use SET ${setting?.value ?? ''} = … as a statement of its own.`
          : 'Name the setting and its value as literals; settings that change how statements are read or who acts are pinned.',
      rule: 'floor',
      ...located,
    }),
  );
}

function notify(context: NameContext, args: readonly Node[], located: DenialDetails): void {
  const channel = stringLiteral(args[0]);
  if (channel?.location !== undefined) context.pinLiteral(channel.location);
  const granted = context.bundle.session.notify;
  if (granted.includes('*') || (channel !== undefined && granted.includes(channel.value)) || context.bundle.allowAll) return;
  context.refuse(
    denial(
      'SLUICE-209',
      channel === undefined
        ? 'pg_notify() needs its channel as a literal here.'
        : `Notifying channel ${displayName(channel.value)} is not granted.`,
      {
        hint:
          granted.length === 0
            ? 'No channel is granted (session.notify).'
            : `Granted: ${granted.map((name) => displayName(name)).join(', ')}.`,
        ...located,
      },
    ),
  );
}

function advisory(context: NameContext, name: string, located: DenialDetails): void {
  if (context.bundle.session.advisoryLocks || context.bundle.allowAll) return;
  context.refuse(
    denial('SLUICE-209', `Advisory locks are not granted (${name}).`, {
      hint: 'A policy grants them with session.advisoryLocks; SELECT … FOR UPDATE locks rows.',
      ...located,
    }),
  );
}
