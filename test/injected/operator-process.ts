/**
 * Test support: an operator in a process of its own, that can be killed: the stream server and the reception as they are, with the embedded store,
 * over a cluster in memory. What it is told stands in OPERATOR_PROCESS.
 */
import { systemClock } from '../../sidecar/bundle/clock.ts';
import type { AuditStore } from '../../core/audit/store.ts';
import { EmbeddedStore } from '../../operator/audit/store/embedded-store.ts';
import { PostgresStore } from '../../operator/audit/store/postgres-store.ts';
import type { TestMaterials } from '../stream/cluster.ts';
import { MemoryDigestKeys, MemoryIdentity, MemoryMaterials, MemoryView } from '../stream/cluster.ts';
import { startOperator } from '../stream/operator.ts';

/** Where records are: the embedded store's directory, or a database. */
export type KeptIn =
  | { readonly directory: string }
  | { readonly host: string; readonly port: number; readonly database: string; readonly user: string; readonly password: string };

export function openStore(kept: KeptIn): AuditStore {
  if ('directory' in kept)
    return new EmbeddedStore({ ...kept, size: 1024 ** 3, whenFull: 'Refuse', clock: systemClock, log: () => {} });
  return new PostgresStore({ config: async () => ({ ...kept }), manageSchema: true, clock: systemClock });
}

export interface OperatorProcessSettings {
  readonly port: number;
  readonly store: KeptIn;
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly authority: string;
  readonly documents: string;
  readonly database: string;
  readonly materials: TestMaterials;
  readonly token: string;
}

if (import.meta.main) {
  const settings = JSON.parse(process.env['OPERATOR_PROCESS'] ?? '') as OperatorProcessSettings;
  const cluster = {
    view: new MemoryView(),
    materials: new MemoryMaterials(),
    identity: new MemoryIdentity(),
    digestKeys: new MemoryDigestKeys(),
    authority: { certificate: settings.authority, issue: async () => settings.certificate },
  };
  cluster.identity.admit(settings.token, { expiresAt: Math.floor(Date.now() / 1000) + 24 * 3600 });
  cluster.view.apply(settings.documents);
  cluster.materials.set(settings.database, settings.materials);
  await startOperator(cluster, { port: settings.port, audit: openStore(settings.store) });
  process.stdout.write('listening\n');
}
