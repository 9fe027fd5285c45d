/** Addresses of the network, and where things are. */
import type { Shape } from './shape.ts';

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}(?:/\\d{1,2}|:\\d{1,5})?$`);
const MAC =
  /^[\da-fA-F]{2}(?::[\da-fA-F]{2}){5,7}$|^[\da-fA-F]{2}(?:-[\da-fA-F]{2}){5}$|^[\da-fA-F]{4}\.[\da-fA-F]{4}\.[\da-fA-F]{4}$/;

export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

/** Versions (`1.2.3.4`) look like addresses: those of small numbers are told apart. */
function isVersionLike(text: string): boolean {
  return text.split('.').every((part) => Number(part) < 20);
}

/** RFC 1918 and the machine itself: rather a machine's address than a visitor's. */
function isPrivate(text: string): boolean {
  return /^(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01]))\./.test(text);
}

export function isIpv6(text: string): boolean {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  if (address.length < 2 || address.length > 45) return false;
  const double = address.indexOf('::');
  if (double !== address.lastIndexOf('::')) return false;
  const groups = address.split(':');
  if (
    groups.length < 3 ||
    groups.length > 8 + (double < 0 ? 0 : 1) ||
    (double < 0 && groups.length !== 8 && !address.includes('.'))
  )
    return false;
  return (
    groups.every((group, i) => /^[\da-fA-F]{0,4}$/.test(group) || (i === groups.length - 1 && isIpv4(group))) &&
    (double >= 0 || !groups.includes(''))
  );
}

/** `sip:203.0.113.7:5060;transport=udp`, `udp:203.0.113.7:5060`: what a client is reached at, or the server's own socket. */
const TRANSPORT = /^(?:sips?|udp|tcp|tls|wss?|sctp|ipv4|dtls):(?:\/\/)?/i;
const PARAMETERS = /[;?].*$/s;

export function recogniseNetwork(shape: Shape, found: (id: string) => void): void {
  const { text } = shape;
  if (text.length > 50 || shape.at > 0) return;
  const bare = shape.colons > 0 && shape.dots === 3 ? text.replace(TRANSPORT, '').replace(PARAMETERS, '') : text;
  if (bare !== text && isIpv4(bare)) found(/^(?:sips?|https?):/i.test(text) && !isPrivate(bare) ? 'ip' : 'ip.private');
  else if (shape.dots === 3 && shape.digits >= 4 && shape.blanks === 0 && isIpv4(text))
    found(isVersionLike(text) ? 'ip.version' : isPrivate(text) ? 'ip.private' : 'ip');
  else if (shape.colons >= 2 && shape.others <= 1 && shape.blanks === 0 && MAC.test(text)) found('mac');
  else if (
    shape.colons >= 2 &&
    shape.others <= 1 &&
    shape.blanks === 0 &&
    shape.digits + shape.upper + shape.lower > 0 &&
    isIpv6(text) &&
    !/^\d\d:\d\d:\d\d$/.test(text)
  )
    found('ip');
  else if ((shape.dashes === 5 || shape.dots === 2) && MAC.test(text)) found('mac');
}
