import { expect } from "vitest";

/** Lets I/O happen until `holds`; fails after fifteen seconds. Nothing is waited for that takes time by design. */
export async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 15_000;
  while (!holds()) {
    if (end < Date.now()) expect.fail(`never came true: ${holds}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
