// C-85: a full queue refuses at once, or with block_on_overflow lets requests wait for room, in memory and on disk.
// From the door that receivers use to the attempts of an exporter.
import { describe, expect, onTestFinished, test } from "vitest";
import type { Encoded } from "../../src/core/batch.ts";
import { offerStore } from "../../src/core/storage.ts";
import { TraceBatches } from "../../src/otlp/trace-batch.ts";
import { openDoor } from "../../src/pipeline/door.ts";
import type { PushResult } from "../../src/sending/delivery.ts";
import { createSender } from "../../src/sending/sender.ts";
import { retrySettings, sendingQueueSettings } from "../../src/sending/settings.ts";
import { openDisk } from "../support/disk.ts";
import { encodedOf, traces } from "../support/http-path.ts";
import { recordingHost } from "../support/recording-host.ts";
import { until } from "../support/until.ts";

interface Exporting {
  readonly attempts: { readonly encoded: Encoded; answer(result: PushResult): void }[];
  readonly sender: ReturnType<typeof createSender>;
}

const ok: PushResult = { kind: "delivered", rejected: 0, message: "" };
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** Exporters behind one door, each with the settings of its queue. */
async function start(...queues: readonly object[]) {
  const host = recordingHost({ id: "exporters.otlp_http/test" });
  offerStore(host.common, "file_storage", await openDisk());
  const exporting: Exporting[] = [];
  for (const [at, queue] of queues.entries()) {
    const attempts: Exporting["attempts"] = [];
    const settings = { sending_queue: sendingQueueSettings.parse(queue), retry_on_failure: retrySettings.parse({}) };
    const push = (encoded: Encoded, abort: AbortSignal): Promise<PushResult> =>
      new Promise((resolve) => {
        attempts.push({ encoded, answer: resolve });
        abort.addEventListener("abort", () => resolve({ kind: "retryable", reason: "interrupted" }), { once: true });
      });
    const sender = createSender(settings, undefined, push, { ...host, id: `exporters.otlp_http/${at}` });
    await sender.start();
    onTestFinished(() => sender.stop(AbortSignal.abort()));
    exporting.push({ attempts, sender });
  }
  const chain = {
    id: "traces",
    signal: "traces" as const,
    processors: [],
    exporters: exporting.map((one) => one.sender),
  };
  const traceBatches = new TraceBatches([]);
  const accept = openDoor({ receiver: "otlp", signal: "traces", chains: [chain], traces: traceBatches, host });
  const send = (spans: number): Promise<string> => {
    const { bytes, context } = encodedOf("traces", traces(spans));
    const outcome = accept({ signal: "traces", bytes, context, transport: "http" });
    return Promise.resolve(outcome).then(
      (items) => `took ${items}`,
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    );
  };
  const refused = () => host.counted.get('otelcol_exporter_enqueue_failed_spans{"exporter":"otlp_http/0"}') ?? 0;
  return { host, exporting, send, refused };
}

describe.each([
  { name: "in memory", storage: {} },
  { name: "on disk", storage: { storage: "file_storage" } },
])("C-85 a queue $name that is full", ({ storage }) => {
  const one = { ...storage, queue_size: 1, num_consumers: 1 };

  test("refuses at once without block_on_overflow", async () => {
    const { send, refused } = await start(one);
    expect(await send(1)).toBe("took 1");
    expect(await send(2)).toMatch(/^overloaded: the sending queue is full/);
    expect(refused()).toBe(2);
  });

  test("with it lets requests wait, and serves them in their order as room comes", async () => {
    const { send, refused, exporting, host } = await start({ ...one, block_on_overflow: true });
    const [exporter] = exporting;
    expect(await send(1)).toBe("took 1");
    const order: string[] = [];
    const waiting = [2, 3].map((spans) => send(spans).then((outcome) => order.push(outcome)));
    await settle();
    expect(order).toEqual([]);
    for (let at = 0; at < 3; at++) {
      await until(() => exporter?.attempts.length === at + 1);
      exporter?.attempts[at]?.answer(ok);
    }
    await Promise.all(waiting);
    expect(order).toEqual(["took 2", "took 3"]);
    expect(exporter?.attempts.map(({ encoded }) => encoded.items)).toEqual([1, 2, 3]);
    expect([refused(), host.timers()]).toEqual([0, 0]);
  });

  test("refuses retryably and counts what has waited too long", async () => {
    const { send, refused, exporting, host } = await start({ ...one, block_on_overflow: true, overflow_timeout: "2s" });
    expect(await send(1)).toBe("took 1");
    const late = send(2);
    host.advance(1_999);
    await settle();
    expect(refused()).toBe(0);
    host.advance(1);
    expect(await late).toBe("overloaded: the sending queue had no room within 2000 ms");
    expect(refused()).toBe(2);
    exporting[0]?.attempts[0]?.answer(ok);
    await settle();
    expect(exporting[0]?.attempts).toHaveLength(1);
    expect(await send(3)).toBe("took 3");
  });

  test("lets no more wait than it holds, and answers those who wait when it stops", async () => {
    const { send, exporting } = await start({
      ...storage,
      queue_size: "700B",
      num_consumers: 1,
      block_on_overflow: true,
    });
    expect(await send(6)).toBe("took 6");
    const waiting = send(6);
    expect(await send(6)).toMatch(/^overloaded: the sending queue is full, and \d+ bytes wait for room already/);
    await exporting[0]?.sender.stop(AbortSignal.abort());
    expect(await waiting).toBe("unavailable: stopping");
  });
});

test("C-85 a request that waits at one exporter reaches no other before, and is gone from all when it is refused", async () => {
  const free = { queue_size: 100 };
  const { send, exporting, host } = await start({ queue_size: 1, num_consumers: 1, block_on_overflow: true }, free);
  expect(await send(1)).toBe("took 1");
  const waiting = send(2);
  await settle();
  expect(exporting[1]?.attempts).toHaveLength(1);
  host.advance(3_000);
  expect(await waiting).toMatch(/^overloaded/);
  const next = send(3);
  exporting[0]?.attempts[0]?.answer(ok);
  expect(await next).toBe("took 3");
  await settle();
  expect(exporting[1]?.attempts.map(({ encoded }) => encoded.items)).toEqual([1, 3]);
});
