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

/** The output of a span, where it is charged apart from its input. */
export function outputFingerprint(span: bigint): bigint {
  return span ^ outputMask;
}

/** A stem of a model's name (`genai/same-call.ts`), an emitter or a tenant, in 32 bits; never 0. */
export function nameFingerprint(name: string): number {
  const known = names.get(name);
  if (known !== undefined) return known;
  const found = Number(murmur64(name, seedOfNames) >> 32n) || 1;
  if (namesMax <= names.size) names.clear();
  names.set(name, found);
  return found;
}

export function tenantFingerprint(tenant: string): bigint {
  const known = tenants.get(tenant);
  if (known !== undefined) return known;
  const found = murmur64(tenant, seedOfTenants);
  if (tenantKeysMax <= tenants.size) tenants.clear();
  tenants.set(tenant, found);
  return found;
}

/** What spans have in common, written out. */
export function trailerFingerprint(text: string): bigint {
  return murmur64(text, seedOfTrailers);
}

/** Any pattern of bits would do; it never changes. */
const outputMask = 0x9e37_79b9_7f4a_7c15n;
const seedOfSpans = 1;
const seedOfCalls = 2;
const seedOfNames = 3;
const seedOfTrailers = 4;
const seedOfTenants = 5;

/** Models, emitters and tenants are few, and asked about with every call. */
const names = new Map<string, number>();
const namesMax = 10_000;
const tenants = new Map<string, bigint>();
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
