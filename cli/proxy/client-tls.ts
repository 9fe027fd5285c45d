/** `--tls`: off, self-signed (the authority's certificate goes to a file), or a certificate and key in PEM files. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { CliError } from '../errors.ts';

export interface ClientTlsOptions {
  readonly tls: string;
  readonly tlsCa?: string;
}

const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1'];

/** Undefined: clients are told that there is no TLS. Throws CliError. */
export async function clientTls(options: ClientTlsOptions): Promise<(() => SecureContext) | undefined> {
  if (options.tlsCa !== undefined && options.tls !== 'self-signed')
    throw new CliError('--tls-ca belongs to --tls self-signed', 2);
  if (options.tls === 'off') return undefined;
  if (options.tls === 'self-signed') {
    const { makeLocalCertificate } = await import('../../sidecar/listen/local-certificate.ts');
    const { certificate, key, authority } = await makeLocalCertificate(LOCAL_NAMES, Date.now());
    if (options.tlsCa !== undefined) attempt(`cannot write ${options.tlsCa}`, () => writeFileSync(options.tlsCa!, authority));
    const context = secure(certificate, key);
    return () => context;
  }
  const [certificateFile, keyFile, ...more] = options.tls.split(',');
  if (certificateFile === undefined || keyFile === undefined || more.length > 0) {
    throw new CliError(`--tls wants off, self-signed, or CERTIFICATE.pem,KEY.pem, not "${options.tls}"`, 2);
  }
  const read = (file: string): string => attempt(`cannot read ${file}`, () => readFileSync(file, 'utf8'));
  const context = attempt(`${certificateFile} and ${keyFile} are not a certificate and its key in PEM`, () =>
    secure(read(certificateFile), read(keyFile)),
  );
  return () => context;
}

function secure(cert: string, key: string): SecureContext {
  return createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
}

function attempt<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${what}: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}`, 1, { cause: error });
  }
}
