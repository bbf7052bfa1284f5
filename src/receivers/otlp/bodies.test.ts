import { describe, expect, test } from "vitest";
import { recordingHost } from "../../../test/support/recording-host.ts";
import { BodyBudget } from "./bodies.ts";

const MiB = 1024 ** 2;

function budget(limitMiB: number, memoryMiB: number): BodyBudget {
  const host = recordingHost();
  host.memoryFigures = { ...host.memoryFigures, limitBytes: memoryMiB * MiB };
  return new BodyBudget({ bytes: limitMiB * MiB, setting: "max_request_body_size" }, host);
}

describe("bodies in the works together", () => {
  test.each([
    { name: "four times the largest where memory is plenty", limitMiB: 1, memoryMiB: 1024, most: 4 },
    { name: "an eighth of the memory where that is less", limitMiB: 64, memoryMiB: 256, most: 32 },
  ])("may be $name", ({ limitMiB, memoryMiB, most }) => {
    const bodies = budget(limitMiB, memoryMiB);
    const first = bodies.hold(() => undefined);
    first.grow(MiB, MiB);
    for (let taken = 1; taken < most; taken++) bodies.hold(() => undefined).grow(MiB, MiB);
    expect(() => bodies.hold(() => undefined).grow(1, 1)).toThrow("are being read");
    first.release();
    bodies.hold(() => undefined).grow(MiB, MiB);
  });

  test("are one, when it is larger than that part and alone", () => {
    const bodies = budget(64, 256);
    const large = bodies.hold(() => undefined);
    large.grow(64 * MiB, 64 * MiB);
    expect(() => bodies.hold(() => undefined).grow(1, 1)).toThrow("are being read");
    expect(() => large.grow(1, 64 * MiB + 1)).toThrow("max_request_body_size");
  });
});
