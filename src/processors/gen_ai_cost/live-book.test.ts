import { describe, expect, test } from "vitest";
import { type RecordingHost, recordingHost } from "../../../test/support/recording-host.ts";
import { costOf } from "../../pricing/price-call.ts";
import { policyOf, pricingSettings, readSettingsBook } from "../../pricing/settings.ts";
import { LiveBook } from "./live-book.ts";

const lookMs = 2_000;

describe("a price book whose files change", () => {
  test("is replaced when the file has come to rest, and says which version holds", () => {
    const { host, live } = started(priceFile("v1", "1"));
    expect(inputPrice(live)).toBe(1_000_000_000n);
    host.written.set("own.yaml", priceFile("v2", "2"));
    host.advance(lookMs);
    expect(inputPrice(live)).toBe(1_000_000_000n);
    host.advance(lookMs);
    expect(inputPrice(live)).toBe(2_000_000_000n);
    expect(host.logged).toEqual(['info price files have changed and were taken over {"version":"v2","before":"v1"}']);
    expect(host.counted).toEqual(
      new Map([
        ['spantoll_price_table_info{"version":"v1"}', 0],
        ['spantoll_price_reloads_total{"result":"taken"}', 1],
        ['spantoll_price_table_info{"version":"v2"}', 1],
      ]),
    );
  });

  test("stays when the file is wrong, told once with line and value, until it is right", () => {
    const { host, live } = started(priceFile("v1", "1"));
    host.written.set("own.yaml", priceFile("v2", "-2"));
    host.advance(10 * lookMs);
    expect(inputPrice(live)).toBe(1_000_000_000n);
    expect(host.logged).toHaveLength(1);
    expect(host.logged[0]).toContain("own.yaml:5:");
    expect(host.logged[0]).toContain('not \\"-2\\"');
    expect(host.reported).toEqual([["degraded", expect.stringContaining("own.yaml:5:")]]);
    host.written.set("own.yaml", priceFile("v3", "3"));
    host.advance(2 * lookMs);
    expect(inputPrice(live)).toBe(3_000_000_000n);
    expect(host.reported.at(-1)).toEqual(["ok", undefined]);
  });

  test("stays when the file is gone", () => {
    const { host, live } = started(priceFile("v1", "1"));
    host.written.delete("own.yaml");
    host.advance(10 * lookMs);
    expect(inputPrice(live)).toBe(1_000_000_000n);
    expect(host.logged).toEqual([expect.stringContaining("own.yaml: cannot be read")]);
  });

  test("is not read while it is being written", () => {
    const { host, live } = started(priceFile("v1", "1"));
    for (let length = 1; length < 20; length++) {
      host.written.set("own.yaml", priceFile("v2", "2").slice(0, length));
      host.advance(lookMs);
    }
    expect(inputPrice(live)).toBe(1_000_000_000n);
    expect(host.logged).toEqual([]);
  });

  test("of no files is not looked at", () => {
    const host = recordingHost();
    live(host, ["bundled"]).start();
    expect(host.timers()).toBe(0);
  });
});

function started(text: string) {
  const host = recordingHost();
  host.written.set("own.yaml", text);
  const made = live(host, [{ file: "own.yaml" }]);
  made.start();
  return { host, live: made };
}

function live(host: RecordingHost, prices: readonly unknown[]): LiveBook {
  const settings = pricingSettings.parse({ prices });
  const reading = readSettingsBook(settings, host.files);
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return new LiveBook(reading.book, settings, host);
}

function priceFile(version: string, input: string): string {
  return `version: ${version}
providers:
  - id: openai
    models:
      - { id: gpt-x, prices: [{ cells: { default: { input: ${input}, output: 0 } } }] }
`;
}

function inputPrice({ book }: LiveBook): bigint | undefined {
  const record = { provider: "openai", model: "gpt-x", atMs: 0, usage: { input: 1_000_000, output: 0 } };
  const cost = costOf(book, record, policyOf(pricingSettings.parse({})));
  return cost.status === "unpriced" ? undefined : cost.nanoUsd;
}
