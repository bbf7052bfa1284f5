import { describe, expect, test } from "vitest";
import { outage, play, stoppedInOutage } from "./scenarios.ts";

const whole = { lost: 0, doubled: 0 };

describe("with a queue on disk nothing is lost and nothing doubled when", () => {
  test("the backend is down for a while", async () => {
    const outcome = await play(outage(1_500));
    expect(outcome).toMatchObject({ ...whole, refusedRequests: 0, spentNanoUsd: outcome.dueNanoUsd });
    expect(outcome.acknowledged).toBeGreaterThan(100);
  });

  test("C-85 the queue is full, which senders hear", async () => {
    const outcome = await play(outage(1_500), { queue: "queue_size: 100KiB" });
    expect(outcome).toMatchObject({ ...whole, spentNanoUsd: outcome.dueNanoUsd });
    expect(outcome.refusedRequests).toBeGreaterThan(0);
  });

  test("C-58 one of two exporters is down, also when its queue is full", async () => {
    const outcome = await play(outage(1_500), { backends: ["a", "b"], queue: "queue_size: 100KiB" });
    expect(outcome).toMatchObject({ ...whole, spentNanoUsd: outcome.dueNanoUsd });
    expect(outcome.refusedRequests).toBeGreaterThan(0);
  });

  test("it is stopped in order while the backend is down, and started again", async () => {
    const outcome = await play(stoppedInOutage);
    expect(outcome).toMatchObject({ lost: 0, doubledForNothing: 0, spentNanoUsd: outcome.dueNanoUsd });
  });
});
