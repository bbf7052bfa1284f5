// Spans in the care of a sender that do not leave yet: as safe as what is queued, and sent once, as they leave.
import { describe, expect, onTestFinished, test } from "vitest";
import { openDisk, temporaryDirectory } from "../../test/support/disk.ts";
import { encodedOf, traces } from "../../test/support/http-path.ts";
import { recordingHost } from "../../test/support/recording-host.ts";
import { until } from "../../test/support/until.ts";
import type { Encoded } from "../core/batch.ts";
import type { Held } from "../core/hold.ts";
import { Refused } from "../core/refused.ts";
import { offerStore, type Store } from "../core/storage.ts";
import type { PushResult } from "./delivery.ts";
import { createSender } from "./sender.ts";
import { retrySettings, sendingQueueSettings } from "./settings.ts";

const ok: PushResult = { kind: "delivered", rejected: 0, message: "" };

interface Options {
  readonly id?: string;
  readonly store?: Store | undefined;
  readonly queue?: object;
  /** Whether attempts are answered; else they wait for the end. */
  readonly answers?: boolean;
}

async function start({ id = "otlp_http/test", store, queue = {}, answers = true }: Options) {
  const host = recordingHost({ id: `exporters.${id}` });
  if (store) offerStore(host.common, "file_storage", store);
  const sent: Encoded[] = [];
  const storage = store ? { storage: "file_storage" } : {};
  const settings = {
    sending_queue: sendingQueueSettings.parse({ ...storage, ...queue }),
    retry_on_failure: retrySettings.parse({}),
  };
  const push = (encoded: Encoded, abort: AbortSignal) =>
    new Promise<PushResult>((resolve) => {
      sent.push(encoded);
      abort.addEventListener("abort", () => resolve({ kind: "retryable", reason: "interrupted" }), { once: true });
      if (answers) resolve(ok);
    });
  const sender = createSender(settings, undefined, push, host);
  await sender.start();
  onTestFinished(() => sender.stop(AbortSignal.abort()));
  const hold = (encoded: Encoded, end: () => void = () => undefined): Held => {
    const held = sender.reserve(encoded.bytes.length, encoded).hold?.(encoded, end);
    if (held === undefined) throw new Error("nothing can wait here");
    return held;
  };
  return { host, sender, hold, sent, sizes: () => sent.map(({ items }) => items) };
}

/** A request of so many spans; what tells two apart is their number. */
function request(spans: number): Encoded {
  return { ...encodedOf("traces", traces(spans)), items: spans };
}

