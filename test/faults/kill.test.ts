import { expect, test } from "vitest";
import { killed, play } from "./scenarios.ts";

test("C-80 C-81 C-90 killed at random instants it loses nothing, doubles nothing for nothing, and charges to the nano", async () => {
  const outcome = await play(killed(10), { seed: 7 });
  expect(outcome).toMatchObject({ lost: 0, doubledForNothing: 0, spentNanoUsd: outcome.dueNanoUsd });
  expect(outcome.acknowledged).toBeGreaterThan(100);
}, 90_000);
