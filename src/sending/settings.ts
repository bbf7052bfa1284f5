// The settings that every exporter has, with the Collector's keys and defaults. What differs, and why:
// the queue is bounded by bytes where nothing is said, because a number of requests bounds no memory.
import { z } from "zod";
import type { Batching, Objection } from "../core/component.ts";
import { duration, extensionId, optionalDuration, parseSize, section, size } from "../core/settings.ts";

const MiB = 1024 ** 2;

/** The largest request that OTLP recommends to send, before compression: https://opentelemetry.io/docs/specs/otlp. */
export const requestBytesMax = 64 * MiB;

const queueBytesDefault = 64 * MiB;
const queueSizeDefault = 1000;

/** A count, or a size with its unit. What users wrote is kept: the unit decides what is counted. */
function countOrSize(description: string) {
  return z
    .union([z.number(), z.string()])
    .refine((given) => parseSize(given) !== undefined, {
      error: (issue) => `must be a count such as 1000 or a size such as 64MiB, not ${JSON.stringify(issue.input)}`,
    })
    .meta({ description });
}

export const batchSettings = z.strictObject({
  flush_timeout: duration("200ms", "How long the oldest request waits for others."),
  min_size: countOrSize("Sent as soon as this much waits.").default(8192),
  max_size: countOrSize("What is more is split; 0 is no limit. Above all, a request is at most 64MiB.").default(0),
  sizer: z
    .enum(["items", "bytes"])
    .optional()
    .meta({ description: "What min_size and max_size count. By default what the queue counts, or items." }),
});

export const sendingQueueSettings = section(
  z.strictObject({
    enabled: z
      .boolean()
      .default(true)
      .meta({ description: "Without a queue the sender waits for the backend's answer, and gets it." }),
    num_consumers: z
      .int()
      .min(1)
      .default(10)
      .meta({ description: "Requests that are on their way at the same time, for each signal." }),
    queue_size: countOrSize(
      "How much may wait and be on its way: `64MiB` counts bytes, a bare number counts in `sizer`. By default 64MiB.",
    ).optional(),
    sizer: z
      .enum(["requests", "items", "bytes"])
      .optional()
      .meta({ description: "What a bare number in queue_size counts; by default requests." }),
    wait_for_result: z
      .boolean()
      .default(false)
      .meta({ description: "Whether the sender is answered only when the backend has answered." }),
    block_on_overflow: z.boolean().default(false).meta({
      description:
        "What a full queue does: false refuses at once and tells the sender when to come again, true lets the request wait for room first. As many bytes may wait as the queue holds, 64MiB where it counts something else.",
    }),
    overflow_timeout: duration(
      "3s",
      "How long a request waits for room before it is refused, retryably. Less than its sender waits for an answer: else that sends it again while it waits.",
    ),
    storage: extensionId(
      "file_storage",
      "Id of a file_storage extension: what waits is on disk before the sender is acknowledged, and outlives the process.",
    ),
    keep_in_memory: size(
      "64MiB",
      "With storage: how much of what waits is kept in memory too, so that it is not read back from the disk. At most an eighth of the memory that the process may have. Exporters of one storage share it; the largest value counts.",
    ),
    on_full: z.enum(["refuse", "drop_oldest"]).default("refuse").meta({
      description:
        "What gives way when queue or storage is full: what comes, so that its sender keeps it, or what has waited longest. drop_oldest needs storage.",
    }),
    batch: section(
      batchSettings,
      "Joins requests before they are sent. Absent: as the `batch` processor says.",
    ).optional(),
  }),
  "Where requests wait for the backend.",
).prefault({});

export const retrySettings = section(
  z.strictObject({
    enabled: z.boolean().default(true).meta({ description: "Whether a request that may succeed later is sent again." }),
    initial_interval: duration("5s", "Wait before the second attempt."),
    randomization_factor: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .meta({ description: "Every wait is longer or shorter by up to this share." }),
    multiplier: z.number().min(0).default(1.5).meta({ description: "Every wait is this much longer than the last." }),
    max_interval: duration("30s", "Longest wait."),
    max_elapsed_time: optionalDuration(
      "5m",
      "Given up after this time; 0 is never. By default 0 where the queue has storage.",
    ),
  }),
  "When a request is sent again.",
).prefault({});

export type SendingQueueSettings = z.output<typeof sendingQueueSettings>;
type WrittenRetrySettings = z.output<typeof retrySettings>;
/** With the time that is meant where none is written. */
export type RetrySettings = WrittenRetrySettings & { readonly max_elapsed_time: number };

/** The part of an exporter's settings that is about sending. */
export interface SendingSettings {
  readonly sending_queue: SendingQueueSettings;
  readonly retry_on_failure: WrittenRetrySettings;
}

const elapsedMsMax = 300_000;

