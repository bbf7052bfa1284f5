// Which records of the log wait, in order: 24 bytes each, so that a backlog of millions does not fill the memory.

export interface Waiter {
  /** Number of its record. */
  readonly record: number;
  readonly items: number;
  readonly bytes: number;
  /** Monotonic milliseconds; 0 when it waits since before the start. */
  readonly since: number;
}

const chunkWaiters = 1024;

export class Fifo {
  items = 0;
  bytes = 0;
  #chunks: Chunk[] = [];
  /** Position of the oldest within the first chunk. */
  #start = 0;

  put({ record, items, bytes, since }: Waiter): void {
    let last = this.#chunks.at(-1);
    if (last === undefined || last.length === chunkWaiters) {
      last = new Chunk();
      this.#chunks.push(last);
    }
    const at = last.length++;
    last.records[at] = record;
    last.since[at] = since;
    last.items[at] = items;
    last.bytes[at] = bytes;
    this.items += items;
    this.bytes += bytes;
  }

  peek(): Waiter | undefined {
    const chunk = this.#chunks[0];
    const at = this.#start;
    if (chunk === undefined || chunk.length <= at) return undefined;
    const { records, items, bytes, since } = chunk;
    return { record: records[at] ?? 0, items: items[at] ?? 0, bytes: bytes[at] ?? 0, since: since[at] ?? 0 };
  }

  take(): Waiter | undefined {
    const oldest = this.peek();
    if (oldest === undefined) return undefined;
    this.items -= oldest.items;
    this.bytes -= oldest.bytes;
    this.#start++;
    if (this.#start === chunkWaiters) {
      this.#chunks.shift();
      this.#start = 0;
    }
    return oldest;
  }
}

class Chunk {
  length = 0;
  readonly records = new Float64Array(chunkWaiters);
  readonly since = new Float64Array(chunkWaiters);
  readonly items = new Uint32Array(chunkWaiters);
  readonly bytes = new Uint32Array(chunkWaiters);
}
