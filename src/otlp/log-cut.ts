// Log records without some of their attributes and bodies. The request is walked once, names are compared as bytes, and
// what stays is copied in runs: nothing of what goes is decoded, and a request that loses nothing is the one that came.
import { Reader } from "../wire/reader.ts";
import { utf8 } from "../wire/utf8.ts";
import { Writer } from "../wire/writer.ts";
import type { KeyTable } from "./key-table.ts";

/** What goes of the log records of one scope; an event's name is empty where a record is none. */
export interface LogJudge {
  /** Whether all of the body goes that is no map: a text may say anything. */
  bodyGoes(event: string): boolean;
  /** Whether an attribute goes, or a member of a map that is the body; `key` is the id of its declared key or prefix, -1 for others. */
  goes(event: string, key: number): boolean;
  /** Whether a text under this key has to be looked at, and goes where `isClean` says no. */
  isMixed(key: number): boolean;
  isClean(text: string): boolean;
}

/** Longest text that is looked at; a longer one under a mixed key goes. */
const textBytesMax = 65_536;
/** Longest name of an event or a scope that is told apart. */
const nameBytesMax = 256;

// Fields of the messages of `proto/logs.proto`, as tags.
const resourceLogs = 0x0a;
const scopeLogs = 0x12;
const scope = 0x0a;
const scopeName = 0x0a;
const logRecord = 0x12;
const body = 0x2a;
const attribute = 0x32;
const eventName = 0x62;
const keyValueKey = 0x0a;
const keyValueValue = 0x12;
const textValue = 0x0a;
const mapValue = 0x32;
const mapEntry = 0x0a;

/** The request without what goes; the very bytes where nothing does. They were checked before. */
export function cutLogs(bytes: Uint8Array, keys: KeyTable, judgeOf: (scope: string) => LogJudge): Uint8Array {
  return new LogCut(bytes, keys, judgeOf).request();
}

/** A run that stays, or a message that was written anew. */
type Piece = Uint8Array;

class LogCut {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #keys: KeyTable;
  readonly #judgeOf: (scope: string) => LogJudge;

