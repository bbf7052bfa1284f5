// The Collector's batch processor, as a wish to the exporters: a queue between receiver and exporter would answer
// senders before their spans are safe. Batching happens where sending happens, and batches pass through here.
import { z } from "zod";
import { processor } from "../../core/component.ts";
import { duration, inert } from "../../core/settings.ts";

const itemCount = z.int().min(0);

export const batch = processor({
  type: "batch",
  summary: "Sets how the exporters of its pipelines gather items into requests.",
  signals: ["traces", "metrics", "logs"],
  settings: z.strictObject({
    timeout: duration("200ms", "How long items wait for more of them. 0 sends at once."),
    send_batch_size: itemCount
      .default(8192)
      .meta({ description: "Spans, data points or log records with which a request is sent before the time is up." }),
    send_batch_max_size: itemCount
      .default(0)
      .meta({ description: "Most items of one request; larger ones are split. 0 is no limit." }),
    metadata_keys: inert("a request keeps the headers that it came with, in the queue too"),
    metadata_cardinality_limit: inert("it limits metadata_keys"),
  }),
  *check({ send_batch_size, send_batch_max_size }) {
    if (send_batch_max_size === 0 || send_batch_size <= send_batch_max_size) return;
    yield {
      path: ["send_batch_max_size"],
      text: `must be 0 or at least send_batch_size (${send_batch_size}), not ${send_batch_max_size}`,
    };
  },
  create: (settings) => ({
    batching: {
      flushTimeoutMs: settings.timeout,
      itemsMin: settings.send_batch_size,
      itemsMax: settings.send_batch_max_size,
    },
    process: (given) => given,
  }),
});
