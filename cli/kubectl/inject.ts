/** `kubectl sluice inject`: what this cluster's webhook would make of pods, by its policies and the settings of its operator. */
import type { Writable } from 'node:stream';
import { CliError } from '../errors.ts';
import { injectFile, UNKNOWN_AUTHORITY } from '../inject/run.ts';
import { type ClusterOptions, withCluster } from './cluster.ts';
import { findInstallation, type InstallationOptions, readSettings, settingsMissing } from './installation.ts';
import { listGoverned } from './objects.ts';

export interface InjectOptions extends ClusterOptions, InstallationOptions {
  readonly file: string;
}

/** The exit code: 0 all well, 3 a pod is refused. Throws CliError. */
export function runInject(options: InjectOptions, out: Writable, err: Writable): Promise<number> {
  return withCluster(options, async ({ api, namespace }) => {
    const installation = await findInstallation(api, options);
    const settings = await readSettings(api, installation);
    if (settings === undefined) throw new CliError(settingsMissing(installation));
    const written = await Promise.all(settings.policyNamespaces.map((each) => listGoverned(api, each)));
    // The stream's authority stands in a Secret, which nobody needs to read for this.
    const serverName = `${settings.stream.serviceName}.${settings.namespace}.svc`;
    const operator = { address: `${serverName}:${settings.stream.port}`, serverName, ca: UNKNOWN_AUTHORITY };
    const context = {
      databases: written.flatMap((each) => each.databases),
      policies: written.flatMap((each) => each.policies),
      namespace,
      settings: { ...settings.injector, operator },
    };
    return injectFile(options.file, context, out, err);
  });
}
