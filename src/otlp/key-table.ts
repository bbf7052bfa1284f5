// Which of the attributes of a span somebody declared. Compares bytes, never strings.
import type { AttributeKeys } from "../core/component.ts";
import { type AttributeKey, attributeKey, attributePrefix } from "./attribute-key.ts";

const slotCount = 4096;

export class KeyTable {
  /** One more than the greatest id in the table. */
  readonly idsEnd: number;
  readonly #slots: (readonly AttributeKey[] | undefined)[] = new Array(slotCount);
  readonly #prefixes: (readonly AttributeKey[] | undefined)[] = new Array(256);
  readonly #declared: Uint8Array;

  /** The union of what the processors declare. */
  constructor(declared: readonly AttributeKeys[]) {
    const exact = [...new Set(declared.flatMap((keys) => keys.exact))].map(attributeKey);
    const prefixes = [...new Set(declared.flatMap((keys) => keys.prefixes))].map(attributePrefix);
    for (const key of exact) {
      const slot = slotOf(key.bytes, 0, key.bytes.length);
      this.#slots[slot] = [...(this.#slots[slot] ?? []), key];
    }
    // The longest prefix is asked first, so that it wins.
    for (const key of prefixes.sort((a, b) => b.bytes.length - a.bytes.length)) {
      const first = key.bytes[0] ?? 0;
      this.#prefixes[first] = [...(this.#prefixes[first] ?? []), key];
    }
    this.idsEnd = Math.max(-1, ...exact.map(({ id }) => id), ...prefixes.map(({ id }) => id)) + 1;
    this.#declared = new Uint8Array(this.idsEnd);
    for (const { id } of [...exact, ...prefixes]) this.#declared[id] = 1;
  }

  declares(key: AttributeKey): boolean {
    return this.#declared[key.id] === 1;
  }

  /** The id of the declared key, or else of the longest declared prefix, that `bytes[start, end)` is; -1 when none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const candidates = this.#slots[slotOf(bytes, start, end)];
    if (candidates !== undefined) {
      for (let i = 0; i < candidates.length; i++) {
        const key = candidates[i]!;
        if (key.bytes.length === end - start && startsWith(bytes, start, key.bytes)) return key.id;
      }
    }
    return end === start ? -1 : this.#findPrefix(bytes, start, end);
  }

  #findPrefix(bytes: Uint8Array, start: number, end: number): number {
    const candidates = this.#prefixes[bytes[start]!];
    if (candidates === undefined) return -1;
    for (let i = 0; i < candidates.length; i++) {
      const key = candidates[i]!;
      if (key.bytes.length <= end - start && startsWith(bytes, start, key.bytes)) return key.id;
    }
    return -1;
  }
}

/** A hash of the length and three bytes: enough to tell some hundred dotted names apart without reading them. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  if (end === start) return 0;
  const length = end - start;
  return (
    (length * 1103 +
      bytes[end - 1]! * 31 +
      bytes[start + (length >> 1)]! * 331 +
      bytes[start + ((length * 3) >> 2)]! * 7) &
    (slotCount - 1)
  );
}

/** Compares backwards: dotted names differ at the end. The caller has checked that there are enough bytes. */
function startsWith(bytes: Uint8Array, start: number, head: Uint8Array): boolean {
  for (let at = head.length - 1; at >= 0; at--) if (bytes[start + at] !== head[at]) return false;
  return true;
}
