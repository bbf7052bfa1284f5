// Tokens of JSON (RFC 8259) straight from the bytes: no strings are made, a token is a range. Strings are checked to
// be UTF-8 where they are passed, because what leaves here as a protobuf string must be.
import { Refused } from "../core/refused.ts";
import { hexDigits, withoutEscapes } from "./json-text.ts";

/** How deep objects and lists may nest. */
export const depthMax = 100;

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;
const minus = 0x2d;
const space = 0x20;

/** 1 for the bytes that stand for themselves in a string: ASCII without controls, quote and backslash. */
const plain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= space && byte < 0x80 && byte !== quote && byte !== backslash ? 1 : 0,
);

const noBytes = new Uint8Array(0);
const noView = new DataView(noBytes.buffer);

export function malformed(what: string, at: number): Refused {
  return new Refused("malformed", `json: ${what} at byte ${at}`);
}

export class JsonCursor {
  /** The token that was read last lies in `bytes[from, to)`; the quotes of a string are not part of it. */
  bytes: Uint8Array = noBytes;
  from = 0;
  to = 0;
  #json: Uint8Array = this.bytes;
  #view: DataView = noView;
  #at = 0;

  reset(json: Uint8Array): void {
    this.#json = json;
    this.#view = new DataView(json.buffer, json.byteOffset, json.length);
    this.#at = 0;
  }

  /** Where the next token starts: for error texts. */
  get position(): number {
    this.#skipSpace();
    return this.#at;
  }

  /** Lets go of the request. */
  release(): void {
    this.#json = noBytes;
    this.#view = noView;
    this.bytes = noBytes;
  }

