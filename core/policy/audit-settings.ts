/** What of Database.spec.audit a bundle holds: recipients in whom nobody could ever open anything are left out, and said. */
import type { Database } from '../../crds/database.ts';
import { isRecipient } from '../audit/recipients.ts';
import { objectName } from './bind.ts';
import type { AuditSettings } from './bundle.ts';
import type { Diagnostic } from './diagnostic.ts';

export interface AuditReading {
  readonly settings: AuditSettings;
  readonly diagnostics: readonly Diagnostic[];
}

export function readAudit(database: Database): AuditReading {
  const { recipients, ...audit } = database.spec.audit;
  if (recipients === undefined) return { settings: audit, diagnostics: [] };
  const diagnostics = recipients.flatMap((recipient, index): Diagnostic[] => {
    if (isRecipient(recipient)) return [];
    const message = `${recipient} is not a recipient of age: its checksum is wrong, so a letter of it is; nothing is sealed to it`;
    const path = `spec.audit.recipients[${index}]`;
    return [{ severity: 'error', reason: 'InvalidRecipient', object: objectName(database), path, message }];
  });
  return { settings: { ...audit, recipients: recipients.filter(isRecipient) }, diagnostics };
}
