// `npm run test:soak`: ten minutes, or `-- --minutes 3`, with both kinds of queue at the same time. Prints the table of
// docs/delivery.md; ends with 1 when a span was lost or sent twice for nothing, or when something grew.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { type Point, type Trend, trendOf } from "./series.ts";
import { type Queue, type SoakOutcome, soak } from "./soak.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    queue: { type: "string", default: "memory,disk" },
    rate: { type: "string", default: "20" },
    spans: { type: "string", default: "10" },
    calls: { type: "string", default: "4000" },
  },
});
const minutes = Number(values.minutes);
const load = {
  requestsPerSecond: Number(values.rate),
  spansPerRequest: Number(values.spans),
  calls: Number(values.calls),
};
/** What is remembered and reserved first is no growth. */
const warmUpMinutes = Math.max(0.5, minutes / 4);
/** More than this by minute is growth, where it is more than chance. */
const growthMax = { bytes: 128 * 1024, descriptors: 1 };

const queues = values.queue.split(",").map(queueOf);
print(
  `${new Date().toISOString().slice(0, 10)}, Node.js ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model}`,
);
print(
  `${minutes} minutes of ${load.requestsPerSecond} requests a second of ${load.spansPerRequest} spans about ${load.calls} calls\n`,
);
const outcomes = await Promise.all(queues.map((queue) => soak({ minutes, queue, load })));
print(
  "| queue | acknowledged | lost | doubled | live memory | its slope by minute | resident | its slope by minute | descriptors |",
);
print("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
queues.forEach((queue, at) => void print(rowOf(queue, outcomes[at]!)));
for (const [at, outcome] of outcomes.entries()) print(restOf(queues[at]!, outcome));
process.exitCode = outcomes.every(isFine) ? 0 : 1;

function queueOf(name: string): Queue {
  if (name !== "memory" && name !== "disk")
    throw new Error(`--queue must be memory or disk, not ${JSON.stringify(name)}`);
  return name;
}

function rowOf(queue: Queue, outcome: SoakOutcome): string {
  const { acknowledged, lost, doubled, live, resident, descriptors } = outcome;
  const opened = steady(descriptors).map(({ value }) => value);
  const cells = [
    ...[queue, acknowledged, lost, doubled],
    ...[mebibytes(live), slope(trendOf(steady(live))), mebibytes(resident), slope(trendOf(steady(resident)))],
    `${Math.min(...opened)} to ${Math.max(...opened)}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

function restOf(
  queue: Queue,
  { refusedRequests, skippedRequests, errorLines, exitCode, ...outcome }: SoakOutcome,
): string {
  const twice = `${outcome.doubledForNothing} doubled for nothing`;
  return `${queue}: ${twice}, ${refusedRequests} refused, ${skippedRequests} not begun in time, ${errorLines} errors in the log, exit ${exitCode}`;
}

function isFine({ lost, doubledForNothing, exitCode, live, descriptors }: SoakOutcome): boolean {
  const grows = (points: readonly Point[], most: number) => {
    const { slope, error } = trendOf(steady(points));
    return most < slope - 2 * error;
  };
  const isFlat = !grows(live, growthMax.bytes) && !grows(descriptors, growthMax.descriptors);
  return lost === 0 && doubledForNothing === 0 && exitCode === 0 && isFlat;
}

function steady(points: readonly Point[]): readonly Point[] {
  return points.filter(({ minutes }) => warmUpMinutes <= minutes);
}

function mebibytes(points: readonly Point[]): string {
  const values = steady(points).map(({ value }) => value / 1024 ** 2);
  return `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)} MiB`;
}

function slope({ slope, error }: Trend): string {
  if (Number.isNaN(slope)) return "too short to say";
  return `${(slope / 1024).toFixed(1)} ± ${((2 * error) / 1024).toFixed(1)} KiB`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
