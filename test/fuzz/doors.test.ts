import { expect, test } from "vitest";
import { fuzzDoors } from "./doors.ts";

test("requests with wrong bytes are taken or refused as malformed at both doors, and nothing else happens", async () => {
  const { answers, wrong, unreadable, errorLines, exitCode, memory } = await fuzzDoors({ requests: 3_000, seed: 1 });
  expect({ wrong, unreadable, errorLines, exitCode }).toEqual({
    wrong: [],
    unreadable: [],
    errorLines: 0,
    exitCode: 0,
  });
  for (const answer of ["http 200", "http 400", "grpc 0", "grpc 3"]) expect(answers.get(answer)).toBeGreaterThan(200);
  expect(memory.peak).toBeLessThan(512 * 1024 ** 2);
}, 60_000);
