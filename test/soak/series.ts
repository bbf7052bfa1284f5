// Figures over time, and whether they rise.

export interface Point {
  /** Minutes since the beginning. */
  readonly minutes: number;
  readonly value: number;
}

export interface Trend {
  /** By minute, in the unit of the values. */
  readonly slope: number;
  /** Standard error of the slope: twice of it to either side is about 95 %. */
  readonly error: number;
}

/** The line with the least squares; NaN for fewer than three points. */
export function trendOf(points: readonly Point[]): Trend {
  if (points.length < 3) return { slope: Number.NaN, error: Number.NaN };
  const meanX = meanOf(points.map(({ minutes }) => minutes));
  const meanY = meanOf(points.map(({ value }) => value));
  const spreadX = sumOf(points.map(({ minutes }) => (minutes - meanX) ** 2));
  const slope = sumOf(points.map(({ minutes, value }) => (minutes - meanX) * (value - meanY))) / spreadX;
  const left = sumOf(points.map(({ minutes, value }) => (value - meanY - slope * (minutes - meanX)) ** 2));
  return { slope, error: Math.sqrt(left / (points.length - 2) / spreadX) };
}

function meanOf(values: readonly number[]): number {
  return sumOf(values) / values.length;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
