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
  "| queue | acknowledged | lost | doubled | live MiB by quarter | slope by minute | resident MiB by quarter | slope by minute | descriptors by quarter |",
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
  const cells = [
    ...[queue, acknowledged, lost, doubled],
    ...[
      byQuarter(live, 1024 ** 2),
      slope(trendOf(steady(live))),
      byQuarter(resident, 1024 ** 2),
      slope(trendOf(steady(resident))),
    ],
    byQuarter(descriptors, 1),
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

/** The mean of each quarter of the time, the first one included. */
function byQuarter(points: readonly Point[], unit: number): string {
  const means = [0, 1, 2, 3].map((quarter) => {
    const inside = points.filter(({ minutes: at }) => Math.min(3, Math.floor((at / minutes) * 4)) === quarter);
    return inside.reduce((sum, { value }) => sum + value, 0) / inside.length / unit;
  });
  return means.map((mean) => mean.toFixed(1)).join(", ");
}

function slope({ slope, error }: Trend): string {
  if (Number.isNaN(slope)) return "too short to say";
  return `${(slope / 1024).toFixed(1)} ± ${((2 * error) / 1024).toFixed(1)} KiB`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
