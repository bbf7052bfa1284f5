import { describe, expect, test } from "vitest";
import { batchRuleOf, capacityOf, retrySettings, sendingObjections, sendingQueueSettings } from "./settings.ts";

const MiB = 1024 ** 2;

describe("sending_queue", () => {
  test.each([
    { given: {}, capacity: { sizer: "bytes", max: 64 * MiB } },
    { given: null, capacity: { sizer: "bytes", max: 64 * MiB } },
    { given: { queue_size: 1000 }, capacity: { sizer: "requests", max: 1000 } },
    { given: { queue_size: "1000" }, capacity: { sizer: "requests", max: 1000 } },
    { given: { queue_size: 5000, sizer: "items" }, capacity: { sizer: "items", max: 5000 } },
    { given: { queue_size: 5000, sizer: "bytes" }, capacity: { sizer: "bytes", max: 5000 } },
    { given: { queue_size: "8MiB" }, capacity: { sizer: "bytes", max: 8 * MiB } },
    { given: { sizer: "items" }, capacity: { sizer: "items", max: 1000 } },
    { given: { sizer: "bytes" }, capacity: { sizer: "bytes", max: 64 * MiB } },
  ])("$given holds $capacity", ({ given, capacity }) => {
    expect(capacityOf(sendingQueueSettings.parse(given))).toEqual(capacity);
  });

  const batching = { flushTimeoutMs: 1000, itemsMin: 100, itemsMax: 200 };
  test.each([
    { name: "no batches by itself", given: {}, batching: undefined, rule: undefined },
    {
      name: "what the batch processor says",
      given: {},
      batching,
      rule: { flushTimeoutMs: 1000, by: "items", min: 100, max: 200 },
    },
    {
      name: "the Collector's defaults",
      given: { batch: null },
      batching,
      rule: { flushTimeoutMs: 200, by: "items", min: 8192, max: 0 },
    },
    {
      name: "bytes where the queue counts bytes",
      given: { sizer: "bytes", batch: { min_size: "1MiB" } },
      batching,
      rule: { flushTimeoutMs: 200, by: "bytes", min: MiB, max: 0 },
    },
    {
      name: "its own sizer",
      given: { batch: { sizer: "bytes", min_size: 10, max_size: "1KiB", flush_timeout: "1s" } },
      batching,
      rule: { flushTimeoutMs: 1000, by: "bytes", min: 10, max: 1024 },
    },
  ])("batches by $name", ({ given, batching, rule }) => {
    expect(batchRuleOf(sendingQueueSettings.parse(given), batching)).toEqual(rule);
  });

  test.each([
    { given: { num_consumers: 0 }, path: "num_consumers" },
    { given: { queue_size: "many" }, path: "queue_size" },
    { given: { queue_size: -1 }, path: "queue_size" },
    { given: { block_on_overflow: 1 }, path: "block_on_overflow" },
    { given: { storage: "" }, path: "storage" },
    { given: { on_full: "block" }, path: "on_full" },
    { given: { compaction: true }, path: "" },
    { given: { batch: { flush_timeout: 200 } }, path: "batch.flush_timeout" },
  ])("$given is refused", ({ given, path }) => {
    expect(sendingQueueSettings.safeParse(given).error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
  });
});

describe("settings that contradict each other", () => {
  test.each([
    { queue: {}, retry: {}, path: undefined },
    { queue: { queue_size: 0 }, retry: {}, path: "sending_queue.queue_size" },
    { queue: { queue_size: "1MiB", sizer: "requests" }, retry: {}, path: "sending_queue.sizer" },
    { queue: { batch: { max_size: 10 } }, retry: {}, path: "sending_queue.batch.max_size" },
    { queue: { batch: { max_size: 10, min_size: 10 } }, retry: {}, path: undefined },
    { queue: { queue_size: 10, sizer: "items", batch: {} }, retry: {}, path: "sending_queue.batch.min_size" },
    { queue: { storage: "file_storage", on_full: "drop_oldest" }, retry: {}, path: undefined },
    { queue: { on_full: "drop_oldest" }, retry: {}, path: "sending_queue.on_full" },
    {
      queue: { storage: "file_storage", on_full: "drop_oldest", block_on_overflow: true },
      retry: {},
      path: "sending_queue.block_on_overflow",
    },
    { queue: { storage: "file_storage", wait_for_result: true }, retry: {}, path: "sending_queue.wait_for_result" },
    { queue: { storage: "file_storage", enabled: false }, retry: {}, path: "sending_queue.enabled" },
    { queue: {}, retry: { max_elapsed_time: "20s" }, path: "retry_on_failure.max_elapsed_time" },
    { queue: {}, retry: { max_elapsed_time: 0 }, path: undefined },
    { queue: {}, retry: { max_elapsed_time: "20s", enabled: false }, path: undefined },
  ])("$queue $retry: $path", ({ queue, retry, path }) => {
    const settings = { sending_queue: sendingQueueSettings.parse(queue), retry_on_failure: retrySettings.parse(retry) };
    expect([...sendingObjections(settings)].map((objection) => objection.path.join("."))).toEqual(
      path === undefined ? [] : [path],
    );
  });
});
