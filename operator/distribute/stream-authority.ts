/** What the stream server wants to know of certificates, from the authority that all replicas share (operator/certs). */
import type { SecureContextOptions } from 'node:tls';
import type { Authority } from '../certs/authority.ts';
import type { StreamServerOptions } from './stream-server.ts';

/** To be used once `authority.ready` has resolved: a server that shows no certificate serves nobody. */
export function streamCertificates(
  authority: Authority,
): Pick<StreamServerOptions, 'certificate' | 'onCertificate' | 'authorities'> {
  return {
    certificate: (): SecureContextOptions => {
      const { leaf } = authority;
      return leaf === undefined ? {} : { cert: leaf.certificate, key: leaf.key };
    },
    onCertificate: (listener) => authority.onLeaf(() => listener()),
    authorities: { current: () => authority.trusted, onChange: (listener) => authority.onTrusted(() => listener()) },
  };
}