export function retryOf({ sending_queue, retry_on_failure }: SendingSettings): RetrySettings {
  const byDefault = sending_queue.storage === undefined ? elapsedMsMax : 0;
  return { ...retry_on_failure, max_elapsed_time: retry_on_failure.max_elapsed_time ?? byDefault };
}

export type Sizer = "requests" | "items" | "bytes";

/** How much a queue holds, waiting or on its way. */
export interface Capacity {
  readonly sizer: Sizer;
  readonly max: number;
}

/**
 * What waits for better-informed spans takes at most this share of a queue: it is to hold up nothing else, and a queue
 * that counts requests would be full of it.
 */
export const heldShareMax = 0.5;

export function capacityOf(settings: SendingQueueSettings): Capacity {
  const { queue_size: given, sizer } = settings;
  if (given === undefined && (sizer === undefined || sizer === "bytes"))
    return { sizer: "bytes", max: queueBytesDefault };
  if (given === undefined) return { sizer: sizer ?? "requests", max: queueSizeDefault };
  const isBytes = typeof given === "string" && /[A-Za-z]/.test(given);
  return { sizer: isBytes ? "bytes" : (sizer ?? "requests"), max: parseSize(given) ?? 0 };
}

/** How many bytes may wait for room. */
export function overflowBytesMax(settings: SendingQueueSettings): number {
  const { sizer, max } = capacityOf(settings);
  return sizer === "bytes" ? max : queueBytesDefault;
}

/** When waiting requests are sent as one, and when one is sent as several. */
export interface BatchRule {
  readonly flushTimeoutMs: number;
  readonly by: "items" | "bytes";
  readonly min: number;
  /** 0 is no limit. */
  readonly max: number;
}

/** The exporter's own settings, else those of the `batch` processor of its pipeline, else none. */
export function batchRuleOf(settings: SendingQueueSettings, batching: Batching | undefined): BatchRule | undefined {
  const own = settings.batch;
  if (own !== undefined) {
    const by = own.sizer ?? (settings.sizer === "bytes" ? "bytes" : "items");
    return {
      flushTimeoutMs: own.flush_timeout,
      by,
      min: parseSize(own.min_size) ?? 0,
      max: parseSize(own.max_size) ?? 0,
    };
  }
  if (batching === undefined) return undefined;
  const { flushTimeoutMs, itemsMin, itemsMax } = batching;
  return { flushTimeoutMs, by: "items", min: itemsMin, max: itemsMax };
}

/** What the schemas cannot say: values that contradict each other. */
export function* sendingObjections(settings: SendingSettings): Iterable<Objection> {
  yield* queueObjections(settings.sending_queue);
  yield* storageObjections(settings.sending_queue);
  yield* retryObjections(retryOf(settings));
}

function* queueObjections(queue: SendingQueueSettings): Iterable<Objection> {
  const capacity = capacityOf(queue);
  const object = (key: string, text: string): Objection => ({ path: ["sending_queue", ...key.split(".")], text });
  if (capacity.max < 1) yield object("queue_size", "must be positive");
  if (queue.sizer !== undefined && queue.sizer !== capacity.sizer)
    yield object(
      "sizer",
      `must be bytes with a queue_size of ${JSON.stringify(queue.queue_size)}, not ${JSON.stringify(queue.sizer)}`,
    );
  const rule = queue.batch && batchRuleOf(queue, undefined);
  if (rule === undefined) return;
  if (rule.max > 0 && rule.max < rule.min)
    yield object("batch.max_size", `must be at least min_size, ${rule.min}, or 0; not ${rule.max}`);
  if (rule.by === capacity.sizer && capacity.max < rule.min)
    yield object(
      "batch.min_size",
      `must be at most queue_size, ${capacity.max}, not ${rule.min}; a full queue would wait for more`,
    );
}

function* storageObjections(queue: SendingQueueSettings): Iterable<Objection> {
  const { storage, on_full, block_on_overflow, wait_for_result, enabled } = queue;
  const object = (key: string, text: string): Objection => ({ path: ["sending_queue", key], text });
  if (storage === undefined) {
    if (on_full === "drop_oldest") yield object("on_full", "must be refuse without storage; a queue in memory refuses");
    return;
  }
  if (wait_for_result)
    yield object("wait_for_result", "must be false with storage; the sender is answered when the request is on disk");
  if (!enabled) yield object("enabled", "must be true with storage");
  if (on_full === "drop_oldest" && block_on_overflow)
    yield object("block_on_overflow", "must be false with on_full: drop_oldest, which always makes room");
}

function* retryObjections(retry: RetrySettings): Iterable<Objection> {
  const total = retry.max_elapsed_time;
  if (!retry.enabled || total === 0) return;
  for (const key of ["initial_interval", "max_interval"] as const)
    if (total < retry[key])
      yield { path: ["retry_on_failure", "max_elapsed_time"], text: `must be at least ${key}, or 0 for ever` };
}
