// What the tables of an index hold, column by column.

/** Columns of `resources`. Offsets are into the request; `tag` is where the field that holds the message starts. */
export const resourceColumns = {
  tag: 0,
  start: 1,
  end: 2,
  rowsStart: 3,
  rowsEnd: 4,
  schemaTag: 5,
  schemaEnd: 6,
} as const;
/** Columns of `scopes`. */
export const scopeColumns = {
  tag: 0,
  start: 1,
  end: 2,
  resource: 3,
  nameStart: 4,
  nameEnd: 5,
  versionStart: 6,
  versionEnd: 7,
  schemaTag: 8,
  schemaEnd: 9,
} as const;
/** Columns of `spans`. Offsets are -1 where the span does not have the field; `kind` and `status` are values. */
export const spanColumns = {
  tag: 0,
  start: 1,
  end: 2,
  scope: 3,
  traceId: 4,
  spanId: 5,
  parentSpanId: 6,
  nameStart: 7,
  nameEnd: 8,
  kind: 9,
  startTime: 10,
  endTime: 11,
  status: 12,
  rowsStart: 13,
  rowsEnd: 14,
  traceStateStart: 15,
  traceStateEnd: 16,
} as const;
/** Columns of `rows`: one declared attribute, from its tag to its end, and its AnyValue. */
export const rowColumns = { key: 0, tag: 1, end: 2, keyStart: 3, keyEnd: 4, valueStart: 5, valueEnd: 6 } as const;
