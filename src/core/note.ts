/**
 * A typed finding that travels beside a batch, or a typed thing that components of one service share.
 * The carrier knows nothing of what hangs on it; only who holds the note can read it.
 */
export class Note<T> {
  readonly name: string;
  readonly #values = new WeakMap<object, T>();

  constructor(name: string) {
    this.name = name;
  }

  get(carrier: object): T | undefined {
    return this.#values.get(carrier);
  }

  set(carrier: object, value: T): void {
    this.#values.set(carrier, value);
  }
}
