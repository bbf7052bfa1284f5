/** What `price` was given besides options: the layers that follow the one of `--prices`, and the file of records. */
export interface PriceOperands {
  readonly layers: readonly string[];
  /** A path, or `-` for standard input. */
  readonly file: string;
}

/**
 * `--prices A B records.jsonl` reads as two layers and a file: the last operand is the file,
 * unless it can only be a layer. Undefined when there is more than one file.
 */
export function priceOperands(prices: readonly string[], operands: readonly string[]): PriceOperands | undefined {
  const last = operands.at(-1);
  const hasFile = last !== undefined && !(prices.length > 0 && isLayer(last));
  const more = hasFile ? operands.slice(0, -1) : operands;
  if (prices.length === 0 && more.length > 0) return undefined;
  return { layers: [...prices, ...more], file: hasFile ? last : "-" };
}

/** Usage records are JSON lines, so what ends in .yaml is a price file. */
function isLayer(operand: string): boolean {
  return /^(bundled$|litellm(-fill)?:)|\.ya?ml$/.test(operand);
}
