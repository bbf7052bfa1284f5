// Finds members of a JSON object or of a Python literal (`str(dict)`, `repr(model)`) in a text, in one pass that builds
// nothing: what is not asked for is skipped. Never throws, never goes deeper than `depthMax`.

/** What is looked for: members by name (or list items by position), and the place where a found value goes. */
export interface Wanted {
  /** -1 for a way point. */
  readonly place: number;
  readonly members: ReadonlyMap<string, Wanted>;
}

export type Scalar = string | number | boolean | null;

const depthMax = 16;

/** Builds the tree of dotted paths; the place of a path is its position in the list. */
export function wantedOf(paths: readonly string[]): Wanted {
  const root = node(-1);
  for (const [place, path] of paths.entries()) {
    const names = path.split(".");
    let at = root;
    for (const [depth, name] of names.entries()) {
      const next = at.members.get(name) ?? node(depth === names.length - 1 ? place : -1);
      at.members.set(name, next);
      at = next;
    }
  }
  return root;
}

interface Node extends Wanted {
  readonly members: Map<string, Node>;
}

function node(place: number): Node {
  return { place, members: new Map() };
}

/**
 * Fills the places of `found` that are undefined, and stops once `open` of them are filled. False when the text is no
 * literal; what was found before the fault is then not to be used.
 */
export function findMembers(text: string, wanted: Wanted, found: (Scalar | undefined)[], open = Infinity): boolean {
  const reader = new LiteralReader(text, found, open);
  return reader.value(wanted, 0) && reader.atEnd();
}

const quote = 0x27;
const doubleQuote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const equals = 0x3d;
const braceEnd = 0x7d;
const bracketEnd = 0x5d;
const parenthesisEnd = 0x29;

class LiteralReader {
  readonly #text: string;
  readonly #found: (Scalar | undefined)[];
  #open: number;
  #at = 0;

  constructor(text: string, found: (Scalar | undefined)[], open: number) {
    this.#text = text;
    this.#found = found;
    this.#open = open;
  }

  atEnd(): boolean {
    if (this.#open <= 0) return true;
    this.#skipSpace();
    return this.#at === this.#text.length;
  }

  value(wanted: Wanted | undefined, depth: number): boolean {
    if (depth > depthMax) return false;
    this.#skipSpace();
    switch (this.#text.charCodeAt(this.#at)) {
      case quote:
      case doubleQuote:
        return this.#string(wanted);
      case 0x7b: // {
        return this.#members(wanted, depth, braceEnd);
      case 0x5b: // [
        return this.#items(wanted, depth, bracketEnd);
      case 0x28: // (
        return this.#items(wanted, depth, parenthesisEnd);
      default:
        return this.#word(wanted, depth);
    }
  }

  /** `{"a": 1}` and `{'a': 1}`, and behind the name of a class `(a=1)`. */
  #members(wanted: Wanted | undefined, depth: number, close: number): boolean {
    this.#at++;
    for (;;) {
      this.#skipSpace();
      if (this.#take(close)) return true;
      const name = close === braceEnd ? this.#name(wanted) : this.#upTo("=");
      this.#skipSpace();
      if (name === undefined || !(this.#take(colon) || this.#take(equals))) return false;
      if (!this.value(wanted?.members.get(name), depth + 1)) return false;
      if (this.#open <= 0) return true;
      if (!this.#goOn(close)) return false;
    }
  }

  #items(wanted: Wanted | undefined, depth: number, close: number): boolean {
    this.#at++;
    const members = wanted !== undefined && wanted.members.size > 0 ? wanted.members : undefined;
    for (let position = 0; ; position++) {
      this.#skipSpace();
      if (this.#take(close)) return true;
      if (!this.value(members?.get(String(position)), depth + 1)) return false;
      if (!this.#goOn(close)) return false;
    }
  }

  /** Passes a comma, or stays before the end. */
  #goOn(close: number): boolean {
    this.#skipSpace();
    return this.#take(comma) || this.#text.charCodeAt(this.#at) === close;
  }

  #string(wanted: Wanted | undefined): boolean {
    const start = this.#at;
    if (!this.#skipString()) return false;
    if (wanted !== undefined) this.#put(wanted, unescaped(this.#text.slice(start + 1, this.#at - 1)));
    return true;
  }

  /** A number, `True`, `null`, or a class that is called with its members. */
  #word(wanted: Wanted | undefined, depth: number): boolean {
    const start = this.#at;
    while (this.#at < this.#text.length && !isDelimiter(this.#text.charCodeAt(this.#at))) this.#at++;
    if (this.#at === start) return false;
    if (this.#text.charCodeAt(this.#at) === 0x28) return this.#members(wanted, depth + 1, parenthesisEnd);
    // What is skipped need not be a sound number, only end where the next one begins.
    if (wanted === undefined) return true;
    const value = scalarOf(this.#text.slice(start, this.#at));
    if (value !== undefined) this.#put(wanted, value);
    return value !== undefined;
  }

  #put({ place }: Wanted, value: Scalar): void {
    if (place < 0 || this.#found[place] !== undefined) return;
    this.#found[place] = value;
    this.#open--;
  }

  /** Empty where nobody wants to know it. */
  #name(wanted: Wanted | undefined): string | undefined {
    const start = this.#at;
    const first = this.#text.charCodeAt(start);
    if ((first !== quote && first !== doubleQuote) || !this.#skipString()) return undefined;
    return wanted === undefined ? "" : unescaped(this.#text.slice(start + 1, this.#at - 1));
  }

  #upTo(end: string): string | undefined {
    const start = this.#at;
    const found = this.#text.indexOf(end, start);
    if (found < 0) return undefined;
    this.#at = found;
    return this.#text.slice(start, found).trim();
  }

  /** Moves behind the closing quote. */
  #skipString(): boolean {
    const text = this.#text;
    const start = this.#at;
    const mark = text.charCodeAt(start) === quote ? "'" : '"';
    for (let end = text.indexOf(mark, start + 1); 0 <= end; end = text.indexOf(mark, end + 1)) {
      let slashes = 0;
      while (text.charCodeAt(end - 1 - slashes) === 0x5c && start < end - 1 - slashes) slashes++;
      if (slashes % 2 === 1) continue;
      this.#at = end + 1;
      return true;
    }
    return false;
  }

  #take(sign: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== sign) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    while (this.#text.charCodeAt(this.#at) <= 0x20) this.#at++;
  }
}

function isDelimiter(code: number): boolean {
  return code <= 0x20 || code === 0x2c || code === 0x7d || code === 0x5d || code === 0x29 || code === 0x28;
}

const words: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ["True", true],
  ["true", true],
  ["False", false],
  ["false", false],
  ["None", null],
  ["null", null],
  ["NaN", Number.NaN],
  ["nan", Number.NaN],
]);

function scalarOf(word: string): Scalar | undefined {
  // A digit or a minus begins a number; only words are looked up.
  const known = word.charCodeAt(0) < 0x41 ? undefined : words.get(word);
  if (known !== undefined) return known;
  const number = Number(word);
  return Number.isNaN(number) ? undefined : number;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

/** Undoes the escapes of JSON and Python. */
function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  let plain = "";
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    if (sign !== "\\") {
      plain += sign;
      continue;
    }
    const next = text.charAt(++at);
    const digits = next === "u" ? 4 : next === "x" ? 2 : 0;
    const code = Number.parseInt(text.slice(at + 1, at + 1 + digits), 16);
    if (digits > 0 && !Number.isNaN(code)) plain += String.fromCharCode(code);
    else plain += escapes[next] ?? next;
    at += digits;
  }
  return plain;
}
