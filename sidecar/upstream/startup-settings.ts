/**
 * Which settings go into the StartupMessage upstream. It is written from scratch: ours first, then those of the client's that SET
 * would let it change. The others are left out: with SET the client would be told why.
 */
import { type Denial, denial } from '../../core/errors/denial.ts';
import { isOpenSetting, isSettable } from '../../core/sql/names/settings.ts';

/** Settings whose names the server reports in another spelling. */
const SPELLINGS: ReadonlyMap<string, string> = new Map(
  ['DateStyle', 'IntervalStyle', 'TimeZone'].map((name) => [name.toLowerCase(), name]),
);

export interface AdmittedSettings {
  readonly passed: readonly (readonly [name: string, value: string])[];
  /** What the client calls itself: a claim, recorded. Passed on only where nothing is governed. */
  readonly applicationName?: string;
  /** As given; the session must set it the way it would judge `SET search_path`. */
  readonly searchPath?: string;
  /** Names that were asked for and are not passed on. */
  readonly ignored: readonly string[];
  readonly refused?: Denial;
}

/**
 * `settings`: StartupMessage.settings. An encoding other than UTF-8 is refused: statements are read as UTF-8. `transparent`:
 * nothing is governed, so the session is the client's own in name and in every setting that is not pinned.
 */
export function admitClientSettings(settings: ReadonlyMap<string, string>, transparent = false): AdmittedSettings {
  const passed: (readonly [string, string])[] = [];
  const ignored: string[] = [];
  let refused: Denial | undefined;
  for (const [name, value] of settings) {
    if (name === 'client_encoding') {
      if (!/^\s*'?(?:utf-?8|unicode|auto)'?\s*$/i.test(value)) {
        refused = denial('SLUICE-205', 'only client_encoding UTF8 is supported', {
          sqlstate: '0A000',
          hint: 'Connect with client_encoding=UTF8.',
        });
      }
    } else if (name === 'standard_conforming_strings') {
      if (!/^\s*(?:on|true|yes|1)\s*$/i.test(value))
        refused = denial('SLUICE-205', 'standard_conforming_strings cannot be switched off');
    } else if (name === 'application_name' || name === 'search_path') continue;
    else if (isSettable(name, value) || (transparent && isOpenSetting(name))) passed.push([SPELLINGS.get(name) ?? name, value]);
    else ignored.push(name);
  }
  if (transparent) passed.push(['application_name', settings.get('application_name') ?? '']);
  const applicationName = settings.get('application_name');
  const searchPath = settings.get('search_path');
  return {
    passed,
    ignored,
    ...(applicationName === undefined ? {} : { applicationName }),
    ...(searchPath === undefined ? {} : { searchPath }),
    ...(refused === undefined ? {} : { refused }),
  };
}

/**
 * The whole list for the StartupMessage, without user and database. `ours` wins over the client's of the same name; the session is
 * called `applicationName` unless a name was passed on.
 */
export function upstreamSettings(
  applicationName: string,
  passed: readonly (readonly [string, string])[],
  ours: readonly (readonly [string, string])[] = [],
): readonly (readonly [name: string, value: string])[] {
  const settings = new Map<string, readonly [string, string]>();
  const required = [
    ['client_encoding', 'UTF8'],
    ['standard_conforming_strings', 'on'],
  ] as const;
  const named = ['application_name', printable(applicationName)] as const;
  for (const [name, value] of [named, ...passed, ...ours, ...required]) settings.set(name.toLowerCase(), [name, value]);
  return [...settings.values()];
}

/** The server replaces everything but printable ASCII and cuts at 63 bytes; doing it here keeps what the server reports equal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 63);
}
