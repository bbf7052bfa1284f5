// Our own figures, from the table in `core/metrics.ts`. They are summed up here in flat maps, because a batch counts
// a dozen times; prom-client writes them out when somebody asks.
import assert from "node:assert/strict";
import { Counter, Gauge, Registry } from "prom-client";
import type { Meter } from "../core/host.ts";
import { type MetricAbout, type MetricLabels, metricNames, metrics } from "../core/metrics.ts";

export interface ReadableMeter extends Meter {
  /** Everything counted so far, in Prometheus' text format 0.0.4. */
  exposition(): Promise<string>;
}

/** Sets of labels per metric; what comes later is counted together. */
const labelSetsMax = 2_000;
const labelCharsMax = 200;
/** Labels whose values come with the spans. All others are lists of ours or ids of the configuration. */
const openLabels: ReadonlySet<string> = new Set(["tenant", "provider", "model", "key"]);
const overflow = "@other";

export function openMeter(): ReadableMeter {
  const tallies = new Map(metricNames.map((name) => [name, new Tally(name, metrics[name])]));
  const watchers = new Set<() => void>();
  const meter: Meter = {
    add: (name, by, labels = {}) => tallies.get(name)?.add(by, labels),
    set: (name, to, labels = {}) => tallies.get(name)?.set(to, labels),
    watch(read) {
      watchers.add(read);
      return () => watchers.delete(read);
    },
  };
  return {
    ...meter,
    exposition() {
      for (const tally of tallies.values()) tally.forgetGauges();
      for (const read of watchers) readOrCount(read, meter);
      const registry = new Registry();
      for (const tally of tallies.values()) tally.writeTo(registry);
      return registry.metrics();
    },
  };
}

/** One component that cannot tell its figures does not take the others' away. */
function readOrCount(read: () => void, meter: Meter): void {
  try {
    read();
  } catch {
    meter.add("spantoll_internal_errors_total", 1, { place: "metrics" });
  }
}

interface Cell {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

/** One metric: a value for each set of labels. */
class Tally {
  readonly #name: string;
  readonly #about: MetricAbout;
  /** Whether spans decide about some label, and so about the number of sets. */
  readonly #open: boolean;
  readonly #cells = new Map<string, Cell>();

  constructor(name: string, about: MetricAbout) {
    this.#name = name;
    this.#about = about;
    this.#open = about.labels.some((label) => openLabels.has(label));
  }

  add(by: number, labels: MetricLabels): void {
    assert(by >= 0, `${this.#name} cannot count ${by}`);
    this.#cellOf(labels).value += by;
  }

  set(to: number, labels: MetricLabels): void {
    const cell = this.#cellOf(labels);
    // Tenants that share a cell are told as what they have together.
    cell.value = this.#open ? cell.value + to : to;
  }

  /** Gauges of tenants are told anew at every scrape, so that a tenant which is gone does not stay. */
  forgetGauges(): void {
    if (this.#open && this.#about.kind === "gauge") this.#cells.clear();
  }

  writeTo(registry: Registry): void {
    if (this.#cells.size === 0) return;
    const { kind, help, labels } = this.#about;
    const options = { name: this.#name, help, labelNames: [...labels], registers: [registry] };
    const metric = kind === "gauge" ? new Gauge(options) : new Counter(options);
    for (const { labels: values, value } of this.#cells.values()) metric.inc(values, value);
  }

  #cellOf(labels: MetricLabels): Cell {
    return this.#cells.get(this.#keyOf(labels)) ?? this.#cellOfStranger(labels);
  }

  /** A set of labels that is not known as it came: kept, or counted with what it is cut down to. */
  #cellOfStranger(labels: MetricLabels): Cell {
    const full = this.#open && labelSetsMax <= this.#cells.size;
    const kept: Record<string, string> = {};
    for (const name of this.#about.labels) {
      const value = labels[name] ?? "";
      const dropped = openLabels.has(name) && (full || labelCharsMax < value.length);
      kept[name] = dropped ? overflow : value;
    }
    const key = this.#keyOf(kept);
    const cell = this.#cells.get(key) ?? { labels: kept, value: 0 };
    this.#cells.set(key, cell);
    return cell;
  }

  #keyOf(labels: MetricLabels): string {
    let key = "";
    for (const name of this.#about.labels) key += `${labels[name] ?? ""}\u0000`;
    return key;
  }
}
