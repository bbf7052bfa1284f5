import { expect, test } from "vitest";
import type { Arrival } from "../core/batch.ts";
import { Doorway, Flight } from "./doorway.ts";

const arrival: Arrival = {
  signal: "traces",
  bytes: new Uint8Array(0),
  context: { headers: {}, subject: undefined, peer: "" },
  transport: "http",
};

test("a doorway lets requests wait until it leads somewhere, and then leads where it was told last", async () => {
  const doorway = new Doorway();
  const early = doorway.accept(arrival);
  doorway.lead(async () => 1);
  expect(await early).toBe(1);
  doorway.lead(async () => 2);
  expect(await doorway.accept(arrival)).toBe(2);
});

test("a flight has landed when everybody is out, also by an error, or when the time is over", async () => {
  const flight = new Flight();
  await flight.landed(new AbortController().signal);
  let fail: ((error: Error) => void) | undefined;
  const watched = flight.watch(() => new Promise((_, reject) => (fail = reject)))(arrival);
  let hasLanded = false;
  const landed = flight.landed(new AbortController().signal).then(() => {
    hasLanded = true;
  });
  await flight.landed(AbortSignal.abort());
  expect(hasLanded).toBe(false);
  fail?.(new Error("no"));
  await expect(watched).rejects.toThrow("no");
  await landed;
});
