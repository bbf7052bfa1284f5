/** Bytes that are no protobuf. Thrown by this folder alone; `otlp` turns it into `Refused("malformed")`. */
export class Malformed extends Error {
  override readonly name = "Malformed";
  /** Where in the bytes, counted from 0. */
  readonly offset: number;

  constructor(what: string, offset: number) {
    super(`${what} at byte ${offset}`);
    this.offset = offset;
  }
}
