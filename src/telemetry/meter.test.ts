import { describe, expect, test } from "vitest";
import { openMeter } from "./meter.ts";

async function samples(meter: ReturnType<typeof openMeter>): Promise<string[]> {
  const text = await meter.exposition();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("meter", () => {
  test("writes the Collector's names without a suffix, with help and type", async () => {
    const meter = openMeter();
    meter.add("otelcol_receiver_accepted_spans", 60, { receiver: "otlp", transport: "http" });
    meter.add("otelcol_receiver_accepted_spans", 40, { receiver: "otlp", transport: "http" });
    const text = await meter.exposition();
    expect(text).toContain('otelcol_receiver_accepted_spans{receiver="otlp",transport="http"} 100\n');
    expect(text).toContain("# TYPE otelcol_receiver_accepted_spans counter\n");
    expect(text).toContain("# HELP otelcol_receiver_accepted_spans Spans taken over from senders.\n");
  });

  test("says nothing of a metric that nobody has counted", async () => {
    expect(await openMeter().exposition()).toBe("\n");
  });

  test("tells the same in the second scrape", async () => {
    const meter = openMeter();
    meter.add("spantoll_charges_total", 2, { result: "charged" });
    expect(await samples(meter)).toEqual(await samples(meter));
  });

  test("tells the last value of a gauge", async () => {
    const meter = openMeter();
    meter.set("otelcol_exporter_queue_size", 7, { exporter: "debug", data_type: "traces" });
    meter.set("otelcol_exporter_queue_size", 3, { exporter: "debug", data_type: "traces" });
    expect(await samples(meter)).toEqual(['otelcol_exporter_queue_size{exporter="debug",data_type="traces"} 3']);
  });

  test("keeps a value from outside inside its quotes", async () => {
    const meter = openMeter();
    meter.add("spantoll_bad_values_total", 1, { dialect: "x", key: 'a"} 5\nup{' });
    expect(await samples(meter)).toEqual(['spantoll_bad_values_total{dialect="x",key="a\\"} 5\\nup{"} 1']);
  });

  test("asks watchers at every scrape, until they stop", async () => {
    const meter = openMeter();
    let readings = 0;
    const stop = meter.watch(() => meter.set("otelcol_process_memory_rss", ++readings));
    await meter.exposition();
    expect(await samples(meter)).toEqual(["otelcol_process_memory_rss 2"]);
    stop();
    expect(await samples(meter)).toEqual(["otelcol_process_memory_rss 2"]);
  });

  test("counts a watcher that throws, and still tells the rest", async () => {
    const meter = openMeter();
    meter.watch(() => {
      throw new Error("our bug");
    });
    meter.watch(() => meter.set("otelcol_process_memory_rss", 5));
    expect(await samples(meter)).toEqual([
      "otelcol_process_memory_rss 5",
      'spantoll_internal_errors_total{place="metrics"} 1',
    ]);
  });

  test("counts what does not fit under @other, and keeps the labels that are ours", async () => {
    const meter = openMeter();
    for (let n = 0; n < 5_000; n++) {
      meter.add("spantoll_tokens_total", 1, { tenant: `t${n}`, provider: "openai", model: "m", type: "input" });
    }
    const lines = await samples(meter);
    expect(lines).toHaveLength(2_001);
    expect(lines.at(-1)).toBe(
      'spantoll_tokens_total{tenant="@other",provider="@other",model="@other",type="input"} 3000',
    );
  });

  test("counts a name that is too long under @other alone", async () => {
    const meter = openMeter();
    for (const tenant of ["x".repeat(5_000), "y".repeat(5_000)]) {
      meter.add("spantoll_charged_usd_total", 0.5, { tenant, provider: "openai", model: "m" });
    }
    expect(await samples(meter)).toEqual(['spantoll_charged_usd_total{tenant="@other",provider="openai",model="m"} 1']);
  });

  test("adds up the gauges of tenants that share a cell, and forgets tenants that are gone", async () => {
    const meter = openMeter();
    let tenants = Array.from({ length: 2_002 }, (_, n) => `t${n}`);
    meter.watch(() => {
      for (const tenant of tenants) meter.set("spantoll_budget_spent_usd", 2, { tenant, budget: "monthly" });
    });
    expect((await samples(meter)).at(-1)).toBe('spantoll_budget_spent_usd{tenant="@other",budget="monthly"} 4');
    tenants = ["t7"];
    expect(await samples(meter)).toEqual(['spantoll_budget_spent_usd{tenant="t7",budget="monthly"} 2']);
  });

  test.each([-1, Number.NaN])("refuses to count %s", (by) => {
    expect(() => openMeter().add("otelcol_process_uptime", by)).toThrow("cannot count");
  });
});
