// `npm run test:faults`: every fault, with and without storage, as a table for docs/delivery.md. With OTELCOL, the path
// of a Collector that has otlp, otlp_http and file_storage, `npm run test:faults:peer` puts that one through the same.
import { afterAll, describe, expect, test } from "vitest";
import { killed, type Outcome, outage, play, type RigOptions, type Scenario, stoppedInOutage } from "./scenarios.ts";

const otelcol = process.env["OTELCOL"];
const rounds = Number(process.env["FAULT_ROUNDS"] ?? 100);

interface Row {
  readonly name: string;
  readonly scenario: Scenario;
  readonly options: RigOptions;
}

const faults: readonly Row[] = [
  { name: `killed ${rounds} times`, scenario: killed(rounds), options: {} },
  { name: "backend down for 10 s", scenario: outage(10_000), options: {} },
  { name: "backend down, queue full", scenario: outage(3_000), options: { queue: "queue_size: 20, sizer: requests" } },
  {
    name: "one of two backends down, its queue full",
    scenario: outage(3_000),
    options: { backends: ["a", "b"], queue: "queue_size: 20, sizer: requests" },
  },
  { name: "stopped with the backend down, started again", scenario: stoppedInOutage, options: {} },
];
const rows = faults.flatMap((row) => [row, { ...row, options: { ...row.options, storage: false } }]);

describe("faults", () => {
  const lines: string[] = [];
  test.each(rows)("$name $options", async ({ name, scenario, options }) => {
    const outcome = await play(scenario, { ...options, otelcol });
    lines.push(lineOf(name, options, outcome));
    if (otelcol !== undefined || options.storage === false) return;
    expect(outcome).toMatchObject({ lost: 0, doubledForNothing: 0, spentNanoUsd: outcome.dueNanoUsd });
  });

  afterAll(() => {
    console.log(`\n${heading}${lines.join("\n")}\n`);
  });
});

const heading = `| fault | queue | acknowledged | lost | doubled | of these for nothing | ledger off by |
|---|---|---|---|---|---|---|
`;

function lineOf(name: string, { storage = true }: RigOptions, outcome: Outcome): string {
  const { acknowledged, lost, doubled, doubledForNothing, spentNanoUsd, dueNanoUsd } = outcome;
  const off = spentNanoUsd === undefined ? "" : `${spentNanoUsd - dueNanoUsd} nano-USD`;
  const cells = [name, storage ? "disk" : "memory", acknowledged, lost, doubled, doubledForNothing, off];
  return `| ${cells.join(" | ")} |`;
}
