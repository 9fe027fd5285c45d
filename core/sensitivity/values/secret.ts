/** Password hashes, tokens and keys: by their written form, or by being too random for anything else. */
import type { Shape } from './shape.ts';

/** crypt(3), PHC string format, frameworks and servers. */
const PASSWORD_HASH =
  /^(?:\$2[abxy]?\$\d\d\$[./A-Za-z\d]{10,}|\$argon2(?:id|i|d)\$|\$scrypt\$|\$s[01]\$|\$(?:1|5|6|7|y|gy|md5|sha1|apr1|P|H)\$[^ ]{6,}|\$pbkdf2(?:-[a-z\d]{3,8})?\$|pbkdf2[_:](?:sha\d{1,3}[$:])?|(?:argon2|bcrypt(?:_sha256)?|scrypt|sha1|sha256|sha512|md5)\$[^ ]{8,}|scrypt:\d|\{(?:SSHA|SHA|SMD5|MD5|CRYPT|SSHA256|SSHA512|bcrypt|noop|pbkdf2|argon2)\d{0,3}\}[^ ]{4,}|SCRAM-SHA-(?:1|256|512)\$|\*[\dA-F]{40}$|md5[\da-f]{32}$|PBKDF2\$)/;

/** What providers put in front of their keys, so that scanners find them. */
const KEY_PREFIX =
  /^(?:sk_(?:live|test)_|rk_(?:live|test)_|sk-(?:proj-|ant-|or-)?[A-Za-z\d]|whsec_|gh[pousr]_|github_pat_|glpat-|gl[a-z]{2,6}-|xox[abeoprs]-|xapp-|AKIA|ASIA|AIza|ya29\.|1\/\/0|SG\.[A-Za-z\d_-]{16}|shp(?:at|ca|pa|ss)_|npm_|pypi-|dop_v1_|doo_v1_|hf_|lin_api_|figd_|sq0(?:atp|csp)-|EAA[A-Za-z\d]{20}|AAAA[A-Za-z\d_-]{7}:|key-[\da-f]{32}|pat_|nfp_|dapi[\da-f]{32}|rubygems_|PMAK-|NRAK-|sntrys_|vault:v\d|hvs\.|s\.[A-Za-z\d]{24}$|AGE-SECRET-KEY-|whs_|tok_(?:live|test)_|api_(?:live|test)_|secret_[A-Za-z\d]{8}|access-(?:sandbox|production)-|Bearer [A-Za-z\d]|Basic [A-Za-z\d+/=]{8,}$)/;
const PEM = /^-----BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY|PGP MESSAGE|CERTIFICATE|PUBLIC KEY)/;
const OPENSSH = /^(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-[a-z\d-]{1,20}) AAAA/;
const CREDENTIALS_IN_URL = /^[a-z][a-z\d+.-]{1,30}:\/\/[^\s:/@?#]{0,200}:[^\s/@]{1,200}@/i;
const SECRET_IN_URL =
  /[?&;](?:sig|signature|access_token|token|api_?key|password|secret|auth|X-Amz-Signature|client_secret|code)=[^&\s]{8}/i;
const DSN = /(?:^|[\s;])(?:password|pwd|AccountKey|SharedAccessKey)\s?=\s?[^\s;]{3}/i;
/** A provider's public identifiers: `cus_NffrFeUfNV2Hib`, `pi_…`. */
const PUBLIC_PREFIX = /^[a-z]{2,12}_[A-Za-z\d]+$/;
const UUID = /^[{(]?[\da-fA-F]{8}-(?:[\da-fA-F]{4}-){3}[\da-fA-F]{12}[)}]?$/;
const ULID = /^[0-7][\dA-HJKMNP-TV-Z]{25}$/;
const HEX = /^(?:0x|\\x)?[\da-fA-F]+$/;
const RANDOM_ALPHABET = /^[A-Za-z\d+/=_.~-]+$/;

export function recogniseSecret(shape: Shape, found: (id: string) => void): void {
  const id = secretOf(shape);
  if (id !== undefined) found(id);
}

function secretOf(shape: Shape): string | undefined {
  const { text } = shape;
  const { length } = text;
  if (length < 6) return undefined;
  const first = text.charCodeAt(0);
  if (
    (first === 36 || first === 123 || first === 42 || /^(?:pbkdf2|argon|bcrypt|scrypt|sha|md5|SCRAM|PBKDF2)/.test(text)) &&
    shape.blanks === 0 &&
    PASSWORD_HASH.test(text)
  ) {
    return 'password-hash';
  }
  if (first === 45 && PEM.test(text)) return text.includes('PRIVATE') || text.includes('PGP') ? 'token' : 'certificate';
  if (shape.colons > 0 && shape.slashes > 1) {
    if (shape.at > 0 && CREDENTIALS_IN_URL.test(text)) return 'url-credentials';
    if (length < 1_000 && /^https?:/.test(text) && SECRET_IN_URL.test(text)) return 'url-token';
  }
  if (shape.others > 0 && text.includes('=') && shape.blanks < 12 && DSN.test(text)) return 'url-credentials';
  if (OPENSSH.test(text)) return 'ssh-public-key';
  if (shape.blanks > 1 || shape.foreign > 0) return undefined;
  if (isJwt(text)) return 'token';
  if (length >= 14 && KEY_PREFIX.test(text)) return 'token';
  if (shape.blanks > 0) return undefined;
  if (shape.dashes >= 4 && UUID.test(text)) return 'uuid';
  if (length >= 16 && shape.others <= 1 && HEX.test(text)) {
    if (shape.digits === length) return undefined;
    return length === 24 ? 'hex.object-id' : length >= 32 ? 'hex.digest' : 'hex';
  }
  if (length === 26 && ULID.test(text)) return 'ulid';
  if (length >= 16 && isRandom(shape)) return length >= 32 && !PUBLIC_PREFIX.test(text) ? 'random.long' : 'random';
  return undefined;
}

/** RFC 7519, and JSON in base64 with anything behind it. */
function isJwt(text: string): boolean {
  return text.startsWith('eyJ') && text.length >= 20 && RANDOM_ALPHABET.test(text.slice(0, 200));
}

/**
 * Letters of both cases and digits in a disorder that no word, path or slug has: letters and digits, or cases, change often. Counted over
 * the first characters only.
 */
function isRandom(shape: Shape): boolean {
  const { text } = shape;
  if (shape.slashes > 0 && /^\/|^[a-z]+\//.test(text)) return false;
  if (shape.colons > 0 || shape.at > 0 || shape.digits < 2 || shape.lower + shape.upper < 4) return false;
  if (text.startsWith('data:') || !RANDOM_ALPHABET.test(text)) return false;
  const end = Math.min(text.length, 128);
  const seen = new Set<string>();
  let changes = 0;
  let before = -1;
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    seen.add(text[i]!);
    const kind = code >= 97 ? 2 : code >= 65 ? 1 : code >= 48 && code <= 57 ? 0 : 3;
    if (kind !== before) changes++;
    before = kind;
  }
  const oneCase = shape.upper === 0 || shape.lower === 0;
  return seen.size >= 10 && changes >= end * (oneCase ? 0.3 : 0.4);
}
