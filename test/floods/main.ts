// `npm run test:floods`: every attack against the built program, one after the other, as a table for docs/delivery.md.
// `-- --seconds 30 --only PING` are its parameters.
import { parseArgs } from "node:util";
import { attacks } from "./attacks.ts";
import { flood } from "./flood.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "15" }, only: { type: "string", default: "" } },
});
const ms = Number(values.seconds) * 1000;

print(
  "| attack | door | connections begun, cut | good answers, others | median, slowest ms | memory more: most, after | descriptors after |",
);
print("|---|---|---:|---:|---:|---:|---:|");
for (const attack of attacks.filter(({ name }) => name.includes(values.only))) {
  const outcome = await flood({ attack, ms });
  const { begun, cut, good, badCount, medianMs, slowestMs, peakBytes, afterBytes } = outcome;
  const cells = [
    ...[attack.name, attack.door, `${begun}, ${cut}`, `${good}, ${badCount}`],
    ...[`${medianMs.toFixed(1)}, ${slowestMs.toFixed(0)}`, `${mebibytes(peakBytes)}, ${mebibytes(afterBytes)} MiB`],
    outcome.descriptorsAfter,
  ];
  print(`| ${cells.join(" | ")} |`);
  for (const line of outcome.bad) print(`  other answer: ${line}`);
  const isFine = badCount === 0 && outcome.errorLines === 0 && outcome.exitCode === 0;
  if (!isFine) print(`  ${badCount} other answers, ${outcome.errorLines} errors in the log, exit ${outcome.exitCode}`);
  if (!isFine) process.exitCode = 1;
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
