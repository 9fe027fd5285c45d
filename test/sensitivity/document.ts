/** docs/reference/detection.md, from a measurement. */
import { figures, misses } from './evaluate.ts';
import { SETS, type SetName } from './labels.ts';
import type { Large } from './large.ts';
import type { Measured } from './measure.ts';
import { markdown, missLines, together } from './report.ts';

export interface Findings {
  readonly measured: readonly Measured[];
  readonly baseline: readonly Measured[];
  readonly large: Large;
  readonly seed: number;
  /** List what was judged otherwise than labelled. */
  readonly misses: boolean;
}

const TITLES: Readonly<Record<SetName, string>> = { tune: 'The set that rules are tuned on', untouched: 'The untouched set' };
/** Of each class, the document lists no more. */
const LISTED = 20;

export function document(findings: Findings): string {
  const { large } = findings;
  return `# How well detection finds what is sensitive

<!-- Written by \`npm run detection -- --write\`; do not edit. -->

Every column of ${findings.measured.length} schemas is labelled by what it means, with one class or \`none\`; the untouched set was labelled before any rule of detection was written, and so was most of
the other (seven schemas were added to it later, so that it has more of the rare classes and of the tables of login services). The rules for what is debatable are in [test/sensitivity/labels](../../test/sensitivity/labels/README.md). The schemas are loaded into a real PostgreSQL 18 with generated values (seed ${findings.seed}), detection scans each
over one connection as it does in the proxy, and its verdicts are compared with the labels.

There are two sets. Rules are tuned on one. The other was not looked at while rules were written, and has other schemas, other languages and people of other countries: **its figures
are the ones that count.** Whole schemas are in one set only. English occurs in both, with other countries' people and other sentences; a table of \`opaque_eu\` has column names in
the other set's languages.

- *recall*: of the columns with that label, how many got exactly that class. *other class*: sensitive and masked, but as something else. *missed*: shown in clear.
- *precision*: of the columns that got that class, how many have that label. *without need*: how many of them are labelled \`none\`.

${[...SETS]
  .reverse()
  .map((set) => section(set, findings))
  .join('\n')}
## What a scan costs

| schema | tables | columns | rows in it | time | queries | rows read | bytes read |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| generated, ten tables of 100,000 rows | ${large.tables} | ${large.columns} | ${large.rows.toLocaleString('en')} | ${(large.cost.milliseconds / 1000).toFixed(1)} s | ${large.cost.queries} | ${large.cost.rows.toLocaleString('en')} | ${(large.cost.bytes / 1_048_576).toFixed(1)} MiB |
${findings.measured.map(costRow).join('\n')}

## What these figures do not say

- Values are generated, also those of foreign schemas: nobody's real data may be here. Half of the text columns have a few blanks, dashes and "n/a"; real data is dirtier. Names, towns and addresses come from faker's lists of each country, numbers
  have the check digits that their issuers publish, prose is composed of sentences written for the purpose.
- One person's reading of what a column means is in the labels; another officer would draw some lines elsewhere (handles, towns, device ids, amounts).
- Many foreign columns that are not sensitive hold simple words and numbers, which makes precision look better than it would be on a busy database; schemas written for this measurement
  hold traps on purpose (counters named after e-mails, order numbers that pass a card's check digit, versions that look like addresses), which makes it look worse.
- A column counts as one class. That the right class of two plausible ones was missed costs no protection.
`;
}

function section(set: SetName, findings: Findings): string {
  const measured = findings.measured.filter(({ schema }) => schema.set === set);
  const judged = measured.flatMap((each) => each.judged);
  const plainNames = figures(findings.baseline.filter(({ schema }) => schema.set === set).flatMap((each) => each.judged));
  const rows = measured.map(({ schema, judged: own }) => {
    const tables = new Set(schema.labels.map(({ table }) => table)).size;
    const { protection, needless } = figures(own);
    const shielded = Math.round(protection.recall * protection.labelled);
    return `| ${schema.name} | ${tables} | ${own.length} | ${protection.labelled} | ${shielded} | ${needless.columns} | ${schema.locale} | ${schema.source} |`;
  });
  return `## ${TITLES[set]}

${markdown(figures(judged))}

For comparison, a dozen English words looked for in column names: ${together(plainNames)[0]}; ${together(plainNames)[1]}.

| schema | tables | columns | sensitive | protected | without need | people of | source |
| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |
${rows.join('\n')}
${findings.misses ? listed(set, measured) : ''}`;
}

function listed(set: SetName, measured: readonly Measured[]): string {
  const wrong = misses(measured.flatMap((each) => each.judged));
  const classes = [...new Set(wrong.map(({ expected }) => expected))];
  const blocks = classes.map((name) => {
    const own = wrong.filter(({ expected }) => expected === name);
    const more = own.length > LISTED ? [`(and ${own.length - LISTED} more)`] : [];
    return [...missLines(own).slice(0, LISTED), ...more].join('\n');
  });
  return `
### Judged otherwise than labelled (${set})

\`\`\`text
${blocks.join('\n\n')}
\`\`\`
`;
}

function costRow({ schema, rows, cost }: Measured): string {
  const tables = new Set(schema.labels.map(({ table }) => table)).size;
  return `| ${schema.name} | ${tables} | ${schema.labels.length} | ${rows.toLocaleString('en')} | ${(cost.milliseconds / 1000).toFixed(1)} s | ${cost.queries} | ${cost.rows.toLocaleString('en')} | ${(cost.bytes / 1_048_576).toFixed(1)} MiB |`;
}
