/** The licence texts that must go along with what is bundled. */
import type { BundledPackage } from './packages.ts';
import { vendoredIn } from './vendored.ts';

const RULE = '-'.repeat(78);

export function notices(packages: readonly BundledPackage[]): string {
  const entries = packages.flatMap((each) => [
    [`${each.name} ${each.version} (${each.license})`, ...(each.licenseTexts.length > 0 ? each.licenseTexts : [nameOnly(each)])],
    ...vendoredIn(each.name).map(({ name, license, text }) => [`${name}, in ${each.name} (${license})`, text]),
  ]);
  return `This program contains the following packages.\n\n${RULE}\n${entries.map((entry) => entry.join('\n\n')).join(`\n\n${RULE}\n`)}\n`;
}

/** What there is to say where the package itself says no more than its licence's name. */
function nameOnly({ author, license }: BundledPackage): string {
  const by = author === undefined ? '' : `By ${author}. `;
  return `${by}The package has no licence text of its own; that of ${license}: https://spdx.org/licenses/${license}.html`;
}
