// Components that do nothing, for tests of everything that works on declarations alone.
import { z } from "zod";
import { type AnyKind, exporter, extension, processor, receiver } from "../../src/core/component.ts";
import { duration, inert, listenAddress, size } from "../../src/core/settings.ts";

const signals = ["traces", "metrics", "logs"] as const;

const otlp = receiver({
  type: "otlp",
  summary: "Takes spans.",
  signals,
  settings: z.strictObject({
    protocols: z
      .strictObject({
        http: z
          .strictObject({
            endpoint: listenAddress("localhost:4318", "Where it listens."),
            max_request_body_size: size("64MiB", "Largest request."),
            write_buffer_size: inert("buffers are the runtime's business"),
          })
          .optional()
          .meta({ description: "OTLP over HTTP." }),
      })
      .refine((given) => Object.keys(given).length > 0, { error: "must name at least one protocol; write http:" })
      .meta({ description: "The protocols to speak." }),
  }),
  create: () => ({}),
});

const redact = processor({
  type: "redact",
  summary: "Removes text.",
  signals: ["traces", "logs"],
  settings: z.strictObject({
    content: z.enum(["drop", "hash", "keep"]).prefault("drop").meta({ description: "What to do with text." }),
    target: z.enum(["latest", "1.41", "1.36"]).prefault("latest").meta({ description: "Which convention." }),
    max_length: z.int().min(0).prefault(256).meta({ description: "Longest value to keep." }),
    enabled: z.boolean().prefault(true).meta({ description: "Whether it works." }),
    label: z.string().prefault("x").meta({ description: "A word." }),
    keys: z.array(z.string()).prefault([]).meta({ description: "Keys to look at." }),
    dialects: z
      .union([z.literal("auto"), z.array(z.string())])
      .prefault("auto")
      .meta({ description: "Which dialects." }),
    names: z.record(z.string(), z.string()).prefault({}).meta({ description: "Names by name." }),
    layers: z
      .array(
        z.union([z.literal("bundled"), z.strictObject({ file: z.string() }), z.strictObject({ litellm: z.string() })]),
      )
      .prefault(["bundled"])
      .meta({ description: "Layers." }),
  }),
  create: () => ({ process: (batch) => batch }),
});

const charge = processor({
  type: "charge",
  summary: "Charges.",
  signals: ["traces"],
  needs: ["redact"],
  alike: "they charge one ledger",
  settings: z.strictObject({
    file: z.string().optional().meta({ description: "A file to read." }),
    late: duration("48h", "How late."),
  }),
  *check({ file }, files) {
    try {
      if (file !== undefined) files.read(file);
    } catch (cause) {
      yield { path: ["file"], text: `cannot be read: ${cause instanceof Error ? cause.message : cause}` };
    }
  },
  create: () => ({ process: (batch) => batch }),
});

const otlpHttp = exporter({
  type: "otlp_http",
  aliases: ["otlphttp"],
  summary: "Sends spans.",
  signals,
  settings: z.strictObject({
    endpoint: z.string().min(1).meta({ description: "Where to." }),
    timeout: duration("30s", "How long one attempt may take."),
    headers: z.record(z.string(), z.string()).prefault({}).meta({ description: "Headers." }),
    sending_queue: z
      .strictObject({ queue_size: z.int().min(1).prefault(1000).meta({ description: "How many." }) })
      .prefault({})
      .meta({ description: "The queue." }),
  }),
  create: () => ({ reserve: () => ({ commit() {}, release() {} }) }),
});

const debug = exporter({
  type: "debug",
  summary: "Prints.",
  signals,
  settings: z.strictObject({
    verbosity: z.enum(["basic", "normal", "detailed"]).prefault("basic").meta({ description: "How much." }),
  }),
  create: () => ({ reserve: () => ({ commit() {}, release() {} }) }),
});

const healthCheck = extension({
  type: "health_check",
  summary: "Says how it is.",
  signals: [],
  settings: z.strictObject({ endpoint: listenAddress("localhost:13133", "Where it listens.") }),
  create: () => ({}),
});

export const fakeKinds: readonly AnyKind[] = [otlp, redact, charge, otlpHttp, debug, healthCheck];

/** Files and variables as a test gives them. */
export function fixedOutside(env: Readonly<Record<string, string>> = {}, files: Readonly<Record<string, string>> = {}) {
  return {
    env: (name: string) => env[name],
    files: {
      read(path: string): Uint8Array {
        const text = files[path];
        if (text === undefined) throw new Error("there is no such file");
        return new TextEncoder().encode(text);
      },
    },
  };
}
