/**
 * A review as one HTML file: no script, nothing loaded from anywhere, and a policy that says so to the browser, so that a name which got past the
 * escaping could still do nothing.
 */
import { hash } from 'node:crypto';
import type { Section } from '../../../core/audit/questions/access-review.ts';
import { htmlText } from '../query/neutral.ts';
import { isBadChain } from './chains.ts';
import { cellText, MOST_ROWS, type Page, periodText, shownColumns } from './page.ts';

const STYLE = `
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 110rem; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
p { max-width: 60rem; color: #4a525c; }
div.scroll { overflow-x: auto; }
table { border-collapse: collapse; } th, td { border: 1px solid #d5dae0; padding: .25rem .5rem; text-align: left; vertical-align: top; }
th { background: #f2f4f6; font-weight: 600; } td.right { text-align: right; font-variant-numeric: tabular-nums; }
td { max-width: 34rem; overflow-wrap: anywhere; } tr.bad td { background: #fdecea; }
`;
const POLICY = `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; form-action 'none'`;

export function htmlPage(page: Page): string {
  const remarks = page.remarks.map((remark) => `<li>${htmlText(remark)}</li>`).join('');
  const summary = page.summary.map(([name, value]) => `<tr><th>${htmlText(name)}</th><td class="right">${value}</td></tr>`);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<title>Access review</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Access review</h1>
<p>${htmlText(periodText(page))}. Read from ${page.sources.map(htmlText).join(', ')}.</p>
${remarks === '' ? '' : `<ul>${remarks}</ul>\n`}<table>${summary.join('')}</table>
${page.sections.map(section).join('\n')}
</body>
</html>
`;
}

function section(given: Section): string {
  const { id, title, note, rows } = given;
  const head = `<h2 id="${htmlText(id)}">${htmlText(title)}</h2>\n<p>${htmlText(note)}</p>`;
  if (rows.length === 0) return `${head}\n<p>Nothing.</p>`;
  const columns = shownColumns(given);
  const heads = columns.map(({ title: name }) => `<th>${htmlText(name.toLowerCase())}</th>`).join('');
  const lines = rows.slice(0, MOST_ROWS).map((row) => {
    const cells = columns.map(
      ({ key, right }) => `<td${right === true ? ' class="right"' : ''}>${htmlText(cellText(row[key]))}</td>`,
    );
    const bad = id === 'chains' && isBadChain(row);
    return `<tr${bad ? ' class="bad"' : ''}>${cells.join('')}</tr>`;
  });
  const more = rows.length - lines.length;
  const table = `<div class="scroll"><table><thead><tr>${heads}</tr></thead><tbody>\n${lines.join('\n')}\n</tbody></table></div>`;
  return `${head}\n${table}${more === 0 ? '' : `\n<p>${more} more rows are in the JSON.</p>`}`;
}
