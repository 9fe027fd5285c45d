/** One pass over a value: what it is made of. Recognisers are chosen by this, so that a word of prose is not tried as a card. */
export interface Shape {
  /** The value without blanks around it. */
  readonly text: string;
  readonly digits: number;
  /** ASCII letters. */
  readonly upper: number;
  readonly lower: number;
  /** Characters beyond ASCII. */
  readonly foreign: number;
  readonly blanks: number;
  readonly at: number;
  readonly dots: number;
  readonly dashes: number;
  readonly slashes: number;
  readonly colons: number;
  /** Everything else that is printable ASCII. */
  readonly others: number;
  readonly words: number;
}

export function shapeOf(value: string): Shape {
  const text = value.trim();
  let digits = 0;
  let upper = 0;
  let lower = 0;
  let foreign = 0;
  let blanks = 0;
  let at = 0;
  let dots = 0;
  let dashes = 0;
  let slashes = 0;
  let colons = 0;
  let others = 0;
  let words = 0;
  let between = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const blank = code === 32 || (code >= 9 && code <= 13) || code === 160 || code === 0x3000;
    if (blank) {
      blanks++;
      between = true;
      continue;
    }
    if (between) words++;
    between = false;
    if (code >= 97 && code <= 122) lower++;
    else if (code >= 48 && code <= 57) digits++;
    else if (code >= 65 && code <= 90) upper++;
    else if (code > 127) foreign++;
    else if (code === 46) dots++;
    else if (code === 45) dashes++;
    else if (code === 64) at++;
    else if (code === 47) slashes++;
    else if (code === 58) colons++;
    else others++;
  }
  return { text, digits, upper, lower, foreign, blanks, at, dots, dashes, slashes, colons, others, words };
}

/** The digits of a value, nothing else. */
export function digitsOf(text: string): string {
  let digits = '';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) digits += text[i];
  }
  return digits;
}

export function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return false;
  }
  return text.length > 0;
}
