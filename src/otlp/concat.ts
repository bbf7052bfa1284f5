// Batching without decoding: the requests of OTLP hold one repeated field, so requests one after the other are a request.
// https://protobuf.dev/programming-guides/encoding/#last-one-wins
import type { Context, Encoded } from "../core/batch.ts";

/**
 * One request that says what all of these say. They are of one signal, and at least one. To give its memory back is to
 * give theirs back.
 */
export function concat(several: readonly Encoded[]): Encoded {
  const first = several[0]!;
  if (several.length === 1) return first;
  let length = 0;
  let items = 0;
  for (const one of several) {
    length += one.bytes.length;
    items += one.items;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const one of several) {
    bytes.set(one.bytes, at);
    at += one.bytes.length;
  }
  const sameSender = several.every((one) => one.context === first.context);
  const release = (): void => {
    for (const one of several) one.release?.();
  };
  return {
    signal: first.signal,
    bytes,
    items,
    context: sameSender ? first.context : severalSenders,
    notes: {},
    release,
  };
}

/** Headers of one sender must not be taken for those of another. */
const severalSenders: Context = { headers: {}, subject: undefined, peer: "several senders" };
