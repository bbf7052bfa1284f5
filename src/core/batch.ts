// What flows: requests as they arrive, batches while processors hold them, encoded bytes on their way out.
// Who holds a batch owns it; passing it on gives it away.

export const signals = ["traces", "metrics", "logs"] as const;
export type Signal = (typeof signals)[number];

/** What came beside a request. Immutable; kept in queue records too. */
export interface Context {
  /** Request headers by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Who the receiver's authenticator says the sender is. */
  readonly subject: string | undefined;
  /** Address of the sender, for logs. */
  readonly peer: string;
}

/** A request as a receiver hands it in: one OTLP export request in protobuf, whatever its form on the wire was. */
export interface Arrival {
  readonly signal: Signal;
  readonly bytes: Uint8Array;
  readonly context: Context;
  readonly transport: "http" | "grpc";
}

/** Received bytes while processors hold them. Traces are `otlp/trace-batch.ts`, the other signals are opaque. */
export interface Batch {
  readonly signal: Signal;
  /** Spans, log records or data points. */
  readonly items: number;
  readonly context: Context;
  /** Carrier of the findings that processors leave for each other. */
  readonly notes: object;
  /** What must be awaited before the sender is acknowledged. A rejection with `Refused` refuses the request. */
  readonly pending: Promise<unknown>[];
  /** Writes bytes and edits once. Nobody may touch the batch afterwards. */
  encode(): Encoded;
}

/** What exporters get. Immutable and shared between them. */
export interface Encoded {
  readonly signal: Signal;
  readonly bytes: Uint8Array;
  readonly items: number;
  readonly context: Context;
  readonly notes: object;
  /**
   * Gives the memory of `bytes` back to where it came from, to be used again. Only who knows that nobody reads them any
   * more may call it, once; memory that nobody gives back is collected like any other.
   */
  readonly release?: () => void;
}
