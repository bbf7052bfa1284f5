import { describe, expect, test } from "vitest";
import { recordingHost } from "../../../test/support/recording-host.ts";
import type { Batch } from "../../core/batch.ts";
import { batch } from "./batch.ts";

const noFiles = { read: () => new Uint8Array() };

function prepared(given: unknown) {
  const read = batch.prepare(given, noFiles);
  if (!read.ok) throw new Error(JSON.stringify([...read.issues, ...read.objections]));
  return read.create(recordingHost());
}

describe("batch", () => {
  test.each([
    { name: "asks for the Collector's defaults", given: undefined, wish: [200, 8192, 0] },
    { name: "takes a timeout of nothing", given: { timeout: 0 }, wish: [0, 8192, 0] },
    {
      name: "asks for what is set",
      given: { timeout: "5s", send_batch_size: 10, send_batch_max_size: 20 },
      wish: [5_000, 10, 20],
    },
    { name: "takes equal sizes", given: { send_batch_size: 10, send_batch_max_size: 10 }, wish: [200, 10, 10] },
    {
      name: "loads keys without effect",
      given: { metadata_keys: ["x-tenant"], metadata_cardinality_limit: 10 },
      wish: [200, 8192, 0],
    },
  ])("$name", ({ given, wish: [flushTimeoutMs, itemsMin, itemsMax] }) => {
    expect(prepared(given).batching).toEqual({ flushTimeoutMs, itemsMin, itemsMax });
  });

  test.each([
    {
      name: "a largest size below the size",
      given: { send_batch_size: 20, send_batch_max_size: 10 },
      says: "must be 0 or at least send_batch_size (20), not 10",
    },
    {
      name: "a largest size below the default size",
      given: { send_batch_max_size: 10 },
      says: "at least send_batch_size (8192)",
    },
    { name: "a negative size", given: { send_batch_size: -1 }, says: "send_batch_size" },
    { name: "half an item", given: { send_batch_size: 1.5 }, says: "send_batch_size" },
    { name: "a timeout without unit", given: { timeout: 200 }, says: "write the unit" },
    { name: "a misspelt key", given: { timout: "1s" }, says: "timout" },
  ])("refuses $name", ({ given, says }) => {
    expect(() => prepared(given)).toThrow(says);
  });

  test("passes batches through", () => {
    const given: Batch = {
      signal: "logs",
      items: 1,
      context: { headers: {}, subject: undefined, peer: "" },
      notes: {},
      pending: [],
      encode: () => expect.unreachable(),
    };
    expect(prepared({}).process(given)).toBe(given);
  });
});
