/** When certificates end, for whoever is to be woken before. */
import { Gauge, type Registry } from 'prom-client';

/** `certificate`: webhook, webhook-ca, stream, stream-ca. One for all authorities of a process. */
export function certificateExpiryGauge(registry: Registry): Gauge<'certificate'> {
  return new Gauge({
    name: 'sluice_operator_certificate_expiry_timestamp_seconds',
    help: 'End of validity of a certificate that this replica uses, in seconds since the epoch',
    labelNames: ['certificate'],
    registers: [registry],
  });
}