function records(store: Store, kind: "r" | "x" | "n"): number {
  return store.area("requests", "queue").range({ from: `${kind}/`, to: `${kind}0`, limit: 1e6 }).length;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("spans that wait in a queue in memory", () => {
  test("take their room, and are sent as they leave", async () => {
    const encoded = request(1);
    const { hold, sizes, sender } = await start({ queue: { queue_size: 2, sizer: "requests" } });
    const held = hold(encoded);
    sender.reserve(10, encoded);
    expect(() => sender.reserve(10, encoded)).toThrow(Refused);
    await settle();
    expect(sizes()).toEqual([]);
    held.leave(request(3));
    await settle();
    expect(sizes()).toEqual([3]);
    sender.reserve(10, encoded).release();
  });

  test.each(["in memory", "on disk"])("take no more than half of a queue %s", async (where) => {
    const store = where === "on disk" ? await openDisk() : undefined;
    const { hold, sender } = await start({ store, queue: { queue_size: 4, sizer: "requests" } });
    const held = [hold(request(1)), hold(request(1))];
    await Promise.all(held.map(({ safe }) => safe));
    expect(sender.reserve(10, request(1))).not.toHaveProperty("hold");
    held[0]?.leave(request(1));
    await settle();
    expect(sender.reserve(10, request(1))).toHaveProperty("hold");
  });

  test("beside the rest of their request, in one room", async () => {
    const { sender, sizes } = await start({ queue: { queue_size: 2, sizer: "requests" } });
    const reservation = sender.reserve(10, request(3));
    await reservation.commit(request(1));
    const held = reservation.hold?.(request(2), () => undefined);
    await settle();
    expect(sizes()).toEqual([1]);
    held?.leave(request(2));
    await settle();
    expect(sizes()).toEqual([1, 2]);
    sender.reserve(10, request(1)).release();
  });

  test("are told to leave when it stops, and sent", async () => {
    const { sender, sizes, hold } = await start({});
    const held = hold(request(2), () => held.leave(request(2)));
    await sender.stop(AbortSignal.timeout(5_000));
    expect(sizes()).toEqual([2]);
  });

  test.each([{ wait_for_result: true }, { enabled: false }])(
    "are none where their sender waits for the backend: %j",
    async (queue) => {
      const { sender } = await start({ queue });
      expect(sender.reserve(10, request(1))).not.toHaveProperty("hold");
    },
  );
});

describe("spans that wait in a queue on disk", () => {
  test("are sent by the next process, as they came", async () => {
    const directory = temporaryDirectory();
    const store = await openDisk({ directory });
    const { hold, sizes } = await start({ store });
    await hold(request(2)).safe;
    expect([sizes(), records(store, "r"), records(store, "x")]).toEqual([[], 1, 1]);
    await store.close(AbortSignal.timeout(5_000));
    const next = await start({ store: await openDisk({ directory }) });
    await until(() => next.sent.length === 1);
    expect(next.sent[0]?.bytes).toEqual(Buffer.from(request(2).bytes));
  });

  test.each([{ keep_in_memory: "64MiB" }, { keep_in_memory: 0 }])(
    "leave as they were stamped again, once, from whichever process sends them: %j",
    async (queue) => {
      const directory = temporaryDirectory();
      const store = await openDisk({ directory });
      const { hold, sent } = await start({ store, queue, answers: false });
      const held = hold(request(2));
      await held.safe;
      held.leave(request(3));
      expect(sent.map(({ bytes }) => Buffer.from(bytes))).toEqual([Buffer.from(request(3).bytes)]);
      await store.close(AbortSignal.timeout(5_000));
      const next = await start({ store: await openDisk({ directory }), queue });
      await until(() => next.sent.length === 1);
      expect(next.sizes()).toEqual([3]);
      expect(Buffer.from(next.sent[0]?.bytes ?? [])).toEqual(Buffer.from(request(3).bytes));
    },
  );

  test("of several exporters are written once and stamped once, and go when the last has delivered them", async () => {
    const store = await openDisk();
    const senders = [await start({ store, id: "a" }), await start({ store, id: "b" })];
    const encoded = request(2);
    const held = senders.map(({ hold }) => hold(encoded));
    await Promise.all(held.map(({ safe }) => safe));
    expect([records(store, "r"), records(store, "n"), records(store, "x")]).toEqual([1, 1, 2]);
    const leaving = request(3);
    held[0]?.leave(leaving);
    await until(() => records(store, "x") === 1);
    expect(records(store, "r")).toBe(1);
    held[1]?.leave(leaving);
    await until(() => records(store, "x") === 0);
    expect([records(store, "r"), records(store, "n")]).toEqual([0, 0]);
    expect(senders.map(({ sizes }) => sizes())).toEqual([[3], [3]]);
  });

  test("that are told to leave before they are on disk leave when they are", async () => {
    const store = await openDisk();
    const { hold, sizes } = await start({ store });
    const held = hold(request(2));
    held.leave(request(3));
    expect(sizes()).toEqual([]);
    await held.safe;
    await until(() => sizes().length === 1);
    expect(sizes()).toEqual([3]);
  });

  test("leave as they came where the storage has no room for what they became", async () => {
    const store = await openDisk({ bytesMax: 1024 ** 2 });
    const { hold, sent, host } = await start({ store });
    const held = hold(request(2));
    await held.safe;
    held.leave({ ...request(3), bytes: new Uint8Array(2 * 1024 ** 2) });
    await until(() => sent.length === 1);
    expect(sent[0]?.items).toBe(2);
    expect(host.logged.join()).toContain("leave as they came");
  });

  test("that cannot be written are refused, and never sent", async () => {
    const store = await openDisk({ bytesMax: 1024 ** 2 });
    const { sender, sizes } = await start({ store });
    const larger = { ...request(2), bytes: new Uint8Array(2 * 1024 ** 2) };
    const held = sender.reserve(10, larger).hold?.(larger, () => undefined);
    await expect(held?.safe).rejects.toThrow(Refused);
    held?.leave(request(2));
    await settle();
    expect([sizes(), records(store, "x")]).toEqual([[], 0]);
  });

  test("are left to what takes the place of their exporter, which does not send them before they leave", async () => {
    const store = await openDisk();
    const before = await start({ store });
    const held = before.hold(request(2), () => held.leave(request(3)));
    await held.safe;
    const after = await start({ store });
    await settle();
    expect([before.sizes(), after.sizes()]).toEqual([[], []]);
    await before.sender.stop(AbortSignal.timeout(5_000));
    await until(() => after.sent.length === 1);
    expect([before.sizes(), after.sizes(), records(store, "x")]).toEqual([[], [3], 0]);
  });
});
