/** `sluice audit report`. */
import type { Command } from 'commander';
import { localOrigin } from '../query/local.ts';
import { reportCommand } from './command.ts';

export function localReport(): Command {
  return reportCommand(
    localOrigin,
    ({ policy = [] }) => policy.length > 0,
    (paths, { store }) => (store === undefined ? paths : [withoutPassword(store)]),
  );
}

/** A review is passed on. */
function withoutPassword(store: string): string {
  if (!URL.canParse(store)) return store.replace(/:.*/s, ':…');
  const url = new URL(store);
  url.password = '';
  url.search = '';
  return url.href;
}
