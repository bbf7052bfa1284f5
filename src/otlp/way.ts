// Where the items of a request lie.
import type { Signal } from "../core/batch.ts";

/** Field numbers on the way down, level by level. The last level is the items. opentelemetry-proto 1.11, `proto/`. */
export type Way = readonly (readonly number[])[];

export const ways: Readonly<Record<Signal, Way>> = {
  traces: [[1], [2], [2]],
  logs: [[1], [2], [2]],
  // ResourceMetrics, ScopeMetrics, Metric, then gauge, sum, histogram, exponential histogram or summary, then points.
  metrics: [[1], [2], [2], [5, 7, 9, 10, 11], [1]],
};
