// The captures below test/corpora and what is true of them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonToProto } from "../../src/otlp/json.ts";

const root = "test/corpora";

/** One call as the server that answered it wrote it down. */
export interface TrueCall {
  readonly call: string;
  readonly model: string;
  readonly request_model: string;
  readonly response_id: string | null;
  readonly input: number | null;
  readonly cache_read: number | null;
  readonly cache_write: number | null;
  readonly output: number | null;
  readonly reasoning: number | null;
  readonly usage_sent: boolean;
  readonly provider: string;
  readonly operation: string;
  readonly error: boolean;
  readonly tenant: Readonly<Record<string, string>> | null;
}

export interface Capture {
  /** `litellm-proxy-v1@1.106.2/chat.pb` */
  readonly name: string;
  /** The request in protobuf, whatever it was captured as. */
  readonly bytes: Uint8Array;
  readonly spans: number;
  readonly calls: readonly TrueCall[];
  readonly idsOnSpans: readonly string[];
}

interface Fact {
  readonly spans: number;
  readonly calls: readonly TrueCall[];
  readonly ids_on_spans?: readonly string[];
}

/** Every capture, by name. */
export function captures(): readonly Capture[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => capturesOf(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function capturesOf(folder: string): Capture[] {
  const facts: Record<string, Fact> = JSON.parse(readFileSync(join(root, folder, "facts.json"), "utf8"));
  return Object.entries(facts).map(([file, fact]) => ({
    name: `${folder}/${file}`,
    bytes: bytesOf(join(root, folder, file)),
    spans: fact.spans,
    calls: fact.calls,
    idsOnSpans: fact.ids_on_spans ?? [],
  }));
}

function bytesOf(path: string): Uint8Array {
  const bytes = readFileSync(path);
  return path.endsWith(".json") ? jsonToProto("traces", bytes) : bytes;
}
