import { expect, test } from "vitest";
import { trendOf } from "./series.ts";

const points = (values: readonly number[]) => values.map((value, minutes) => ({ minutes, value }));

test.each([
  { name: "finds a line", values: [5, 7, 9, 11], slope: 2, error: 0 },
  { name: "finds what is flat", values: [4, 4, 4], slope: 0, error: 0 },
  // By hand: mean 2, products 2, spread 5, squared residuals 1.2: the square root of 1.2 / 2 / 5.
  { name: "says how sure it is", values: [1, 2, 3, 2], slope: 0.4, error: Math.sqrt(0.12) },
])("the trend $name", ({ values, slope, error }) => {
  expect(trendOf(points(values)).slope).toBeCloseTo(slope, 12);
  expect(trendOf(points(values)).error).toBeCloseTo(error, 12);
});

test("the trend of two points is none", () => {
  expect(trendOf(points([1, 2])).slope).toBeNaN();
});
