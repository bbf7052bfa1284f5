// The component contract. One folder per component, one declaration per folder; the registry is a list of them.
// `prepare` checks settings and does nothing else, `create` wires, `start` does I/O.
import type { z } from "zod";
import type { Arrival, Batch, Encoded, Signal } from "./batch.ts";
import type { Held } from "./hold.ts";
import type { Host } from "./host.ts";

/** Anything the service starts (exporters first) and stops (receivers first). */
export interface Component {
  /** Opens sockets and starts timers. A rejection aborts the start of the service. */
  start?(): Promise<void>;
  /** Takes nothing new, passes on what it holds, lets go of everything. Safe without `start`, and twice. */
  stop?(deadline: AbortSignal): Promise<void>;
}

/**
 * Takes charge of a request once it resolves, with the number of items taken.
 * Rejects with `Refused` to hand it back to the sender.
 */
export type Accept = (arrival: Arrival) => Promise<number>;

/** Where a receiver delivers: a signal without a pipeline is absent. */
export type Doors = ReadonlyMap<Signal, Accept>;

/** The span and resource attributes that a processor reads or writes. Only these are indexed. */
export interface AttributeKeys {
  readonly exact: readonly string[];
  readonly prefixes: readonly string[];
  /** The events of spans, their names and their status are indexed for changes too; left out, they are passed over. */
  readonly events?: boolean;
}

/** How a `batch` processor asks the exporters of its pipeline to batch. */
export interface Batching {
  readonly flushTimeoutMs: number;
  readonly itemsMin: number;
  /** 0 is no limit. */
  readonly itemsMax: number;
}

/** Turns a batch into the batch to pass on, or into nothing. Does not know its neighbours. */
export interface Processor extends Component {
  readonly keys?: AttributeKeys;
  readonly batching?: Batching;
  process(batch: Batch): Batch | undefined;
  /**
   * The same for spans that it has seen already, which waited and are about to leave (`core/hold.ts`): writes what is to
   * be said of them now, and counts, charges and refuses nothing. Absent where `process` does no more than that.
   */
  stampAgain?(batch: Batch): Batch | undefined;
}

/** Room in an exporter, held for one request. */
export interface Reservation {
  /** Where there is no room yet: resolves when there is, rejects with `Refused`. `commit` comes after it. */
  readonly ready?: Promise<void>;
  /** Takes the bytes over; resolves when they are as safe as this exporter makes them. */
  commit(encoded: Encoded): Promise<void> | void;
  /**
   * Takes spans over as `commit` does, and lets them wait: beside or instead of `commit`, for a part of the bytes that
   * there is room for. `end` is for the exporter, to end the wait before its time. Absent where nothing can wait.
   */
  hold?(encoded: Encoded, end: () => void): Held;
  /** Gives the room back. */
  release(): void;
}

export interface Exporter extends Component {
  /**
   * Sets room aside, or throws `Refused`: all exporters of a pipeline reserve before any commits.
   * `load` is what comes, for queues that count items and for the counters of what is refused.
   */
  reserve(bytes: number, load?: Pick<Batch, "signal" | "items">): Reservation;
}

export type Receiver = Component;
export type Extension = Component;

/** Reads files that settings name. Relative paths start at the working directory. */
export interface Files {
  /** Throws when the file cannot be read. */
  read(path: string): Uint8Array;
}

/** What is wrong with settings, beyond their schema; `path` is within the component's settings. */
export interface Objection {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

export interface Declaration<S extends z.ZodType, Wiring extends unknown[], C> {
  /** The Collector's name where it has the component. */
  readonly type: string;
  /** Other spellings that a Collector file may use. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly signals: readonly Signal[];
  /** Types of processors that must stand before this one in every pipeline. */
  readonly needs?: readonly string[];
  /** Why a reload cannot change or remove it: "what it holds …". Absent: it can. */
  readonly fixed?: string;
  /** Why all of them that pipelines name must say the same: "they charge …". Absent: each may differ. */
  readonly alike?: string;
  /** A strict object; every member has a description and, where possible, a default. */
  readonly settings: S;
  /** What the schema cannot say, and the files that the settings name. Opens nothing else. */
  check?(settings: z.output<S>, files: Files): Iterable<Objection>;
  create(settings: z.output<S>, ...wiring: Wiring): C;
}

export type Prepared<Wiring extends unknown[], C> =
  | { readonly ok: true; readonly settings: unknown; create(...wiring: Wiring): C }
  | { readonly ok: false; readonly issues: readonly z.core.$ZodIssue[]; readonly objections: readonly Objection[] };

/** A declaration as the registry holds it: the settings type is closed over, so that a list can hold them all. */
export interface Kind<Name extends string, Wiring extends unknown[], C> {
  readonly kind: Name;
  readonly about: Omit<Declaration<z.ZodType, Wiring, C>, "create" | "check">;
  prepare(given: unknown, files: Files): Prepared<Wiring, C>;
}

function declare<Name extends string, Wiring extends unknown[], C>(kind: Name) {
  return <S extends z.ZodType>(declared: Declaration<S, Wiring, C>): Kind<Name, Wiring, C> => ({
    kind,
    about: declared,
    prepare(given, files) {
      const read = declared.settings.safeParse(given ?? {}, { reportInput: true });
      if (!read.success) return { ok: false, issues: read.error.issues, objections: [] };
      const objections = [...(declared.check?.(read.data, files) ?? [])];
      if (objections.length > 0) return { ok: false, issues: [], objections };
      return { ok: true, settings: read.data, create: (...wiring) => declared.create(read.data, ...wiring) };
    },
  });
}

export const receiver = declare<"receiver", [doors: Doors, host: Host], Receiver>("receiver");
export const processor = declare<"processor", [host: Host], Processor>("processor");
export const exporter = declare<"exporter", [batching: Batching | undefined, host: Host], Exporter>("exporter");
export const extension = declare<"extension", [host: Host], Extension>("extension");

export type AnyKind =
  | ReturnType<typeof receiver>
  | ReturnType<typeof processor>
  | ReturnType<typeof exporter>
  | ReturnType<typeof extension>;
