// `npm run test:faults`: what may befall a ledger on Redis, many times over, as a table for docs/budgets.md.
import { afterAll, describe, expect, test } from "vitest";
import { ensureRedis, startRedis } from "../support/redis.ts";
import { type RedisFault, redisFaults } from "./redis-scenarios.ts";
import { play } from "./scenarios.ts";

const rounds = Number(process.env["FAULT_ROUNDS"] ?? 100);
const everySecond = ["--appendonly", "yes", "--appendfsync", "everysec"];
const always = ["--appendonly", "yes", "--appendfsync", "always"];

interface Row {
  readonly name: string;
  readonly faults: readonly RedisFault[];
  readonly options: readonly string[];
}

const rows: readonly Row[] = [
  { name: "redis killed, appendfsync always", faults: ["kill"], options: always },
  { name: "redis killed, appendfsync everysec", faults: ["kill"], options: everySecond },
  { name: "redis killed, nothing kept", faults: ["kill"], options: [] },
  { name: "redis frozen, scripts forgotten", faults: ["freeze", "forget scripts"], options: everySecond },
  { name: "sidecar killed", faults: ["kill the sidecar"], options: everySecond },
  { name: "all of it", faults: ["kill", "freeze", "kill the sidecar", "kill both"], options: everySecond },
];

describe("a ledger on redis", () => {
  const lines: string[] = [];
  test.each(rows)("$name", async ({ name, faults, options }) => {
    ensureRedis();
    const redis = await startRedis(options);
    try {
      const ledger = `{ redis: { url: "${redis.url}", timeout: 1s } }`;
      const outcome = await play(redisFaults(redis, faults, rounds), { ledger });
      const { acknowledged, lost, refusedRequests, spentNanoUsd, dueNanoUsd } = outcome;
      const off = `${(spentNanoUsd ?? 0n) - dueNanoUsd} nano-USD`;
      lines.push(`| ${[`${rounds} times: ${name}`, acknowledged, lost, refusedRequests, off].join(" | ")} |`);
      expect(outcome).toMatchObject({ lost: 0, spentNanoUsd: dueNanoUsd });
    } finally {
      await redis.stop();
    }
  });

  afterAll(() => {
    const heading = "| fault | acknowledged | lost | refused requests | ledger off by |\n|---|---|---|---|---|";
    console.log(`\n${heading}\n${lines.join("\n")}\n`);
  });
});
