// What was written and is not on disk yet: later reads see it at once, and one commit takes all of it.
import { type KeyRange, SortedKeys } from "../../core/sorted-keys.ts";

/** Keys with their new values; undefined is a removal. */
export class Overlay {
  readonly #values = new Map<string, Uint8Array | undefined>();
  readonly #keys = new SortedKeys();

  get size(): number {
    return this.#values.size;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  get(key: string): Uint8Array | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Uint8Array | undefined): void {
    if (!this.#values.has(key)) this.#keys.add(key);
    this.#values.set(key, value);
  }

  /** Forgets that a key was written. */
  drop(key: string): void {
    if (this.#values.delete(key)) this.#keys.remove(key);
  }

  walk(range: KeyRange): Iterable<string> {
    return this.#keys.walk(range);
  }

  entries(): Iterable<[string, Uint8Array | undefined]> {
    return this.#values.entries();
  }

  /** Writes all of this over `older`. */
  pourOver(older: Overlay): void {
    for (const [key, value] of this.#values) older.set(key, value);
  }
}
