// What real libraries sent, kept so that their dialects are checked without them: `capture.ts` made the files. Every true
// call is billed once, and says what the model server wrote down, but for what the library itself does not tell.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { explainCommand } from "../../cmd/explain.ts";
import { components } from "../../src/components.ts";
import { builtIn } from "../../src/config/built-in.ts";
import { readConfiguration } from "../../src/config/check.ts";
import { jsonToProto } from "../../src/otlp/json.ts";
import { spansOf } from "../support/spans.ts";

const root = new URL("./captures", import.meta.url).pathname;

interface TrueCall {
  readonly model: string;
  readonly request_model: string;
  readonly response_id: string | null;
  readonly input: number | null;
  readonly cache_read: number | null;
  readonly cache_write: number | null;
  readonly output: number | null;
  readonly reasoning: number | null;
  readonly provider: string;
  readonly operation: string;
  readonly stream: boolean;
  readonly error: boolean;
}

interface Fact {
  readonly calls: readonly TrueCall[];
  readonly tenant: string | null;
  /** What the spans say of a call instead, because they do not tell it or tell something else; null is nothing. */
  readonly told_otherwise?: Readonly<Record<string, unknown>>;
}

const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const captures = folders.flatMap(({ name: folder }) => {
  const facts = JSON.parse(readFileSync(join(root, folder, "facts.json"), "utf8")) as Record<string, Fact>;
  return Object.entries(facts).map(([file, fact]) => ({ name: `${folder}/${file}`, ...fact }));
});

/** What was asked and answered, in all of these files. */
const said = ["PLANTED-PROMPT", "A short answer", "Berlin"];

describe("captures of real libraries", () => {
  test.each(captures)("$name: each call is billed once, as it was", ({ name, calls, tenant, told_otherwise = {} }) => {
    const answered = calls.filter(({ error }) => !error);
    const billed = billedIn(name);
    expect(billed).toHaveLength(answered.length);
    const differences = answered.map((call) => {
      const said = take(billed, call);
      return Object.entries(truthOf(call, tenant))
        .filter(([field, value]) => !same(said[field], value))
        .map(([field]) => [field, said[field] ?? null]);
    });
    expect(Object.fromEntries(differences.flat())).toEqual(told_otherwise);
  });

  test("nothing that was said is shown by explain", () => {
    const shown = captures.map(({ name }) => JSON.stringify(explained(readFileSync(join(root, name)))));
    expect(captures.filter((_, place) => said.some((text) => shown[place]?.includes(text) === true))).toEqual([]);
  });

  test("there are files of every library", () => expect(captures.length).toBeGreaterThan(60));
});

type Said = Readonly<Record<string, unknown>>;

function billedIn(name: string): Said[] {
  const sent = readFileSync(join(root, name));
  const spans = spansOf(name.endsWith(".json") ? jsonToProto("traces", sent) : sent);
  return explained(sent)
    .map((line, place) => ({ line, attributes: attributesAfter(spans[place]?.attributes ?? {}, line) }))
    .filter(({ line }) => line.role === "bill")
    .map(({ line, attributes }) => saidBy(attributes, line));
}

interface Line {
  readonly role: string | null;
  readonly tenant: { readonly id: string } | null;
  readonly set: readonly { readonly key: string; readonly value: unknown }[];
  readonly cost: { readonly nano_usd?: number | string } | null;
}

const files = { read: (path: string) => readFileSync(path) };
const configuration = readConfiguration({ configs: [builtIn], sets: [] }, components, { env: () => undefined, files });

function explained(input: Uint8Array): readonly Line[] {
  if (!configuration.ok) throw new Error(JSON.stringify(configuration.problems));
  // The day on which the files were made.
  const nowMs = Date.UTC(2026, 10, 21, 8);
  const { output } = explainCommand({ config: configuration.config, input, format: "json", files, nowMs });
  return output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

function attributesAfter(before: Readonly<Record<string, unknown>>, { set }: Line): Said {
  return { ...before, ...Object.fromEntries(set.map(({ key, value }) => [key, value])) };
}

function saidBy(attributes: Said, { tenant, cost }: Line): Said {
  return {
    provider: attributes["gen_ai.provider.name"],
    operation: attributes["gen_ai.operation.name"],
    request_model: attributes["gen_ai.request.model"],
    model: attributes["gen_ai.response.model"] ?? attributes["gen_ai.request.model"],
    response_id: attributes["gen_ai.response.id"],
    input: attributes["gen_ai.usage.input_tokens"],
    output: attributes["gen_ai.usage.output_tokens"],
    cache_read: attributes["gen_ai.usage.cache_read.input_tokens"],
    cache_write: attributes["gen_ai.usage.cache_write.input_tokens"],
    reasoning: attributes["gen_ai.usage.reasoning.output_tokens"],
    tenant: tenant?.id,
    priced: 0 < Number(cost?.nano_usd ?? 0),
  };
}

function truthOf(call: TrueCall, tenant: string | null): Said {
  const { error: _error, operation, stream: _stream, ...facts } = call;
  return {
    ...facts,
    operation: operation === "responses" ? "chat" : operation,
    tenant: tenant ?? "@unknown",
    priced: true,
  };
}

/** The span of a call: by its id, else by what it counts, else the next. */
function take(billed: Said[], { response_id, input, output }: TrueCall): Said {
  const byId = billed.findIndex((said) => response_id !== null && said["response_id"] === response_id);
  const byCounts = billed.findIndex((said) => said["input"] === input && (said["output"] ?? 0) === output);
  const [said] = billed.splice(Math.max(0, byId < 0 ? byCounts : byId), 1);
  return said ?? {};
}

/** None of a quantity may stay untold. */
function same(said: unknown, truth: unknown): boolean {
  return said === truth || (said === undefined && (truth === null || truth === 0));
}
