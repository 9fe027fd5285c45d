/** The licence texts that must go along with what is bundled. */
import type { BundledPackage } from './packages.ts';

const RULE = '-'.repeat(78);

export function notices(packages: readonly BundledPackage[]): string {
  const entries = packages.map(({ name, version, license, licenseTexts }) =>
    [`${name} ${version} (${license})`, ...licenseTexts].join('\n\n'),
  );
  return `This program contains the following packages.\n\n${RULE}\n${entries.join(`\n\n${RULE}\n`)}\n`;
}
