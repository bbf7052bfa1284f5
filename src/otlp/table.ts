/** Rows of `width` 32-bit numbers in one growing array, used again request after request. */
export class Table {
  values: Int32Array;
  length = 0;
  readonly width: number;

  constructor(width: number, rows = 64) {
    this.width = width;
    this.values = new Int32Array(width * rows);
  }

  /** Adds a row and returns its number; it holds what was there before. `values` may be another array afterwards. */
  append(): number {
    const end = ++this.length * this.width;
    if (end > this.values.length) this.#growTo(end);
    return this.length - 1;
  }

  /** Adds a row of zeros and returns its number. */
  appendZeros(): number {
    this.appendMany(1);
    return this.length - 1;
  }

  /** Adds `count` rows of zeros. */
  appendMany(count: number): void {
    const start = this.length * this.width;
    this.length += count;
    const end = this.length * this.width;
    if (end > this.values.length) this.#growTo(end);
    this.values.fill(0, start, end);
  }

  #growTo(end: number): void {
    const grown = new Int32Array(Math.max(end, this.values.length * 2));
    grown.set(this.values);
    this.values = grown;
  }

  at(row: number, column: number): number {
    return this.values[row * this.width + column]!;
  }

  set(row: number, column: number, value: number): void {
    this.values[row * this.width + column] = value;
  }

  /** Forgets the rows, and the memory too where one huge request has blown it up. */
  clear(): void {
    this.length = 0;
    if (this.values.length > valuesKept) this.values = new Int32Array(this.width * 64);
  }
}

/** 1 Mi numbers are 4 MiB: enough for a request of 10,000 LLM spans. */
const valuesKept = 1 << 20;
