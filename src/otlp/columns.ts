// What the tables of an index and of its edits hold, column by column. Plain constants, not members of an object: builds put
// their values where they are used, and the tables are what the time goes into.

// Columns of `resources`. Offsets are into the request; `tag` is where the field that holds the message starts.
export const resourceTag = 0;
export const resourceStart = 1;
export const resourceEnd = 2;
export const resourceRowsStart = 3;
export const resourceRowsEnd = 4;
export const resourceSchemaTag = 5;
export const resourceSchemaEnd = 6;
export const resourceWidth = 7;

// Columns of `scopes`.
export const scopeTag = 0;
export const scopeStart = 1;
export const scopeEnd = 2;
export const scopeResource = 3;
export const scopeNameStart = 4;
export const scopeNameEnd = 5;
export const scopeVersionStart = 6;
export const scopeVersionEnd = 7;
export const scopeSchemaTag = 8;
export const scopeSchemaEnd = 9;
export const scopeWidth = 10;

// Columns of `spans`. Offsets are -1 where the span does not have the field; `kind` and `status` are values.
export const spanTag = 0;
export const spanStart = 1;
export const spanEnd = 2;
export const spanScope = 3;
export const spanTraceId = 4;
export const spanSpanId = 5;
export const spanParentSpanId = 6;
export const spanNameStart = 7;
export const spanNameEnd = 8;
export const spanKind = 9;
export const spanStartTime = 10;
export const spanEndTime = 11;
export const spanStatus = 12;
export const spanRowsStart = 13;
export const spanRowsEnd = 14;
export const spanTraceStateStart = 15;
export const spanTraceStateEnd = 16;
export const spanWidth = 17;

// Columns of `rows`: one declared attribute, from its tag to its end, and its AnyValue.
export const rowKey = 0;
export const rowTag = 1;
export const rowEnd = 2;
export const rowKeyStart = 3;
export const rowKeyEnd = 4;
export const rowValueStart = 5;
export const rowValueEnd = 6;
export const rowWidth = 7;

// Columns of `changes`: a whole attribute in `written`, its AnyValue, its key, the next one added to the same span.
export const changeStart = 0;
export const changeEnd = 1;
export const changeValueStart = 2;
export const changeKey = 3;
export const changeNext = 4;
export const changeWidth = 5;

// Columns of the edits of a span: the first and the last added change plus 1, 0 for none, and whether anything differs.
export const editedFirst = 0;
export const editedLast = 1;
export const editedTouched = 2;
export const editedWidth = 3;

/** A slot of a key that the span does not have; the others are an attribute row, or a change that was added (`slotOfChange`). */
export const absent = -1;
/** No row. */
export const none = -1;
/** What `rowStates` holds for an attribute row that is as it came; -1 where it is gone, else its new change plus 1. */
export const rowUnchanged = 0;
export const rowRemoved = -1;
