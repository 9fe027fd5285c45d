/** Logins and authorities that have become others, noted by the holder of the Lease. No secret and no digest of one is in a record. */
import { X509Certificate } from 'node:crypto';
import type { Authority } from '../certs/authority.ts';
import type { Leadership } from '../leader/leadership.ts';
import type { Materials } from '../materials/materials.ts';
import type { AdminLog } from './admin-log.ts';

export interface RotationOptions {
  readonly materials: Pick<Materials, 'of' | 'onChange'>;
  readonly authorities: Readonly<Record<string, Pick<Authority, 'onTrusted'>>>;
  readonly leadership: Pick<Leadership, 'isLeader'>;
  readonly admin: AdminLog;
}

export function noteRotations({ materials, authorities, leadership, admin }: RotationOptions): void {
  const logins = new Map<string, string>();
  materials.onChange((key) => {
    const login = materials.of(key)?.login();
    if (login === undefined) return;
    const now = JSON.stringify([login.username, login.password]);
    const before = logins.get(key);
    logins.set(key, now);
    if (before === undefined || before === now || !leadership.isLeader) return;
    admin.note({ action: 'credentials-changed', object: `Database ${key}`, detail: { username: login.username } });
  });
  for (const [name, authority] of Object.entries(authorities)) {
    authority.onTrusted((trusted) => {
      if (!leadership.isLeader) return;
      const fingerprints = trusted.map((pem) => new X509Certificate(pem).fingerprint256).join(' ');
      admin.note({ action: 'authority-changed', object: `authority of the ${name}`, detail: { fingerprints } });
    });
  }
}
