// A cost as a person reads it: every line of the arithmetic, and the row that the prices are from.
import type { CostJson } from "../src/pricing/cost-json.ts";

/** Lines without indentation; none for a cost without a price. */
export function costLines(answer: CostJson): readonly string[] {
  if (answer.status === "unpriced") return flagsOf(answer);
  const found = answer.model ? [`row ${answer.model} (${answer.match}) of ${answer.layer} ${answer.version}`] : [];
  return [
    ...found,
    ...columns([
      ...(answer.lines ?? []).map((line) => [line.bucket, line.quantity, "x", line.usd_per_unit, "=", line.usd]),
      ...(answer.multipliers ?? []).map(({ reason, factor }) => [reason, "", "x", factor, "", ""]),
      ["charged", "", "", "", "=", `${answer.nano_usd} nano-USD`],
    ]),
    ...flagsOf(answer),
  ];
}

function flagsOf({ flags }: CostJson): readonly string[] {
  return flags && flags.length > 0 ? [`flags: ${flags.join(", ")}`] : [];
}

/** Rows with their words on the left and their figures on the right. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => {
    const cells = widths.map((width, column) =>
      column === 0 ? (row[column] ?? "").padEnd(width) : (row[column] ?? "").padStart(width),
    );
    return [...cells, row[5]].join(" ").trimEnd();
  });
}
