// What the first four bytes of the usual fields look like, read as one little-endian number. A mask leaves what is the
// same in all of them. Plain constants of a module of their own: builds put their values where they are used.

/** An attribute of a span with a length below 128: its tag, that length, the tag and the length of its key. */
export const attribute = 0x0a004a;
export const attributeMask = 0xff80ff;
/** The same with a length of two bytes: its tag, that length, the tag of its key. */
export const longAttribute = 0x80_4a;
export const longAttributeMask = 0x80_80ff;
/** A text behind a key: the tag and the length of the value, then those of the text in it. */
export const textValue = 0x0a0012;
/** An int behind a key: the tag and the length of the value, then the tag of the int in it, and its first byte. */
export const intValue = 0x180012;
export const intValueMask = 0xffffff;
/** The flags of a span: field 16, four bytes fixed, with a tag of two bytes. */
export const flags = 0x0185;
export const flagsMask = 0xffff;

/** One more than the last tag of AnyValue's oneof, which is field 8. */
export const valueTagsEnd = 72;
