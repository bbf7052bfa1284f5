// Who wrote what on a span, and from which source: recorded only where somebody asks (`explain`).
import { Note } from "../core/note.ts";

export type TrailValue = string | number | bigint | boolean | readonly string[];

export interface TrailEntry {
  readonly key: string;
  readonly value: TrailValue;
  /** The key that the value was read from; empty where it was not read from one. */
  readonly from: string;
  readonly rule: string;
}

/** What processors did to the spans of one batch. */
export class Trail {
  readonly #set = new Map<number, TrailEntry[]>();
  readonly #removed = new Map<number, string[]>();

  set(span: number, entry: TrailEntry): void {
    const entries = this.#set.get(span);
    if (entries) entries.push(entry);
    else this.#set.set(span, [entry]);
  }

  removed(span: number, key: string): void {
    const keys = this.#removed.get(span);
    if (keys) keys.push(key);
    else this.#removed.set(span, [key]);
  }

  setOn(span: number): readonly TrailEntry[] {
    return this.#set.get(span) ?? [];
  }

  removedFrom(span: number): readonly string[] {
    return this.#removed.get(span) ?? [];
  }
}

/** Put on a batch's notes by whoever wants to know; processors record into it when it is there. */
export const trails = new Note<Trail>("trail");
