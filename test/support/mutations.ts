// The ways in which bytes go wrong.
import { joined } from "./arbitrary-otlp.ts";

/** The same bytes with one to three things wrong, which may leave them as they were. */
export function mutated(original: Uint8Array, random: () => number): Uint8Array {
  let bytes = original;
  for (let hits = 1 + Math.floor(random() * 3); hits > 0; hits--) bytes = mutatedOnce(bytes, random);
  return bytes;
}

export function mutatedOnce(bytes: Uint8Array, random: () => number): Uint8Array {
  return mutations[Math.floor(random() * mutations.length)]!(bytes, random);
}

const mutations: readonly ((bytes: Uint8Array, random: () => number) => Uint8Array)[] = [
  (bytes, random) => bytes.slice(0, Math.floor(random() * bytes.length)),
  (bytes, random) => changed(bytes, (copy) => (copy[at(copy, random)] = Math.floor(random() * 256))),
  (bytes, random) => changed(bytes, (copy) => (copy[at(copy, random)]! ^= 1 << Math.floor(random() * 8))),
  (bytes, random) => changed(bytes, (copy) => copy.copyWithin(at(copy, random), at(copy, random), at(copy, random))),
  (bytes, random) => changed(bytes, (copy) => copy.fill(0xff, at(copy, random), at(copy, random))),
  (bytes, random) => joined([bytes.slice(0, at(bytes, random)), bytes.slice(at(bytes, random))]),
  (bytes, random) => {
    const place = at(bytes, random);
    const insert = Uint8Array.from({ length: 1 + Math.floor(random() * 6) }, () => Math.floor(random() * 256));
    return joined([bytes.slice(0, place), insert, bytes.slice(place)]);
  },
];

function at(bytes: Uint8Array, random: () => number): number {
  return Math.floor(random() * bytes.length);
}

function changed(bytes: Uint8Array, change: (copy: Uint8Array) => unknown): Uint8Array {
  const copy = bytes.slice();
  change(copy);
  return copy;
}
