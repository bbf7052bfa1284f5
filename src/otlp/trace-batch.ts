// A traces request while processors hold it: the received bytes, the index, the edits. The tables behind them are large
// and used again and again; `TraceBatches` hands them out, and a batch gives them back when it is encoded or dropped.
import { AssertionError, strict as assert } from "node:assert";
import type { Arrival, Batch, Context, Encoded } from "../core/batch.ts";
import type { AttributeKeys } from "../core/component.ts";
import { Edits } from "./edits.ts";
import { KeyTable } from "./key-table.ts";
import { OutputMemory } from "./output-memory.ts";
import { refuseMalformed } from "./refuse-malformed.ts";
import { SpanView } from "./span-view.ts";
import { Splicer } from "./splice.ts";
import { TraceIndex } from "./trace-index.ts";

/** How many sets of tables wait to be used again: processing is synchronous, so more than a few are never out. */
const sparesMax = 4;

const nothing = new Uint8Array(0);

/** Makes batches for the pipelines that share a set of declared keys. */
export class TraceBatches {
  readonly #keys: KeyTable;
  readonly #memory = new OutputMemory();
  readonly #indexes: TraceIndex[] = [];
  readonly #desks: Desk[] = [];

  constructor(declared: readonly AttributeKeys[]) {
    this.#keys = new KeyTable(declared);
  }

  /**
   * Indexes a request once and makes `count` batches of it, each with edits of its own.
   * Throws `Refused("malformed")` when the bytes are no ExportTraceServiceRequest.
   */
  read(arrival: Arrival, count = 1): readonly TraceBatch[] {
    const index = this.#indexes.pop() ?? new TraceIndex(this.#keys);
    try {
      index.read(arrival.bytes);
    } catch (error) {
      this.#keepIndex(index);
      refuseMalformed(error, "traces");
    }
    let users = count;
    const done = (desk: Desk) => {
      if (this.#desks.length < sparesMax) this.#desks.push(desk);
      if (--users === 0) this.#keepIndex(index);
    };
    const batches: TraceBatch[] = [];
    for (let made = 0; made < count; made++) batches.push(new TraceBatch(arrival, index, this.#takeDesk(index), done));
    return batches;
  }

  #takeDesk(index: TraceIndex): Desk {
    const at = this.#desks.findLastIndex((desk) => desk.index === index);
    const desk = at < 0 ? new Desk(index, this.#memory) : this.#desks.splice(at, 1)[0]!;
    desk.edits.reset(index);
    return desk;
  }

  #keepIndex(index: TraceIndex): void {
    index.bytes = nothing;
    if (this.#indexes.length < sparesMax) this.#indexes.push(index);
  }
}

/** What one batch works with: edits over an index, the view on both, and the splicer that joins them. */
class Desk {
  readonly index: TraceIndex;
  readonly edits = new Edits();
  readonly view: SpanView;
  readonly splicer: Splicer;
  readonly memory: OutputMemory;

  constructor(index: TraceIndex, memory: OutputMemory) {
    this.index = index;
    this.memory = memory;
    this.view = new SpanView(index, this.edits);
    this.splicer = new Splicer(index, this.edits, memory);
  }
}

export class TraceBatch implements Batch {
  readonly signal = "traces";
  readonly items: number;
  readonly context: Context;
  readonly notes = {};
  readonly pending: Promise<unknown>[] = [];
  readonly #done: (desk: Desk) => void;
  #desk: Desk | undefined;

  constructor(arrival: Arrival, index: TraceIndex, desk: Desk, done: (desk: Desk) => void) {
    this.items = index.spans.length;
    this.context = arrival.context;
    this.#desk = desk;
    this.#done = done;
    desk.view.decodedBytes = 0;
  }

  /** The view, pointed at a span. There is one per batch: asking for another span moves it. */
  span(at: number): SpanView {
    return this.#open().view.moveTo(at);
  }

  /** The request as it came. Nobody may change it. */
  get received(): Uint8Array {
    return this.#open().index.bytes;
  }

  /** Bytes of text that were decoded so far. */
  get decodedBytes(): number {
    return this.#open().view.decodedBytes;
  }

  encode(): Encoded {
    const { splicer, edits, memory } = this.#open();
    const bytes = splicer.encode();
    const isNew = edits.any;
    this.drop();
    const { signal, items, context, notes } = this;
    if (!isNew) return { signal, bytes, items, context, notes };
    return { signal, bytes, items, context, notes, release: once(() => memory.give(bytes)) };
  }

  /** Gives the tables back without encoding. Safe twice. */
  drop(): void {
    const desk = this.#desk;
    this.#desk = undefined;
    if (desk) this.#done(desk);
  }

  #open(): Desk {
    const desk = this.#desk;
    if (desk === undefined) throw new AssertionError({ message: "a batch was used after it was passed on" });
    return desk;
  }
}

/** The batch as what it is where only traces come: in processors that are declared for traces alone. */
export function traceBatch(batch: Batch): TraceBatch {
  assert(batch instanceof TraceBatch, `${batch.signal} have no spans`);
  return batch;
}

/** Memory that were given back twice would be handed to two. */
function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}
