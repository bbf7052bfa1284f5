import { expect, test } from "vitest";
import { sampledShare } from "./sampling.ts";

test.each<{ name: string; state: string; share: number | undefined }>([
  { name: "a quarter", state: "ot=th:c", share: 0.25 },
  { name: "a half, beside others", state: "vendor=a;b,ot=rv:6e6d1a75832a2f;th:8,x=y", share: 0.5 },
  { name: "a half, with zeros", state: "ot=th:80000000000000", share: 0.5 },
  { name: "a tenth", state: " ot=th:e6666666666666", share: expect.closeTo(0.1, 10) },
  { name: "all", state: "ot=th:0", share: undefined },
  { name: "randomness alone", state: "ot=rv:6e6d1a75832a2f", share: undefined },
  { name: "none", state: "", share: undefined },
  { name: "a threshold of another vendor", state: "foot=th:8,x=ot;th:8", share: undefined },
  { name: "no number", state: "ot=th:xyz", share: undefined },
  { name: "too many digits", state: "ot=th:800000000000000", share: undefined },
])("of traces $name is kept", ({ state, share }) => {
  expect(sampledShare(state)).toEqual(share);
});
