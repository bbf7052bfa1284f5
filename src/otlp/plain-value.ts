// Attribute values of the usual kind, told by looking at their first bytes.

/** Where a value starts whose length prefix is at `at` and which fills the attribute up to `end`; -1 unless it is one plain value. */
export function plainValueStart(bytes: Uint8Array, at: number, end: number): number {
  let length = 0;
  let start = at;
  for (let shift = 0; shift < 28 && start < end; shift += 7) {
    const byte = bytes[start++]!;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return start + length === end && isPlainValue(bytes, start, end) ? start : -1;
  }
  return -1;
}

/** Whether `[start, end)` is a KeyValue with a short key and then one plain value. */
export function isPlainAttribute(bytes: Uint8Array, start: number, end: number): boolean {
  const keyLength = start + 2 <= end ? bytes[start + 1]! : 0x80;
  const keyEnd = start + 2 + keyLength;
  if (bytes[start] !== 0x0a || keyLength > 0x7f || keyEnd + 2 > end || bytes[keyEnd] !== 0x12) return false;
  return plainValueStart(bytes, keyEnd + 1, end) >= 0;
}

/** Whether `[start, end)` is exactly one string, bool, int or double. */
function isPlainValue(bytes: Uint8Array, start: number, end: number): boolean {
  if (start >= end) return false;
  const tag = bytes[start]!;
  let at = start + 1;
  if (tag === 0x21) return end - at === 8;
  if (tag === 0x0a) {
    let length = 0;
    for (let shift = 0; shift < 28 && at < end; shift += 7) {
      const byte = bytes[at++]!;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) return at + length === end;
    }
    return false;
  }
  if (tag !== 0x18 && tag !== 0x10) return false;
  return isVarint(bytes, at, end);
}

/** Whether `[start, end)` is exactly one varint of up to 64 bits. */
export function isVarint(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && bytes[at]! > 0x7f) at++;
  return at + 1 === end && end - start <= 10;
}
