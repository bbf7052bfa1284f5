import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openDisk, temporaryDirectory } from "../../test/support/disk.ts";
import { encodedOf, traces } from "../../test/support/http-path.ts";
import { recordingHost } from "../../test/support/recording-host.ts";
import { until } from "../../test/support/until.ts";
import type { Encoded, Signal } from "../core/batch.ts";
import { offerStore, type Store } from "../core/storage.ts";
import type { DiskStore } from "../extensions/file_storage/disk-store.ts";
import type { PushResult } from "./delivery.ts";
import { createSender, type Sender } from "./sender.ts";
import { retrySettings, sendingQueueSettings } from "./settings.ts";

const ok: PushResult = { kind: "delivered", rejected: 0, message: "" };
const later: PushResult = { kind: "retryable", reason: "503" };
const never: PushResult = { kind: "permanent", reason: "400" };

interface Started {
  readonly sender: Sender;
  readonly host: ReturnType<typeof recordingHost>;
  readonly attempts: { readonly encoded: Encoded; answer(result: PushResult): void }[];
  /** Items of the attempts. */
  sizes(): number[];
  send(spans: number, signal?: Signal): Promise<void>;
  count(name: string): number;
}

interface Options {
  readonly id?: string;
  readonly queue?: object;
  /** What every attempt is answered; by default it waits for the test. */
  readonly answer?: PushResult;
}

async function start(store: Store, { id = "otlp_http/test", queue = {}, answer }: Options = {}): Promise<Started> {
  const host = recordingHost({ id: `exporters.${id}` });
  offerStore(host.common, "file_storage", store);
  const attempts: Started["attempts"] = [];
  const settings = {
    sending_queue: sendingQueueSettings.parse({ storage: "file_storage", ...queue }),
    retry_on_failure: retrySettings.parse({}),
  };
  const sender = createSender(
    settings,
    undefined,
    (encoded, abort) =>
      new Promise((resolve) => {
        attempts.push({ encoded, answer: resolve });
        abort.addEventListener("abort", () => resolve({ kind: "retryable", reason: "interrupted" }), { once: true });
        if (answer) resolve(answer);
      }),
    host,
  );
  await sender.start();
  onTestFinished(() => sender.stop(AbortSignal.abort()));
  return {
    sender,
    host,
    attempts,
    sizes: () => attempts.map(({ encoded }) => encoded.items),
    send: (spans, signal = "traces") => commit(sender, request(spans, signal)),
    count: (name) => host.counted.get(`otelcol_exporter_${name}_spans{"exporter":"${id}"}`) ?? 0,
  };
}

function request(spans: number, signal: Signal = "traces"): Encoded {
  const encoded = encodedOf(signal, signal === "traces" ? traces(spans) : {});
  return { ...encoded, items: spans, context: { ...encoded.context, headers: { "x-spans": String(spans) } } };
}

async function commit(sender: Sender, encoded: Encoded): Promise<void> {
  await sender.reserve(encoded.bytes.length, encoded).commit(encoded);
}

function records(store: Store, kind: "r" | "x" | "n"): number {
  return store.area("requests", "queue").range({ from: `${kind}/`, to: `${kind}0`, limit: 1e6 }).length;
}

/** Ends it as a killed process would: nothing is told, nothing is finished. */
async function reopened(store: DiskStore, directory: string): Promise<DiskStore> {
  await store.close(AbortSignal.timeout(5_000));
  return openDisk({ directory });
}

