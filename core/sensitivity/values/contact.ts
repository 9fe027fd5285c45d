/** E-mail addresses and telephone numbers. */
import { type Shape, digitsOf } from './shape.ts';

const LOCAL = /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-]+$/u;
const DOMAIN = /^[\p{L}\p{N}.-]+$/u;
const TOP_LEVEL = /^(?:\p{L}{2,24}|xn--[a-z0-9-]{2,40})$/u;

/** What people are reached at by other protocols is written like an address of e-mail. */
const SCHEME = /^(?:mailto|sips?|xmpp|acct|im|pres|skype|h323|upi):/i;
/** Providers of payment handles (`name@provider`); no host is called like them. */
const PAYMENT_PROVIDERS =
  /@(?:upi|ybl|ibl|axl|apl|yapl|rapl|paytm|pt(?:yes|axis|hdfc|sbi)|ok(?:icici|sbi|axis|hdfcbank|bizaxis)|(?:hdfc|axis|kotak|yes|idfc|rbl|au|federal|indus)(?:bank)?|icici|sbi|pnb|boi|barodampay|cnrb|unionbank|waicici|wasbi|waaxis|wahdfcbank|jupiteraxis|freecharge|fbl|ikwik|airtel|postbank|pingpay|timecosmos|naviaxis|slice|superyes)$/i;
const HOST_IS_NUMBER = /@(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-fA-F:]{2,45}\])$/;

export function isEmail(shape: Shape): boolean {
  return addressIn(shape) === 'email';
}

/**
 * The one address that the value is, if it is one: of e-mail, SIP, XMPP (with a resource or without), or of payments. `ip`: it shows a
 * numeric host. `local`: the host has no dots, so that it may be anything.
 */
export function addressIn(shape: Shape): 'email' | 'ip' | 'local' | undefined {
  const { text } = shape;
  if (shape.at !== 1 || text.length > 320) return undefined;
  const open = text.lastIndexOf('<');
  const close = text.indexOf('>', open);
  let address = open >= 0 && close > open ? text.slice(open + 1, close) : text;
  const scheme = SCHEME.exec(address);
  if (scheme !== null) address = address.slice(scheme[0].length).replace(/[;?].*$/s, '');
  if (shape.slashes > 0) address = address.replace(/(@[^/\s]{1,255})\/.{0,255}$/s, '$1');
  const bare = scheme !== null || shape.colons > 0 ? address.replace(/:\d{2,5}$/, '') : address;
  if (isAddress(bare)) return 'email';
  if (bare.length > 128 || /\s/.test(bare) || bare.startsWith('@')) return undefined;
  if (HOST_IS_NUMBER.test(bare)) return 'ip';
  if (PAYMENT_PROVIDERS.test(bare)) return 'email';
  return /^[\w.+-]{1,64}@[A-Za-z][\w-]{1,62}$/.test(bare) ? (scheme !== null ? 'email' : 'local') : undefined;
}

/** Who somebody is in a network of many servers: `@user:host`, `@user@host`. */
const HANDLE = /^@[\w.=+/-]{1,64}[:@][\w-]{1,63}(?:\.[\w-]{1,63}){0,8}(?::\d{2,5})?$/;

export function isHandle(shape: Shape): boolean {
  return shape.at <= 2 && shape.blanks === 0 && shape.text.startsWith('@') && shape.text.length <= 255 && HANDLE.test(shape.text);
}

/** `a@b.example`, the local part possibly masked with asterisks. */
export function isAddress(address: string): boolean {
  const at = address.indexOf('@');
  if (at < 1 || at > 64) return false;
  const domain = address.slice(at + 1);
  const dot = domain.lastIndexOf('.');
  if (dot < 1) return false;
  return LOCAL.test(address.slice(0, at)) && DOMAIN.test(domain) && TOP_LEVEL.test(domain.slice(dot + 1));
}

const EXTENSION = /\s*(?:x|ext\.?|#)\s*\d{1,6}$/i;
const LETTERLESS = /^[\d\s().+/-]+$/;
const GROUPED = /[\s()./-]/;
const NORTH_AMERICAN = /^(?:\+?1[\s.-]?)?(?:\([2-9]\d{2}\)\s?|[2-9]\d{2}[\s.-])[2-9]\d{2}[\s.-]\d{4}$/;
/** Twelve or more digits after the plus are one run in E.164; the first is never 0. */
const INTERNATIONAL = /^\+\s?\(?[1-9]/;
const DATE_LIKE = /^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})/;

/**
 * `phone`: written as only telephone numbers are. `phone.digits`: a run of digits that may be one: worth nothing without a name that says
 * so. `phone.loose`: separators, but any number might have them.
 */
export function recognisePhone(shape: Shape, found: (id: string) => void): void {
  if (shape.digits < 7 || shape.digits > 20 || shape.text.length > 40 || shape.at > 0 || shape.foreign > 0) return;
  if (shape.upper + shape.lower > 3) return;
  const text = shape.upper + shape.lower > 0 || shape.text.includes('#') ? shape.text.replace(EXTENSION, '') : shape.text;
  if (!LETTERLESS.test(text)) return;
  const digits = digitsOf(text);
  if (digits.length < 7 || digits.length > 15 || DATE_LIKE.test(text)) return;
  if (text.startsWith('+') || text.startsWith('(+')) {
    if (INTERNATIONAL.test(text.replace('(', '')) && digits.length >= 8) found('phone');
    return;
  }
  if (NORTH_AMERICAN.test(text)) {
    found('phone');
    return;
  }
  const grouped = GROUPED.test(text);
  if (!grouped) {
    if (/^0[1-9]\d{8,9}$/.test(text)) found('phone.trunk');
    else if (/^1[3-9]\d{9}$/.test(text)) found(`phone.chinese.${text[1]}`);
    else if (/^00[1-9]\d{8,12}$/.test(text)) found('phone.trunk');
    found('phone.digits');
    return;
  }
  // A decimal number, a version or an IPv4 address is not written in groups of a telephone number.
  if (/^\d+\.\d+$/.test(text) || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) || /^-/.test(text)) return;
  if (
    /^\(\d{1,5}\)/.test(text) ||
    /^0\d{1,4}[\s/-]/.test(text) ||
    /^\(?0\d/.test(text) ||
    /^00[1-9]/.test(text) ||
    isGroupedNational(text)
  ) {
    found('phone.grouped');
  }
  found('phone.loose');
}

/** `612 345 678`, `91 123 45 67`, `98765 43210`, `555-0123`: blanks between groups of two to five digits. */
function isGroupedNational(text: string): boolean {
  if (/^[2-9]\d{2}([-.])\d{3}\1\d{3}$/.test(text)) return true;
  return /^\d{2,5}(?: \d{2,6}){1,4}$/.test(text) && digitsOf(text).length >= 8 && digitsOf(text).length <= 11;
}
