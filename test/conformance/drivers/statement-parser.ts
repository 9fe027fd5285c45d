/** Statements to trees, for the floors. What the grammar rejects has none. */
import { loadModule, parseSync } from 'libpg-query';

export async function createParser(): Promise<(sql: string) => readonly unknown[]> {
  await loadModule();
  return (sql) => {
    try {
      return (parseSync(sql) as { readonly stmts?: readonly { readonly stmt: unknown }[] }).stmts?.map(({ stmt }) => stmt) ?? [];
    } catch {
      return [];
    }
  };
}