  /** Passes `{` or `[`; true when something follows before it is closed. */
  opens(list: boolean): boolean {
    this.#expect(list ? openBracket : openBrace, list ? "must be a list" : "must be an object");
    if (this.#peek() !== (list ? closeBracket : closeBrace)) return true;
    this.#at++;
    return false;
  }

  /** Passes `,` or the close of the object or list; true when something follows. */
  continues(list: boolean): boolean {
    const next = this.#peek();
    if (next === comma) {
      this.#at++;
      return true;
    }
    this.#expect(list ? closeBracket : closeBrace, list ? "expected , or ]" : "expected , or }");
    return false;
  }

  /** Reads the name of a member and its colon. */
  key(): void {
    this.string();
    this.#expect(colon, "expected :");
  }

  /** Passes the name of a member and its colon when they stand here exactly as `quoted` has them, as emitters write. */
  passName(quoted: Uint8Array): boolean {
    const json = this.#json;
    const at = this.#at;
    if (at + quoted.length > json.length) return false;
    // From the end: names differ there, and all of them begin with a quote.
    for (let back = quoted.length - 1; back >= 0; back--) if (json[at + back] !== quoted[back]) return false;
    this.#at = at + quoted.length;
    return true;
  }

  /** Passes `null` when that is what comes. */
  isNull(): boolean {
    if (this.#peek() !== 0x6e) return false;
    this.#word("null");
    return true;
  }

  bool(): boolean {
    const yes = this.#peek() === 0x74;
    if (!yes && this.#peek() !== 0x66) throw malformed("must be true or false", this.#at);
    this.#word(yes ? "true" : "false");
    return yes;
  }

  /** Whether a string comes next. */
  isString(): boolean {
    return this.#peek() === quote;
  }

  /** Reads a string; its escapes are undone. */
  string(): void {
    this.#expect(quote, "must be a string");
    const from = this.#at;
    if (this.#passString()) {
      this.bytes = withoutEscapes(this.#json, from, this.#at - 1);
      this.from = 0;
      this.to = this.bytes.length;
    } else {
      this.bytes = this.#json;
      this.from = from;
      this.to = this.#at - 1;
    }
  }

  /** Reads a number. */
  number(): void {
    this.#skipSpace();
    this.bytes = this.#json;
    this.from = this.#at;
    this.#passNumber();
    this.to = this.#at;
  }

  /** Passes a value of any kind, at `depth` objects and lists. */
  skipValue(depth: number): void {
    const next = this.#peek();
    if (next === quote) {
      this.#at++;
      this.#passString();
    } else if (next === openBrace || next === openBracket) this.#skipNested(next === openBracket, depth + 1);
    else if (next === minus || isDigit(next)) this.#passNumber();
    else if (!this.isNull()) this.bool();
  }

  /** Checks that nothing but white space is left. */
  end(): void {
    if (this.#peek() !== -1) throw malformed("expected the end", this.#at);
  }

  #skipNested(list: boolean, depth: number): void {
    if (depth > depthMax) throw malformed(`nested deeper than ${depthMax} levels`, this.#at);
    if (!this.opens(list)) return;
    do {
      if (!list) {
        this.#expect(quote, "expected the name of a member");
        this.#passString();
        this.#expect(colon, "expected :");
      }
      this.skipValue(depth);
    } while (this.continues(list));
  }

  /** The next byte that is no white space, -1 at the end. */
  #peek(): number {
    if (this.#at < this.#json.length) {
      const byte = this.#json[this.#at]!;
      if (byte > space) return byte;
    }
    this.#skipSpace();
    return this.#at < this.#json.length ? this.#json[this.#at]! : -1;
  }

  #skipSpace(): void {
    const json = this.#json;
    let at = this.#at;
    while (at < json.length && json[at]! <= space && isSpace(json[at]!)) at++;
    this.#at = at;
  }

  #expect(byte: number, what: string): void {
    const next = this.#peek();
    if (next !== byte) throw malformed(next < 0 ? `ended early, ${what}` : what, this.#at);
    this.#at++;
  }

  #word(word: string): void {
    for (let at = 0; at < word.length; at++)
      if (this.#json[this.#at + at] !== word.charCodeAt(at)) throw malformed(`expected ${word}`, this.#at);
    this.#at += word.length;
  }

  /** Passes a string behind its opening quote; true when it has escapes. */
  #passString(): boolean {
    const json = this.#json;
    const end = json.length;
    let at = this.#at;
    let escaped = false;
    for (;;) {
      at = this.#passPlain(at);
      while (at < end && plain[json[at]!] === 1) at++;
      if (at >= end) throw malformed("string without an end", this.#at - 1);
      const byte = json[at]!;
      if (byte === quote) break;
      if (byte === backslash) {
        at = passEscape(json, at);
        escaped = true;
      } else at = passMultibyte(json, at);
    }
    this.#at = at + 1;
    return escaped;
  }

  /** Passes bytes that stand for themselves, four at a time; stops before the four that hold another. bench/json: 1.3x. */
  #passPlain(from: number): number {
    const view = this.#view;
    const last = this.#json.length - 4;
    let at = from;
    while (at <= last) {
      const word = view.getUint32(at, true);
      const quotes = word ^ 0x22222222;
      const backslashes = word ^ 0x5c5c5c5c;
      // The high bit of a byte is set where it is no ASCII, below a space, a quote or a backslash.
      const special =
        word |
        ((word - 0x20202020) & ~word) |
        ((quotes - 0x01010101) & ~quotes) |
        ((backslashes - 0x01010101) & ~backslashes);
      if ((special & 0x80808080) !== 0) return at;
      at += 4;
    }
    return at;
  }

  #passNumber(): void {
    const json = this.#json;
    const from = this.#at;
    let at = json[from] === minus ? from + 1 : from;
    const whole = at;
    at = passDigits(json, at);
    if (at === whole || (json[whole] === 0x30 && at > whole + 1)) throw malformed("must be a number", from);
    if (json[at] === 0x2e) at = passFraction(json, at + 1);
    if (json[at] === 0x65 || json[at] === 0x45)
      at = passFraction(json, json[at + 1] === minus || json[at + 1] === 0x2b ? at + 2 : at + 1);
    this.#at = at;
  }
}

function isSpace(byte: number): boolean {
  return byte === space || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function passDigits(json: Uint8Array, from: number): number {
  let at = from;
  while (at < json.length && isDigit(json[at]!)) at++;
  return at;
}

function passFraction(json: Uint8Array, from: number): number {
  const at = passDigits(json, from);
  if (at === from) throw malformed("must be a number", from);
  return at;
}

function passEscape(json: Uint8Array, at: number): number {
  const kind = json[at + 1];
  if (kind === 0x75) {
    for (let digit = at + 2; digit < at + 6; digit++)
      if ((hexDigits[json[digit] ?? 0] ?? -1) < 0) throw malformed("escape without four hexadecimal digits", at);
    return at + 6;
  }
  if (kind === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(kind))) throw malformed("unknown escape", at);
  return at + 2;
}

/** Passes one character of two to four bytes: the table 3-7 of the Unicode standard. */
function passMultibyte(json: Uint8Array, at: number): number {
  const lead = json[at]!;
  if (lead < space) throw malformed("control character in a string", at);
  const second = json[at + 1] ?? 0;
  if (lead >= 0xc2 && lead <= 0xdf && isTail(second)) return at + 2;
  if ((lead & 0xf0) === 0xe0) {
    const from = lead === 0xe0 ? 0xa0 : 0x80;
    const to = lead === 0xed ? 0x9f : 0xbf;
    if (second >= from && second <= to && isTail(json[at + 2])) return at + 3;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    const from = lead === 0xf0 ? 0x90 : 0x80;
    const to = lead === 0xf4 ? 0x8f : 0xbf;
    if (second >= from && second <= to && isTail(json[at + 2]) && isTail(json[at + 3])) return at + 4;
  }
  throw malformed("string that is no UTF-8", at);
}

function isTail(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
