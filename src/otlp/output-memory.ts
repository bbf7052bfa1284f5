// Memory for the requests that leave. What nobody reads any more is given back and used again, the latest first: it is
// warm, while new memory of this size comes from the system page by page. What is not given back is garbage like any
// other: to forget it costs time, and to give it back too early is the only fault there is.

/** Below this, new memory costs as little. */
const pooledFrom = 16 * 1024;
/** Bytes that wait to be used again, at most. */
const spareBytesMax = 8 * 1024 * 1024;
/** A spare array is taken for what fills at least this share of it, so that a queue holds little more than its requests. */
const fillMin = 0.75;

export class OutputMemory {
  readonly #spares: ArrayBuffer[] = [];
  #spareBytes = 0;

  /** An array of at least `length` bytes; what it holds is left from before. */
  take(length: number): Uint8Array {
    for (let at = this.#spares.length - 1; at >= 0; at--) {
      const spare = this.#spares[at]!;
      if (spare.byteLength < length || spare.byteLength * fillMin > length) continue;
      this.#spares.splice(at, 1);
      this.#spareBytes -= spare.byteLength;
      return new Uint8Array(spare);
    }
    return new Uint8Array(length);
  }

  /** Takes back an array, or the beginning of one, that `take` gave. Nobody may read or write it afterwards. */
  give(bytes: Uint8Array): void {
    const { buffer } = bytes;
    if (buffer.byteLength < pooledFrom || this.#spareBytes + buffer.byteLength > spareBytesMax) return;
    this.#spares.push(buffer as ArrayBuffer);
    this.#spareBytes += buffer.byteLength;
  }
}
