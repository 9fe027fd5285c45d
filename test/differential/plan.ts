/**
 * Plans compared as text, less what a subquery in place of a table changes and no user can feel: column prefixes that appear
 * because there are two range-table entries, and the numbering of generated aliases.
 */

/** Quoted literals are kept apart: a dot inside one is data. */
const TOKEN =
  /'(?:[^']|'')*'|(?:"(?:[^"]|"")*"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)\.(?=["A-Za-z_\u0080-\uffff])|(?<=\w)_\d+\b/g;

export function normalisePlan(lines: readonly string[]): readonly string[] {
  return lines.map((line) =>
    line
      .replace(TOKEN, (token) => (token.startsWith("'") ? token : ''))
      // "on customers c" and "on customers customers" name the same scan.
      .replace(/( on \S+) \S+(?=$)/, '$1')
      // One pair of parentheses round a lone condition comes and goes with the wrapping.
      .replace(/\(\(([^()]*)\)\)/g, '($1)'),
  );
}

/** The scan and join node names in order, for asserting that an index is still used. */
export function planNodes(lines: readonly string[]): readonly string[] {
  return lines
    .map((line) => line.replace(/^\s*(->)?\s*/, ''))
    .filter(
      (line) =>
        !line.includes(':') &&
        /^(Seq Scan|Index|Bitmap|Nested Loop|Hash|Merge|Sort|Limit|Aggregate|Group|Subquery Scan|CTE Scan|Append|Unique|WindowAgg|LockRows|Result|Gather|Materialize|Memoize)/.test(
          line,
        ),
    )
    .map((line) => line.replace(/ (using|on) .*$/, '').trim());
}
