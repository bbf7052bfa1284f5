import { describe, expect, test } from "vitest";
import { itemsOf } from "../../test/support/backend.ts";
import { encodedOf, traces } from "../../test/support/http-path.ts";
import { decode } from "../../test/support/otlp-oracle.ts";
import { recordingHost } from "../../test/support/recording-host.ts";
import { until } from "../../test/support/until.ts";
import type { Encoded, Signal } from "../core/batch.ts";
import type { Batching } from "../core/component.ts";
import type { PushResult } from "./delivery.ts";
import { createSender } from "./sender.ts";
import { retrySettings, sendingQueueSettings } from "./settings.ts";

const ok: PushResult = { kind: "delivered", rejected: 0, message: "" };
const later: PushResult = { kind: "retryable", reason: "503" };

interface Attempt {
  readonly encoded: Encoded;
  readonly answer: (result: PushResult) => void;
}

/** A sender whose backend answers when the test says so, or at once with `answer`. */
function start(options: { queue?: object; retry?: object; batching?: Batching; answer?: PushResult } = {}) {
  const host = recordingHost({ id: "exporters.otlp_http/test" });
  const gauges: (() => void)[] = [];
  const watching = {
    ...host,
    meter: {
      ...host.meter,
      watch(read: () => void) {
        gauges.push(read);
        return () => gauges.pop();
      },
    },
  };
  const attempts: Attempt[] = [];
  const settings = {
    sending_queue: sendingQueueSettings.parse(options.queue ?? {}),
    retry_on_failure: retrySettings.parse(options.retry ?? {}),
  };
  const push = (encoded: Encoded, abort: AbortSignal): Promise<PushResult> =>
    new Promise((resolve) => {
      attempts.push({ encoded, answer: resolve });
      abort.addEventListener("abort", () => resolve({ kind: "retryable", reason: "interrupted" }), { once: true });
      if (options.answer) resolve(options.answer);
    });
  const sender = createSender(settings, options.batching, push, watching);
  const send = (spans: number, signal: Signal = "traces") => {
    const encoded = signal === "traces" ? encodedOf("traces", traces(spans)) : encodedOf(signal, {});
    return sender.reserve(encoded.bytes.length, encoded).commit({ ...encoded, items: spans });
  };
  const sizes = () => attempts.map(({ encoded }) => encoded.items);
  const count = (name: string) => host.counted.get(`otelcol_exporter_${name}_spans{"exporter":"otlp_http/test"}`) ?? 0;
  const gauge = (name: string, signal: Signal) => {
    for (const read of gauges) read();
    return host.counted.get(`otelcol_exporter_queue_${name}{"exporter":"otlp_http/test","data_type":"${signal}"}`);
  };
  return { host, sender, attempts, send, sizes, count, gauge };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("the queue", () => {
  test.each([
    { name: "requests", queue: { queue_size: 2 }, fits: [1, 1], full: 1 },
    { name: "items", queue: { queue_size: 10, sizer: "items" }, fits: [4, 6], full: 1 },
    { name: "bytes", queue: { queue_size: "700B" }, fits: [2, 4], full: 4 },
  ])(
    "is full by $name, what is on its way included, and has room again when that is delivered",
    async ({ queue, fits, full }) => {
      const { send, attempts, count, sender } = start({ queue });
      for (const spans of fits) void send(spans);
      expect(() => send(full)).toThrow(expect.objectContaining({ code: "overloaded" }));
      expect(count("enqueue_failed")).toBe(full);
      attempts[0]?.answer(ok);
      attempts[1]?.answer(ok);
      await settle();
      void send(full);
      expect(attempts).toHaveLength(3);
      await sender.stop(AbortSignal.abort());
    },
  );

  test("refuses for good what it could never hold", () => {
    const { send } = start({ queue: { queue_size: 10, sizer: "items" } });
    expect(() => send(11)).toThrow(expect.objectContaining({ code: "too_large" }));
  });

  test("has its room back after a release, once", () => {
    const { sender } = start({ queue: { queue_size: 1 } });
    const first = sender.reserve(10);
    expect(() => sender.reserve(10)).toThrow("full");
    first.release();
    first.release();
    sender.reserve(10);
    expect(() => sender.reserve(10)).toThrow("full");
  });

  test("counts what a request really is, when processors have changed it since it was reserved", () => {
    const { sender } = start({ queue: { queue_size: "1000B" } });
    const encoded = encodedOf("traces", traces(10));
    expect(encoded.bytes.length).toBeGreaterThan(400);
    void sender.reserve(1).commit(encoded);
    expect(() => sender.reserve(1001 - encoded.bytes.length)).toThrow("full");
    sender.reserve(1000 - encoded.bytes.length).release();
  });

  test("tells its size for each signal and its capacity", async () => {
    const { sender, send, gauge } = start({ queue: { queue_size: 100, sizer: "items" } });
    await sender.start();
    void send(5);
    void send(3, "logs");
    expect([
      gauge("size", "traces"),
      gauge("size", "logs"),
      gauge("size", "metrics"),
      gauge("capacity", "logs"),
    ]).toEqual([5, 3, 0, 100]);
    await sender.stop(AbortSignal.abort());
  });
});

describe("consumers", () => {
  test("send as many requests at a time as there are, of each signal, in order", async () => {
    const { send, attempts, sizes } = start({ queue: { num_consumers: 2 } });
    for (const spans of [1, 2, 3, 4]) void send(spans);
    void send(9, "logs");
    expect(sizes()).toEqual([1, 2, 9]);
    attempts[1]?.answer(ok);
    await until(() => attempts.length === 4);
    expect(sizes()).toEqual([1, 2, 9, 3]);
  });

  test("a request that waits for its retry holds up only its own consumer", async () => {
    const { host, send, attempts, sizes, count } = start({ queue: { num_consumers: 2 } });
    void send(1);
    attempts[0]?.answer(later);
    await until(() => host.timers() === 1);
    for (const spans of [2, 3]) void send(spans);
    attempts[1]?.answer(ok);
    await until(() => attempts.length === 3);
    attempts[2]?.answer(ok);
    await until(() => count("sent") === 5);
    host.advance(5000);
    await until(() => attempts.length === 4);
    expect(sizes()).toEqual([1, 2, 3, 1]);
  });

  test("an attempt that throws is our bug: counted, and tried again", async () => {
    const host = recordingHost({ id: "exporters.otlp_http/test" });
    const settings = { sending_queue: sendingQueueSettings.parse({}), retry_on_failure: retrySettings.parse({}) };
    let attempts = 0;
    const sender = createSender(
      settings,
      undefined,
      async () => (attempts++ === 0 ? Promise.reject(new TypeError("x")) : ok),
      host,
    );
    const encoded = encodedOf("traces", traces(1));
    void sender.reserve(1).commit(encoded);
    await until(() => host.timers() === 1);
    expect(host.counted.get('spantoll_internal_errors_total{"place":"otlp_http/test"}')).toBe(1);
    host.advance(5000);
    await until(() => host.counted.get('otelcol_exporter_sent_spans{"exporter":"otlp_http/test"}') === 1);
  });
});

describe("batches", () => {
  const batching = { flushTimeoutMs: 200, itemsMin: 10, itemsMax: 0 };

  test("go when there is enough, and not before", () => {
    const { send, sizes } = start({ batching });
    for (const spans of [4, 5]) void send(spans);
    expect(sizes()).toEqual([]);
    void send(3);
    expect(sizes()).toEqual([12]);
  });

  test("go when the oldest has waited long enough", async () => {
    const { host, send, sizes } = start({ batching });
    void send(4);
    host.advance(150);
    void send(2);
    expect(host.timers()).toBe(1);
    host.advance(49);
    await settle();
    expect(sizes()).toEqual([]);
    host.advance(1);
    await settle();
    expect(sizes()).toEqual([6]);
  });

  test("are joined of what has waited while the backend was slow, and no signal is mixed with another", async () => {
    const { send, sizes, attempts } = start({ queue: { num_consumers: 1, batch: { min_size: 10 } } });
    for (let at = 0; at < 6; at++) void send(5);
    void send(20, "logs");
    expect(sizes()).toEqual([10, 20]);
    attempts[0]?.answer(ok);
    await until(() => attempts.length === 3);
    expect(sizes()).toEqual([10, 20, 10]);
  });

  test("are never larger than max_size; the rest waits for more", async () => {
    const { host, send, sizes, attempts } = start({ queue: { batch: { min_size: 10, max_size: 12 } } });
    void send(29);
    expect(sizes()).toEqual([12, 12]);
    void send(6);
    expect(sizes()).toEqual([12, 12, 11]);
    void send(2);
    host.advance(200);
    await settle();
    expect(sizes()).toEqual([12, 12, 11, 2]);
    const names = attempts.flatMap(({ encoded }) => itemsOf("traces", decode("traces", encoded.bytes)));
    expect(names).toHaveLength(37);
  });

  test("by bytes are never larger than max_size", () => {
    const { send, attempts } = start({ queue: { batch: { sizer: "bytes", min_size: 1, max_size: "1KiB" } } });
    void send(100);
    expect(attempts.length).toBeGreaterThan(4);
    expect(attempts.every(({ encoded }) => encoded.bytes.length <= 1024)).toBe(true);
    expect(attempts.reduce((sum, { encoded }) => sum + encoded.items, 0)).toBe(100);
  });

  test("the room of a split request is given back when its last part is delivered", async () => {
    const { send, attempts } = start({ queue: { queue_size: 1, batch: { min_size: 1, max_size: 10 } } });
    void send(20);
    attempts[0]?.answer(ok);
    await settle();
    expect(() => send(1)).toThrow("full");
    attempts[1]?.answer(ok);
    await settle();
    void send(1);
  });

  test("with wait_for_result the senders of all that is in a batch hear of its end", async () => {
    const { send, attempts } = start({ batching, queue: { wait_for_result: true }, retry: { enabled: false } });
    const answers = [send(5), send(5)].map((sent) => Promise.resolve(sent).catch((error: Error) => error.message));
    await until(() => attempts.length === 1);
    attempts[0]?.answer(ok);
    expect(await Promise.all(answers)).toEqual([undefined, undefined]);
  });

  test("a bad request among several is found by halves, given up, and keeps none of the others back", async () => {
    const { send, attempts, count, sizes } = start({
      batching: { ...batching, itemsMin: 16 },
      queue: { wait_for_result: true, num_consumers: 1 },
    });
    const answers = [1, 2, 4, 9].map((spans) =>
      Promise.resolve(send(spans)).catch((error: Error) => `${spans}: ${error.message}`),
    );
    for (let at = 0; at < 5; at++) {
      await until(() => attempts.length === at + 1);
      const bad = [16, 13, 4].includes(sizes()[at] ?? 0);
      attempts[at]?.answer(bad ? { kind: "permanent", reason: "no" } : ok);
    }
    expect(await Promise.all(answers)).toEqual([undefined, undefined, "4: no", undefined]);
    expect(sizes()).toEqual([16, 3, 13, 4, 9]);
    expect([count("sent"), count("send_failed")]).toEqual([12, 4]);
  });

  test("a backend that refuses everything is not asked once for every request", async () => {
    const answer: PushResult = { kind: "permanent", reason: "401" };
    const { host, send, attempts, count } = start({ batching: { ...batching, itemsMin: 500 }, answer });
    for (let at = 0; at < 500; at++) void send(1);
    await until(() => count("send_failed") === 500);
    expect(attempts.length).toBeLessThan(40);
    expect(host.logged.filter((line) => line.includes("data dropped"))).toHaveLength(1);
  });

  test("C-56 what is larger than a request may be is split, and a single item that is larger is dropped and counted", async () => {
    const { sender, count, attempts, host } = start({ queue: { queue_size: 10 }, answer: ok });
    const MiB = 1024 ** 2;
    const large = (megabytes: readonly number[]): Encoded => {
      const spans = megabytes.map((size) => ({ name: "large", traceState: "x".repeat(size * MiB) }));
      return encodedOf("traces", { resourceSpans: [{ scopeSpans: [{ spans }] }] });
    };
    for (const encoded of [large([35, 35]), large([65])]) void sender.reserve(1).commit(encoded);
    await until(() => count("sent") + count("send_failed") === 3);
    expect([count("sent"), count("send_failed")]).toEqual([2, 1]);
    expect(attempts.every(({ encoded }) => encoded.bytes.length <= 64 * MiB)).toBe(true);
    expect(host.logged.join("\n")).toContain("larger than a request may be");
  });
});

describe("the end", () => {
  test("sends what waits, in whatever size it is", async () => {
    const { sender, send, sizes } = start({
      batching: { flushTimeoutMs: 60_000, itemsMin: 100, itemsMax: 0 },
      answer: ok,
    });
    for (const spans of [4, 5]) void send(spans);
    await sender.stop(new AbortController().signal);
    expect(sizes()).toEqual([9]);
  });

  test("tries at once what waits for its retry, then goes on until the deadline", async () => {
    const { host, sender, send, attempts, count } = start();
    void send(3);
    attempts[0]?.answer(later);
    await until(() => host.timers() === 1);
    const stopped = sender.stop(new AbortController().signal);
    await until(() => attempts.length === 2);
    attempts[1]?.answer(later);
    await until(() => host.timers() === 1);
    host.advance(7500);
    await until(() => attempts.length === 3);
    attempts[2]?.answer(ok);
    await stopped;
    expect([count("sent"), count("send_failed")]).toEqual([3, 0]);
  });

  test("is reached at the deadline, and everything that was lost is counted and told", async () => {
    const { host, sender, send, count } = start({ queue: { num_consumers: 1 } });
    for (const spans of [3, 4, 5]) void send(spans);
    const deadline = new AbortController();
    const stopped = sender.stop(deadline.signal);
    deadline.abort();
    await stopped;
    expect([count("sent"), count("send_failed")]).toEqual([0, 12]);
    expect(host.logged.join("\n")).toContain('"dropped_items":12');
    expect(host.timers()).toBe(0);
  });

  test("at the deadline makes no attempt more, and says what the last one said", async () => {
    const { host, sender, send, attempts, count } = start();
    void send(3);
    attempts[0]?.answer(later);
    await until(() => host.timers() === 1);
    await sender.stop(AbortSignal.abort());
    expect([attempts.length, count("send_failed")]).toEqual([1, 3]);
    expect(host.logged.at(-1)).toContain("stopped: 503");
  });

  test("takes nothing new, and is safe twice and without a beginning", async () => {
    const { sender, send } = start();
    await sender.stop(AbortSignal.abort());
    await sender.stop(AbortSignal.abort());
    expect(() => send(1)).toThrow(expect.objectContaining({ code: "unavailable" }));
  });
});

test("an outage is told once, not once for every request", async () => {
  const { host, send, count } = start({ retry: { enabled: false }, answer: later });
  for (let at = 0; at < 50; at++) void send(1);
  await until(() => count("send_failed") === 50);
  expect(host.logged.filter((line) => line.includes("dropped"))).toHaveLength(1);
  host.advance(10_000);
  void send(1);
  await until(() => count("send_failed") === 51);
  expect(host.logged.at(-1)).toContain('"repeats":49');
});
