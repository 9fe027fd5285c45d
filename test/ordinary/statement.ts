/** The form of the ordinary corpus: what applications and ORMs send all day, and what must simply work. */

export interface Statement {
  readonly group: string;
  /** The steps of one script; mostly one. */
  readonly steps: readonly string[];
  /** For the last step, in text format; it then travels as an extended query only. */
  readonly parameters?: readonly (string | null)[];
  /** Run in a transaction that is rolled back. */
  readonly writes: boolean;
  /** Whether the restrictive policy allows it; everything is run under the allow-all one. */
  readonly restricted: boolean;
}

type Entry =
  | string
  | readonly string[]
  | { readonly sql: string | readonly string[]; readonly parameters?: readonly (string | null)[]; readonly restricted?: boolean };

export function statements(
  group: string,
  entries: readonly Entry[],
  options: { readonly writes?: boolean } = {},
): readonly Statement[] {
  return entries.map((entry) => {
    const full =
      typeof entry === 'string'
        ? { sql: [entry] }
        : Array.isArray(entry)
          ? { sql: entry as readonly string[] }
          : (entry as Exclude<Entry, string | readonly string[]>);
    return {
      group,
      steps: typeof full.sql === 'string' ? [full.sql] : full.sql,
      writes: options.writes ?? false,
      restricted: ('restricted' in full ? full.restricted : undefined) ?? true,
      ...('parameters' in full && full.parameters !== undefined ? { parameters: full.parameters } : {}),
    };
  });
}
