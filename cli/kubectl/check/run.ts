/** `kubectl sluice check`: from the API server outwards to the pods. */
import type { Writable } from 'node:stream';
import { VERSION } from '../../../core/version.ts';
import { type ClusterOptions, withCluster } from '../cluster.ts';
import type { InstallationOptions } from '../installation.ts';
import { gather } from './gather.ts';
import { checkAdmissionPolicies, checkCrds, checkKubernetes, checkOperator, checkWebhook } from './installation-checks.ts';
import { checkObjects, checkPods } from './object-checks.ts';
import { asJson, asText, worst } from './print.ts';

export interface CheckOptions extends ClusterOptions, InstallationOptions {
  readonly output: 'text' | 'json';
}

/** The exit code: 0 unless something is broken, 3 then. Throws CliError. */
export function runCheck(options: CheckOptions, out: Writable, now: () => number): Promise<number> {
  return withCluster(options, async ({ api, namespace, namespaceGiven }) => {
    const gathered = await gather(api, options, namespaceGiven ? namespace : undefined);
    const kubernetes = checkKubernetes(gathered);
    const results =
      gathered.version.value === undefined
        ? kubernetes
        : [
            ...kubernetes,
            ...checkCrds(gathered),
            ...checkOperator(gathered, now(), VERSION),
            ...(gathered.installation === undefined
              ? []
              : [...checkWebhook(gathered, now()), ...checkAdmissionPolicies(gathered)]),
            ...(gathered.crds.every(({ answer }) => answer.problem?.kind === 'missing') ? [] : checkObjects(gathered)),
            ...checkPods(gathered),
          ];
    out.write(options.output === 'json' ? asJson(results) : asText(results));
    return worst(results) === 'failed' ? 3 : 0;
  });
}