  constructor(bytes: Uint8Array, keys: KeyTable, judgeOf: (scope: string) => LogJudge) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#keys = keys;
    this.#judgeOf = judgeOf;
  }

  request(): Uint8Array {
    return this.#within(0, this.#bytes.length, (tag, start, end) =>
      tag === resourceLogs ? this.#within(start, end, (inner, from, to) => this.#scope(inner, from, to)) : stays,
    );
  }

  #scope(tag: number, start: number, end: number): Piece | undefined {
    if (tag !== scopeLogs) return stays;
    const judge = this.#judgeOf(this.#nameIn(start, end));
    return this.#within(start, end, (inner, from, to) => (inner === logRecord ? this.#record(from, to, judge) : stays));
  }

  #record(start: number, end: number, judge: LogJudge): Piece | undefined {
    const event = this.#eventOf(start, end);
    return this.#within(start, end, (tag, from, to) => {
      if (tag === attribute) return this.#goes(from, to, event, judge) ? undefined : stays;
      return tag === body ? this.#body(from, to, event, judge) : stays;
    });
  }

  /** A map loses members, anything else all or nothing. */
  #body(start: number, end: number, event: string, judge: LogJudge): Piece | undefined {
    let isMap = false;
    const cut = this.#within(start, end, (tag, from, to) => {
      if (tag !== mapValue) return stays;
      isMap = true;
      return this.#within(from, to, (inner, entry, entryEnd) =>
        inner === mapEntry && this.#goes(entry, entryEnd, event, judge) ? undefined : stays,
      );
    });
    return isMap || !judge.bodyGoes(event) ? cut : undefined;
  }

  #goes(start: number, end: number, event: string, judge: LogJudge): boolean {
    let key = -1;
    this.#each(start, end, (tag, from, to) => {
      if (tag === keyValueKey) key = this.#keys.find(this.#bytes, this.#view, from, to);
    });
    if (judge.goes(event, key)) return true;
    return 0 <= key && judge.isMixed(key) && !this.#isClean(start, end, judge);
  }

  #isClean(start: number, end: number, judge: LogJudge): boolean {
    let clean = true;
    this.#each(start, end, (tag, from, to) => {
      if (tag !== keyValueValue) return;
      this.#each(from, to, (inner, text, textEnd) => {
        if (inner !== textValue) return;
        clean = textEnd - text <= textBytesMax && judge.isClean(utf8(this.#bytes, text, textEnd));
      });
    });
    return clean;
  }

  #nameIn(start: number, end: number): string {
    let name = "";
    this.#each(start, end, (tag, from, to) => {
      if (tag !== scope) return;
      this.#each(from, to, (inner, text, textEnd) => {
        if (inner === scopeName) name = this.#text(text, textEnd);
      });
    });
    return name;
  }

  /** The field of today, or else the attribute of before. */
  #eventOf(start: number, end: number): string {
    let name = "";
    let named = "";
    this.#each(start, end, (tag, from, to) => {
      if (tag === eventName) name = this.#text(from, to);
      if (tag === attribute) named = this.#eventNameIn(from, to) ?? named;
    });
    return name === "" ? named : name;
  }

  #eventNameIn(start: number, end: number): string | undefined {
    let isName = false;
    let found: string | undefined;
    this.#each(start, end, (tag, from, to) => {
      if (tag === keyValueKey) isName = to - from === eventNameKey.length && this.#text(from, to) === eventNameKey;
      if (tag !== keyValueValue || !isName) return;
      this.#each(from, to, (inner, text, textEnd) => {
        if (inner === textValue) found = this.#text(text, textEnd);
      });
    });
    return found;
  }

  #text(start: number, end: number): string {
    return utf8(this.#bytes, start, Math.min(end, start + nameBytesMax));
  }

  /** Calls for every field that has a length. */
  #each(start: number, end: number, take: (tag: number, start: number, end: number) => void): void {
    const reader = new Reader(this.#bytes, start, end);
    while (reader.position < end) {
      const tag = reader.tag();
      if ((tag & 7) !== 2) {
        reader.skip(tag);
        continue;
      }
      const to = reader.contentEnd();
      take(tag, reader.position, to);
      reader.position = to;
    }
  }

  /**
   * The content of a message after `edit` saw each of its fields that has a length: the content that the field has now,
   * `stays` for the one that it had, undefined where it goes.
   */
  #within(start: number, end: number, edit: (tag: number, start: number, end: number) => Piece | undefined): Piece {
    const pieces: Piece[] = [];
    let kept = start;
    const reader = new Reader(this.#bytes, start, end);
    while (reader.position < end) {
      const at = reader.position;
      const tag = reader.tag();
      if ((tag & 7) !== 2) {
        reader.skip(tag);
        continue;
      }
      const to = reader.contentEnd();
      const from = reader.position;
      reader.position = to;
      const now = edit(tag, from, to);
      if (now === stays || (now?.length === to - from && now.byteOffset === this.#bytes.byteOffset + from)) continue;
      if (kept < at) pieces.push(this.#bytes.subarray(kept, at));
      if (now) pieces.push(headerOf(tag, now.length), now);
      kept = to;
    }
    if (kept === start) return this.#bytes.subarray(start, end);
    if (kept < end) pieces.push(this.#bytes.subarray(kept, end));
    return joined(pieces);
  }
}

const eventNameKey = "event.name";
/** A field that is as it was. */
const stays: Piece = new Uint8Array(0);

function headerOf(tag: number, length: number): Piece {
  const writer = new Writer(16);
  writer.varint(tag);
  writer.varint(length);
  return writer.bytes.subarray(0, writer.position);
}

function joined(pieces: readonly Piece[]): Piece {
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
