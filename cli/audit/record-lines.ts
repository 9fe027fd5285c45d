/** Records one after the other, as lines without newlines, as often as they are asked for. */
import { statSync } from 'node:fs';
import { segmentsOf } from '../../sidecar/journal/segmented-journal.ts';
import { CliError } from '../errors.ts';
import { eachLine } from './lines.ts';

export type RecordLines = (visit: (line: Buffer) => void) => Promise<void>;

/** Of files, and of directories of segments. Standard input can be read once only, so it is none of them. */
export function linesOfFiles(paths: readonly string[]): RecordLines {
  if (paths.includes('-')) throw new CliError('records are read twice, which standard input cannot be: give a file', 2);
  const files = paths.flatMap((path) => {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
    const segments = segmentsOf(path);
    if (segments.length === 0) throw new CliError(`there are no audit segments in ${path}`);
    return segments;
  });
  return async (visit) => {
    for (const file of files) await eachLine(file, visit);
  };
}
