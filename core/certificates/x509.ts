/** Certificates as we issue them, in the operator and in the sidecar: an authority that signs leafs directly, and leafs for servers (RFC 5280). ECDSA P-256. */
import 'reflect-metadata';
import { createPrivateKey, type KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate and its key, PEM (PKCS #8). */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Validity {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Of other machines' clocks, behind ours. */
export const CLOCK_SKEW = 5 * 60_000;

/** A self-signed authority whose leafs may not sign anything. Its subject is its own, so that two of one name are never taken for another. */
export async function issueAuthority(name: string, { from, until }: Validity): Promise<KeyPair> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${name} ${randomBytes(4).toString('hex')}`,
    notBefore: new Date(from - CLOCK_SKEW),
    notAfter: new Date(until),
    signingAlgorithm: ECDSA,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: await exportKey(keys.privateKey) };
}

/** `names`: host names and addresses. The certificate is the leaf alone: clients have its authority. Never outlives the authority. */
export async function issueLeaf(authority: KeyPair, names: readonly string[], { from, until }: Validity): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const signing = await importKey(createPrivateKey(authority.key));
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // RFC 5280 4.1.2.6: names are in subjectAltName; a common name longer than 64 would be invalid.
    subject: `CN=${names[0]!.slice(0, 64)}`,
    issuer: issuer.subject,
    notBefore: new Date(Math.max(from - CLOCK_SKEW, issuer.notBefore.getTime())),
    notAfter: new Date(Math.min(until, issuer.notAfter.getTime())),
    signingAlgorithm: signing.algorithm as never,
    publicKey: keys.publicKey,
    signingKey: signing,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isAddress(value) ? 'ip' : 'dns', value }))),
      await x509.AuthorityKeyIdentifierExtension.create(await issuer.publicKey.export(webcrypto as never)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: await exportKey(keys.privateKey) };
}

/** The certificates of a PEM text, in its order. @throws where one cannot be read */
export function certificatesOf(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** Of a certificate that node:crypto has read. */
export function validityOf(certificate: X509Certificate): Validity {
  return { from: Date.parse(certificate.validFrom), until: Date.parse(certificate.validTo) };
}

export function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString().trim()}\n`;
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  x509.cryptoProvider.set(webcrypto as never);
  return webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

/** An authority may come from elsewhere (cert-manager): EC or RSA, in any encoding that node:crypto reads. */
function importKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = key.export({ format: 'der', type: 'pkcs8' });
  if (key.asymmetricKeyType === 'rsa') {
    return webcrypto.subtle.importKey('pkcs8', der, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign']);
  }
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (curve === undefined) throw new Error(`an authority's key is RSA, P-256 or P-384, not ${key.asymmetricKeyType}`);
  return webcrypto.subtle.importKey('pkcs8', der, { name: 'ECDSA', namedCurve: curve }, false, ['sign']);
}

const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384' };

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

function isAddress(name: string): boolean {
  return /^[\d.]+$|:/.test(name);
}

/** 127 random bits: positive, as RFC 5280 4.1.2.2 wants it. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x01;
  return bytes.toString('hex');
}
