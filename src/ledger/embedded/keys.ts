// Every key of the embedded ledger. Parts are separated by "/", which no part contains; times are hexadecimal of fixed
// width, so that the order of keys is the order of time and what has expired is a range.
import { ledgerKey } from "../identity.ts";
import type { PackedSet } from "./packed.ts";

export const hourMs = 3_600_000;

/** `c/<hour in which the last entry expires>/…`: spans of calls that can still outrank each other. */
export function liveCalls(hour: number): PackedSet {
  const known = liveCallSets.get(hour);
  if (known !== undefined) return known;
  if (setsMax <= liveCallSets.size) liveCallSets.clear();
  const set = { prefix: `c/${hourKey(hour)}/`, recordBytes: 0, bucketRecords: 12 };
  liveCallSets.set(hour, set);
  return set;
}

/** `o/<hour of the span's end>/…`: calls that are known, 16 bytes each: fingerprint, first and last second. */
export function oldCalls(hour: number): PackedSet {
  const known = oldCallSets.get(hour);
  if (known !== undefined) return known;
  if (setsMax <= oldCallSets.size) oldCallSets.clear();
  const set = { prefix: `o/${hourKey(hour)}/`, recordBytes: 16, bucketRecords: 64 };
  oldCallSets.set(hour, set);
  return set;
}

/** `d/<hour of the span's end>/…`: what became of spans under tenants, 9 bytes each: a fingerprint of both and a letter. */
export function marks(hour: number): PackedSet {
  const known = markSets.get(hour);
  if (known !== undefined) return known;
  if (setsMax <= markSets.size) markSets.clear();
  const set = { prefix: `d/${hourKey(hour)}/`, recordBytes: 9, bucketRecords: 96 };
  markSets.set(hour, set);
  return set;
}

/** Spans of a batch mostly ended in one hour. */
const liveCallSets = new Map<number, PackedSet>();
const oldCallSets = new Map<number, PackedSet>();
const markSets = new Map<number, PackedSet>();
const setsMax = 10_000;

/** `w/<tenant>/<counter>`. */
export function counterKey(tenant: string, counter: string): string {
  return `w/${ledgerKey(tenant)}/${counter}`;
}

/** `e/<hour>/<key of a counter>`: what to remove when that hour has come. */
export function expiryKey(hour: number, key: string): string {
  return `e/${hourKey(hour)}/${key}`;
}

/** `t/<tenant>`: the directory. */
export function tenantKey(tenant: string): string {
  return `t/${ledgerKey(tenant)}`;
}

/** `h/<tenant>/<hold>`, and `x/<tenant>/<expiry in ms>/<hold>` to find those that are over. */
export function holdKey(tenant: string, id: string): string {
  return `h/${ledgerKey(tenant)}/${ledgerKey(id)}`;
}

export function holdExpiryKey(tenant: string, untilMs: number, id: string): string {
  return `x/${ledgerKey(tenant)}/${msKey(untilMs)}/${ledgerKey(id)}`;
}

/** All holds of a tenant that end at or before an instant. */
export function holdsUntil(tenant: string, untilMs: number): { readonly from: string; readonly to: string } {
  const prefix = `x/${ledgerKey(tenant)}/`;
  return { from: prefix, to: prefix + msKey(untilMs + 1) };
}

export const tenantCountKey = "n/tenants";
export const horizonKey = "n/horizon";

/** All keys of a kind, or those of hours before `hour`. */
export function keysOf(kind: "c" | "o" | "d" | "e" | "t", beforeHour?: number): { from: string; to: string } {
  return { from: `${kind}/`, to: beforeHour === undefined ? `${kind}0` : `${kind}/${hourKey(beforeHour)}` };
}

/** The hour in a key of the kinds `c`, `o`, `d` and `e`. */
export function hourIn(key: string): number {
  return Number.parseInt(key.slice(2, 10), 16);
}

export function hourOf(ms: number): number {
  return Math.max(0, Math.floor(ms / hourMs));
}

function hourKey(hour: number): string {
  return Math.min(Math.max(hour, 0), 0xffffffff).toString(16).padStart(8, "0");
}

function msKey(ms: number): string {
  return Math.min(Math.max(Math.floor(ms), 0), Number.MAX_SAFE_INTEGER)
    .toString(16)
    .padStart(14, "0");
}
