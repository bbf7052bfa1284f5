// The built program with its journal before a real Redis, both killed under load.
import { expect, test } from "vitest";
import { redisFaults } from "../faults/redis-scenarios.ts";
import { play } from "../faults/scenarios.ts";
import { server } from "./redis-support.ts";

test.each([
  { name: "that writes every second", options: ["--appendonly", "yes", "--appendfsync", "everysec"] },
  { name: "that keeps nothing", options: [] },
])(
  "killed at random instants, with a redis $name, it charges to the nano",
  async ({ options }) => {
    const redis = await server(...options);
    const faults = redisFaults(redis, ["kill", "kill the sidecar", "kill both"], 5);
    const outcome = await play(faults, { seed: 11, ledger: `{ redis: { url: "${redis.url}", timeout: 1s } }` });
    expect(outcome).toMatchObject({ lost: 0, spentNanoUsd: outcome.dueNanoUsd });
    expect(outcome.acknowledged).toBeGreaterThan(100);
  },
  120_000,
);