describe("a queue on disk", () => {
  test("what was acknowledged and not delivered is sent by the next process, in order, with its context", async () => {
    const directory = temporaryDirectory();
    const store = await openDisk({ directory });
    const first = await start(store, { queue: { num_consumers: 2 } });
    for (const spans of [1, 2, 3, 4, 5]) await first.send(spans);
    await first.send(9, "logs");
    first.attempts[1]?.answer(ok);
    await until(() => first.sizes().length === 4);
    const next = await start(await reopened(store, directory), { queue: { num_consumers: 9 } });
    expect(next.sizes()).toEqual([1, 3, 4, 5, 9]);
    expect(next.attempts.map(({ encoded }) => encoded.signal)).toEqual([...Array(4).fill("traces"), "logs"]);
    expect(next.attempts[1]?.encoded.context.headers).toEqual({ "x-spans": "3" });
    expect(next.attempts[1]?.encoded.bytes).toEqual(Buffer.from(request(3).bytes));
    expect(next.host.logged[0]).toBe('info found in the queue on disk {"spans":13,"log_records":9}');
  });

  test("a request of several exporters is written once, and goes when the last of them has delivered it", async () => {
    const store = await openDisk();
    const senders = [
      await start(store, { id: "a" }),
      await start(store, { id: "b" }),
      await start(store, { id: "c/d" }),
    ];
    const encoded = request(4);
    await Promise.all(senders.map(({ sender }) => commit(sender, encoded)));
    expect([records(store, "r"), records(store, "x")]).toEqual([1, 3]);
    const [bytes, ...others] = senders.map(({ attempts }) => attempts[0]?.encoded.bytes);
    for (const other of others) expect(other).toBe(bytes);
    for (const [at, { attempts, count }] of senders.entries()) {
      expect(records(store, "r")).toBe(1);
      attempts[0]?.answer(at === 1 ? never : ok);
      await until(() => count("sent") + count("send_failed") === 4);
      await until(() => records(store, "x") === 2 - at);
    }
    expect([records(store, "r"), records(store, "x"), records(store, "n")]).toEqual([0, 0, 0]);
  });

  test.each([
    { keep: "64MiB", isRead: false },
    { keep: "1KiB", isRead: true },
  ])("with $keep in memory, what waits beyond it is read back from the disk: $isRead", async ({ keep, isRead }) => {
    const store = await openDisk();
    const { sender, attempts } = await start(store, { queue: { num_consumers: 1, keep_in_memory: keep } });
    const sent = [request(91), request(92), request(93), request(94)];
    for (const encoded of sent) await commit(sender, encoded);
    for (const [at, { bytes, context }] of sent.entries()) {
      await until(() => attempts.length === at + 1);
      expect(Buffer.from(attempts[at]?.encoded.bytes ?? [])).toEqual(Buffer.from(bytes));
      expect(attempts[at]?.encoded.context).toEqual(context);
      attempts[at]?.answer(ok);
    }
    expect(attempts[1]?.encoded.bytes === sent[1]?.bytes).toBe(!isRead);
    await until(() => records(store, "r") === 0);
    expect(store.area("requests", "queue").range({ from: "", to: "~", limit: 9 })).toEqual([]);
  });

  test("is told of exporters whose requests nobody sends any more", async () => {
    const directory = temporaryDirectory();
    const store = await openDisk({ directory });
    await (await start(store, { id: "otlp_http/renamed" })).send(4);
    await (await start(store)).send(4);
    const next = await start(await reopened(store, directory));
    await next.send(1);
    expect(next.host.logged).toContain(
      'warn the storage holds requests of exporters that are not there; name them again to have them sent {"exporters":["otlp_http/renamed"]}',
    );
  });

  test("refuses what does not fit, by its own bound and by that of the store, and has room again", async () => {
    const store = await openDisk({ bytesMax: 1024 ** 2 });
    const { send, attempts, sender } = await start(store, { queue: { queue_size: "100KiB" } });
    await send(100);
    expect(() => sender.reserve(100_000)).toThrow(expect.objectContaining({ code: "overloaded" }));
    expect(() => sender.reserve(200_000)).toThrow(expect.objectContaining({ code: "too_large" }));
    attempts[0]?.answer(ok);
    await until(() => records(store, "r") === 0);
    sender.reserve(95_000).release();
    const wide = await start(store, { id: "wide" });
    const rooms = Array.from({ length: 10 }, () => wide.sender.reserve(95_000));
    expect(() => wide.sender.reserve(95_000)).toThrow("the storage of the sending queue is full");
    for (const room of rooms) room.release();
    wide.sender.reserve(95_000).release();
  });

  test("a request that the disk does not take is refused, retryably, and never sent", async () => {
    const store = await openDisk({ freeBytes: () => 0 });
    const { send, attempts } = await start(store);
    await expect(send(3)).rejects.toMatchObject({ code: "unavailable" });
    expect([attempts.length, records(store, "r"), records(store, "x")]).toEqual([0, 0, 0]);
  });

  test("drop_oldest gives up what has waited longest, counts it, and never what is on its way", async () => {
    const store = await openDisk();
    const queue = { queue_size: 3, num_consumers: 1, on_full: "drop_oldest" };
    const { send, sizes, attempts, count, host } = await start(store, { queue });
    for (const spans of [1, 2, 3, 4, 5]) await send(spans);
    expect([count("send_failed"), count("enqueue_failed")]).toEqual([5, 0]);
    expect(
      host.counted.get('spantoll_exporter_gave_way_items_total{"exporter":"otlp_http/test","data_type":"traces"}'),
    ).toBe(5);
    for (let at = 0; at < 3; at++) {
      await until(() => attempts.length === at + 1);
      attempts[at]?.answer(ok);
    }
    expect(sizes()).toEqual([1, 4, 5]);
    await until(() => records(store, "r") === 0);
  });

  test("at the end sends while the backend takes it, and leaves the rest on disk", async () => {
    const store = await openDisk();
    const { sender, send, attempts, sizes, count, host } = await start(store, { queue: { num_consumers: 1 } });
    for (const spans of [1, 2, 3, 4]) await send(spans);
    const stopped = sender.stop(new AbortController().signal);
    attempts[0]?.answer(ok);
    await until(() => attempts.length === 2);
    attempts[1]?.answer(later);
    await stopped;
    expect([count("sent"), count("send_failed")]).toEqual([1, 0]);
    expect(host.logged.at(-1)).toBe('info stopped; what waits stays on disk {"signal":"traces","items":7}');
    expect(host.timers()).toBe(0);
    expect(sizes()).toEqual([1, 2]);
    const next = await start(store, { queue: { num_consumers: 9 } });
    expect(next.sizes()).toEqual([2, 3, 4]);
  });

  test("what replaces an exporter takes over what it has not begun, and what it does not finish", async () => {
    const store = await openDisk();
    const before = await start(store, { queue: { num_consumers: 1 } });
    for (const spans of [1, 2, 3]) await before.send(spans);
    const arriving = before.send(4);
    const after = await start(store, { queue: { num_consumers: 9 } });
    await arriving;
    await before.send(5);
    expect(after.sizes()).toEqual([2, 3, 4, 5]);
    await before.sender.stop(AbortSignal.abort());
    expect(after.sizes()).toEqual([2, 3, 4, 5, 1]);
    for (const attempt of after.attempts) attempt.answer(ok);
    await until(() => records(store, "r") === 0);
    expect([before.count("sent"), after.count("sent")]).toEqual([0, 15]);
  });

  test("where what replaces an exporter is gone before it, the exporter goes on with all that is left", async () => {
    const store = await openDisk();
    const before = await start(store, { queue: { num_consumers: 1 } });
    for (const spans of [1, 2, 3]) await before.send(spans);
    const second = await start(store, { queue: { num_consumers: 1 } });
    const third = await start(store, { queue: { num_consumers: 1 } });
    await before.send(4);
    expect([before.sizes(), second.sizes(), third.sizes()]).toEqual([[1], [2], [3]]);
    await second.sender.stop(AbortSignal.abort());
    await third.sender.stop(AbortSignal.abort());
    await before.send(5);
    for (let at = 0; at < 5; at++) {
      await until(() => before.attempts.length === at + 1);
      before.attempts[at]?.answer(ok);
    }
    expect(before.sizes()).toEqual([1, 2, 3, 4, 5]);
    await until(() => records(store, "r") === 0);
    expect(before.host.logged.join()).not.toContain("exporters that are not there");
    await before.sender.stop(AbortSignal.abort());
    expect((await start(store)).sizes()).toEqual([]);
  });

  test("C-82 a damaged record is counted, set aside, and does not stop the others", async () => {
    const directory = temporaryDirectory();
    const store = await openDisk({ directory });
    const first = await start(store, { queue: { num_consumers: 1 } });
    for (const spans of [1, 2, 3, 4]) await first.send(spans);
    const area = store.area("requests", "queue");
    const [, second, third] = area.range({ from: "r/", to: "r0", limit: 9 });
    area.transaction((writing) => {
      const flipped = Uint8Array.from(second?.value ?? []);
      flipped[100] = (flipped[100] ?? 0) ^ 1;
      writing.put(second?.key ?? "", flipped);
      writing.remove(third?.key ?? "");
    });
    const next = await start(await reopened(store, directory), { answer: ok });
    await until(() => next.count("sent") === 5);
    expect(next.sizes()).toEqual([1, 4]);
    expect(next.count("send_failed")).toBe(5);
    expect(
      next.host.counted.get('spantoll_exporter_damaged_items_total{"exporter":"otlp_http/test","data_type":"traces"}'),
    ).toBe(5);
    await until(
      () => existsSync(join(directory, "set-aside")) && readdirSync(join(directory, "set-aside")).length === 1,
    );
  });

  test("a request that a backend refuses for good is kept as a file that can be sent again", async () => {
    const directory = temporaryDirectory();
    const store = await openDisk({ directory });
    const { send, attempts, count, host } = await start(store);
    await send(3);
    attempts[0]?.answer(never);
    await until(() => count("send_failed") === 3);
    const [name = ""] = readdirSync(join(directory, "set-aside"));
    expect(name).toMatch(/^20261121T100000\.000Z-otlp_http_test-traces-0\.pb$/);
    expect(readFileSync(join(directory, "set-aside", name))).toEqual(Buffer.from(request(3).bytes));
    expect(host.logged.at(-1)).toMatch(/^warn the backend refused data for good, it is kept as a file .*set-aside/);
    await until(() => records(store, "r") === 0);
  });

  test("without its extension it does not start, and says what to do", async () => {
    const host = recordingHost({ id: "exporters.otlp_http/test" });
    const settings = {
      sending_queue: sendingQueueSettings.parse({ storage: "file_storage" }),
      retry_on_failure: retrySettings.parse({}),
    };
    const sender = createSender(settings, undefined, async () => ok, host);
    expect(() => sender.reserve(1)).toThrow(expect.objectContaining({ code: "unavailable" }));
    await expect(sender.start()).rejects.toThrow("name it in service.extensions");
    await sender.stop(AbortSignal.abort());
  });
});
