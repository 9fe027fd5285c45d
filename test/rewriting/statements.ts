/** Reads a file of statements: those that end with a semicolon at the end of a line; lines that start with `-- ` between them are headings. */
import { readFile } from 'node:fs/promises';

/** The statements in order, without their semicolons. */
export async function readStatements(url: URL): Promise<readonly string[]> {
  const text = await readFile(url, 'utf8');
  return text
    .split(/;\n/)
    .map((part) => part.replace(/^(?:\s*-- .*\n)+/, '').trim())
    .filter((part) => part !== '');
}
