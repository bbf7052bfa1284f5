// What it costs that every dialect is known: the normaliser over real requests, asked for all dialects and for seven.
// The requests are captures of which seven dialects know all that all of them know, so that both do the same work.
import { type Telling, tellings } from "../../src/genai/call.ts";
import { TraceBatches } from "../../src/otlp/trace-batch.ts";
import { genAiNormalizer } from "../../src/processors/gen_ai_normalizer/gen-ai-normalizer.ts";
import { captures } from "../corpus/captures.ts";
import { recordingHost } from "../support/recording-host.ts";
import { cpuNsPerCall } from "./measure.ts";

const seven = [
  "litellm-v1",
  "litellm-v2",
  "litellm-raw",
  "openinference",
  "openllmetry-current",
  "otel-genai-current",
  "anthropic-sdk",
];

export const normaliserRows = [
  { name: "seven", about: "`dialects` with seven ids", dialects: seven },
  { name: "all", about: "`dialects: auto`", dialects: "auto" },
] as const;

export interface NormaliserFigures {
  readonly nsPerSpan: number;
  /** Bytes of texts that were decoded, by span: names of models, ids, usage records. */
  readonly decodedBytesPerSpan: number;
}

export function normaliserFigures(row: string): NormaliserFigures {
  const dialects = normaliserRows.find(({ name }) => name === row)?.dialects;
  const requests = comparable();
  const spans = requests.reduce((sum, bytes) => sum + normalised({ dialects: seven }, bytes).items, 0);
  const pass = passing({ dialects });
  const decoded = requests.reduce((sum, bytes) => sum + pass(bytes).decodedBytes, 0);
  const ns = cpuNsPerCall(() => {
    for (const bytes of requests) pass(bytes);
  });
  return { nsPerSpan: ns / spans, decodedBytesPerSpan: decoded / spans };
}

function comparable(): readonly Uint8Array[] {
  const same = (a: readonly Telling[], b: readonly Telling[]) => JSON.stringify(a) === JSON.stringify(b);
  return captures()
    .map(({ bytes }) => bytes)
    .filter((bytes) => {
      const [few, all] = [normalised({ dialects: seven }, bytes), normalised({}, bytes)];
      return 0 < all.told.length && same(few.told, all.told);
    });
}

function normalised(settings: object, bytes: Uint8Array) {
  return passing(settings)(bytes);
}

function passing(settings: object) {
  const prepared = genAiNormalizer.prepare(settings, { read: () => new Uint8Array() });
  if (!prepared.ok) throw new Error("the settings are refused");
  const normaliser = prepared.create(recordingHost());
  const batches = new TraceBatches(normaliser.keys ? [normaliser.keys] : []);
  const context = { headers: {}, subject: undefined, peer: "" };
  return (bytes: Uint8Array) => {
    const [batch] = batches.read({ signal: "traces", bytes, context, transport: "http" });
    if (!batch) throw new Error("no batch");
    normaliser.process(batch);
    const { decodedBytes, items } = batch;
    const { notes } = batch.encode();
    return { decodedBytes, items, told: tellings.get(notes) ?? [] };
  };
}
