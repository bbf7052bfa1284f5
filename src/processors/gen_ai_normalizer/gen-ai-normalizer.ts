// Names and values: reads what every known emitter says of a call of a model, writes it in today's convention, and
// leaves what it read to the processors behind it.
import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import { type AttributeKeys, type Processor, processor } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { type Telling, tellings } from "../../genai/call.ts";
import { conventions } from "../../genai/convention.ts";
import { dialects } from "../../genai/dialects/dialects.ts";
import { Reader } from "../../genai/read.ts";
import { SensitiveDropper } from "../../genai/sensitive.ts";
import { trails } from "../../genai/trail.ts";
import { ReadingWriter } from "../../genai/write.ts";
import { KeyTable } from "../../otlp/key-table.ts";
import { cutLogs } from "../../otlp/log-cut.ts";
import { RewrittenBatch } from "../../otlp/rewritten-batch.ts";
import { traceBatch } from "../../otlp/trace-batch.ts";

const service = z
  .strictObject({
    provider: z.string().min(1).optional().meta({ description: "Who answers, as in `gen_ai.provider.name`." }),
    model: z.string().min(1).optional().meta({ description: "The model that is served." }),
  })
  .meta({ description: "What the spans of one service do not say." });

const settings = z.strictObject({
  target: z.enum(conventions).default("latest").meta({
    description:
      "The convention whose names are written: that of this release, or the one of a backend that reads older ones.",
  }),
  keep_original: z.boolean().default(true).meta({
    description: "Keep the attributes whose values now stand under other names; packaged dashboards read them.",
  }),
  aliases: z.boolean().default(true).meta({
    description: "Also write the previous name of an attribute whose name changed last (`cache_creation`).",
  }),
  content: z.enum(["keep", "drop"]).default("keep").meta({
    description:
      "Prompts, answers, arguments and results of tools, in every dialect's spelling, on spans and their events.",
  }),
  secrets: z.enum(["drop", "keep"]).default("drop").meta({
    description:
      "Headers, keys and hidden parameters that emitters put on spans; what they say of cost is read before.",
  }),
  dialects: z
    .union([z.literal("auto"), z.array(z.enum(dialects.map(({ id }) => id))).min(1)])
    .default("auto")
    .meta({ description: "Which dialects are considered: `auto` for all, or a list of their ids." }),
  services: z.record(z.string(), service).default({}).meta({
    description: "Provider and model by `service.name`, for emitters that do not say them, such as vLLM.",
  }),
});
type Settings = z.output<typeof settings>;

export const genAiNormalizer = processor({
  type: "gen_ai_normalizer",
  summary: "Renames and repairs what LLM spans say, from every known dialect into the current conventions.",
  signals: ["traces", "logs"],
  settings,
  create: (given, host) => new Normaliser(given, host),
});

class Normaliser implements Processor {
  readonly keys: AttributeKeys;
  readonly #reader: Reader;
  readonly #writer: ReadingWriter;
  /** Undefined where everything stays. */
  readonly #dropper: SensitiveDropper | undefined;
  /** Names that stand on log records, made when the first ones come. */
  #logKeys: KeyTable | undefined;
  /** Whether the spans at hand were counted when they came. */
  #isCounted = false;

  constructor(given: Settings, host: Host) {
    const chosen = given.dialects;
    this.#reader = new Reader(chosen === "auto" ? dialects : dialects.filter(({ id }) => chosen.includes(id)), {
      services: new Map(Object.entries(given.services)),
      badValue: (dialect, key) => {
        if (!this.#isCounted) host.meter.add("spantoll_bad_values_total", 1, { dialect, key });
      },
    });
    this.#writer = new ReadingWriter(this.#reader.compiled, {
      target: given.target,
      keepOriginal: given.keep_original,
      aliases: given.aliases,
    });
    const sensitive = { dropContent: given.content === "drop", dropSecrets: given.secrets === "drop" };
    this.#dropper = sensitive.dropContent || sensitive.dropSecrets ? new SensitiveDropper(sensitive) : undefined;
    this.keys = joined(this.#reader.keys, this.#dropper?.keys);
  }

  process(batch: Batch): Batch {
    return batch.signal === "logs" ? this.#processLogs(batch) : this.#processTraces(batch);
  }

  stampAgain(batch: Batch): Batch {
    this.#isCounted = true;
    try {
      return this.#processTraces(batch);
    } finally {
      this.#isCounted = false;
    }
  }

  /** Nothing is renamed on log records: content and secrets go, the rest passes as it is. */
  #processLogs(batch: Batch): Batch {
    const dropper = this.#dropper;
    if (dropper === undefined) return batch;
    this.#logKeys ??= new KeyTable([this.keys]);
    const { bytes } = batch.encode();
    const cut = cutLogs(bytes, this.#logKeys, (scope) => dropper.judgeLogs(scope));
    return cut.length === bytes.length ? batch : new RewrittenBatch(batch, cut);
  }

  #processTraces(batch: Batch): Batch {
    const traces = traceBatch(batch);
    const trail = trails.get(batch.notes);
    const told: Telling[] = [];
    for (let at = 0; at < traces.items; at++) {
      const span = traces.span(at);
      if (span.rowsStart === span.rowsEnd) continue;
      const telling = this.#reader.read(span);
      if (telling) told.push(telling);
      // A copy keeps the names that it came with: its numbers are those of its parent once more.
      if (this.#reader.recognised && !this.#reader.isCopy) this.#writer.write(span, this.#reader.reading, trail);
      this.#dropper?.drop(span, this.#reader.recognised, trail);
    }
    tellings.set(batch.notes, told);
    return batch;
  }
}

function joined(keys: AttributeKeys, more: AttributeKeys | undefined): AttributeKeys {
  if (more === undefined) return keys;
  return {
    exact: [...new Set([...keys.exact, ...more.exact])],
    prefixes: [...keys.prefixes, ...more.prefixes],
    events: more.events === true,
  };
}
