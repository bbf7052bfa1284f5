// Which span, which call: 64-bit fingerprints that every replica computes alike. They stand in ledgers for days, so
// the hash never changes; `identity.test.ts` holds its vectors.
// At 1,000 spans a second and 48 hours, two of the 1.7e8 fingerprints meet with a chance of 8e-4.
import { hash } from "node:crypto";
import { murmur64 } from "./murmur.ts";

/** The span itself: what a resend repeats, byte for byte. */
export function spanFingerprint(traceId: string, spanId: string): bigint {
  return murmur64(`${traceId}:${spanId}`, seedOfSpans);
}

/** The call that several spans may speak of, by the id of its response. */
export function callFingerprint(responseId: string): bigint {
  return murmur64(responseId, seedOfCalls);
}

/**
 * The model's name as far as layers agree on it, in 32 bits: without the path of a router and the date of a snapshot.
 * 0 when it is not known.
 */
export function modelFingerprint(model: string | undefined): number {
  if (!model) return 0;
  const known = models.get(model);
  if (known !== undefined) return known;
  const name = model.toLowerCase().split("/").at(-1) ?? "";
  const undated = name.replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2})$/, "");
  const found = Number(murmur64(undated, seedOfModels) >> 32n) || 1;
  if (modelsMax <= models.size) models.clear();
  models.set(model, found);
  return found;
}

const seedOfSpans = 1;
const seedOfCalls = 2;
const seedOfModels = 3;

/** Models and tenants are few, and asked about with every call. */
const models = new Map<string, number>();
const modelsMax = 1000;
const tenantKeys = new Map<string, string>();
const tenantKeysMax = 10_000;

/**
 * A tenant as a part of keys: percent-encoded where it is short, else hashed. `=` never comes out of the encoding, so
 * that no tenant can be named like the hash of another.
 */
export function ledgerKey(tenant: string): string {
  const known = tenantKeys.get(tenant);
  if (known !== undefined) return known;
  const encoded = percentEncoded(tenant);
  const key = encoded.length <= keyCharactersMax ? encoded : `=${hash("sha256", tenant, "base64url").slice(0, 22)}`;
  if (tenantKeysMax <= tenantKeys.size) tenantKeys.clear();
  tenantKeys.set(tenant, key);
  return key;
}

/** Six hexadecimal digits that change when `text` does. */
export function revisionOf(text: string): string {
  return hash("sha256", text, "hex").slice(0, 6);
}

const keyCharactersMax = 64;
const encoder = new TextEncoder();

function percentEncoded(text: string): string {
  if (/^[A-Za-z0-9._~-]*$/.test(text)) return text;
  let encoded = "";
  for (const byte of encoder.encode(text)) {
    const character = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    if (encoded.length > keyCharactersMax) return encoded;
  }
  return encoded;
}
