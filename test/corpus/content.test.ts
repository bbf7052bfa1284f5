// What was said and what is secret, searched for in the bytes that leave.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tellings } from "../../src/genai/call.ts";
import { TraceBatches } from "../../src/otlp/trace-batch.ts";
import { genAiNormalizer } from "../../src/processors/gen_ai_normalizer/gen-ai-normalizer.ts";
import { decode, type Plain } from "../support/otlp-oracle.ts";
import { recordingHost } from "../support/recording-host.ts";
import { spansOf } from "../support/spans.ts";
import { captures } from "./captures.ts";

const all = captures();

/** What callers asked, what was answered, what tools got and gave. */
const said = [
  "Name the three primary",
  "three primary {thing}",
  "Red Yellow Blue",
  "Red",
  "Weather in Paris",
  "Paris",
  "hello world",
  "terse",
  "sunny",
  "get_weather(",
];

/** What was planted in the calls below `planted/`: the question, the answer, what a tool was given and what it gave. */
const planted = ["PLANTED-PROMPT", "A short answer", "Berlin", "rain"];
const plantedIn = readdirSync("test/corpus/planted")
  .sort()
  .map((name) => ({ name, bytes: readFileSync(join("test/corpus/planted", name)) }));

const secret = ["additional_headers", "hidden_params", "'headers'", "user-agent", "requester_custom_headers"];

describe("content: drop", () => {
  const settings = { content: "drop" };

  test.each(all)("nothing that was said leaves with $name", (capture) => {
    const { bytes } = through(capture.bytes, settings);
    expect(said.filter((text) => bytes.includes(text))).toEqual([]);
  });

  test.each(plantedIn)("nothing that was planted leaves with $name", (request) => {
    const { bytes } = through(request.bytes, settings);
    expect(planted.filter((text) => bytes.includes(text))).toEqual([]);
    expect(planted.some((text) => request.bytes.includes(text))).toBe(true);
  });

  test("all that was planted came in", () => {
    expect(planted.filter((text) => !plantedIn.some(({ bytes }) => bytes.includes(text)))).toEqual([]);
  });

  test.each([...all, ...plantedIn])("types of errors, codes and the other names stay with $name", ({ bytes }) => {
    expect(outlines(through(bytes, settings).bytes)).toEqual(outlines(bytes));
  });

  test.each([...all, ...plantedIn])("with content: keep all of $name stays", ({ bytes }) => {
    const out = through(bytes, { secrets: "keep" }).bytes;
    expect(saidBeside(out)).toEqual(saidBeside(bytes));
    const left = spansOf(out);
    const lost = spansOf(bytes).flatMap(({ attributes }, at) =>
      Object.keys(attributes).filter((key) => left[at]?.attributes[key] === undefined),
    );
    expect(lost).toEqual([]);
  });

  test("what was said came in, so that the search can fail", () => {
    const found = said.filter((text) => all.some(({ bytes }) => Buffer.from(bytes).includes(text)));
    expect(found).toEqual(said.filter((text) => text !== "get_weather("));
  });

  test("every call is told of as before", () => {
    for (const { name, bytes } of all) {
      expect([name, through(bytes, settings).told]).toEqual([name, through(bytes, {}).told]);
    }
  });

  test("no text is decoded for it", () => {
    for (const { name, bytes } of all) {
      const { decodedBytes } = through(bytes, { ...settings, secrets: "keep" });
      expect([name, decodedBytes]).toEqual([name, through(bytes, { secrets: "keep" }).decodedBytes]);
    }
  });
});

describe("secrets: drop", () => {
  test.each(all)("no header, key or hidden parameter leaves with $name", (capture) => {
    const { bytes } = through(capture.bytes, {});
    expect(secret.filter((text) => bytes.includes(text))).toEqual([]);
  });

  test("they are there without it, and prompts stay with it", () => {
    const kept = all.filter(({ bytes }) => through(bytes, { secrets: "keep" }).bytes.includes("hidden_params"));
    expect(kept.length).toBeGreaterThan(10);
    expect(all.filter(({ bytes }) => through(bytes, {}).bytes.includes("Red Yellow Blue")).length).toBeGreaterThan(40);
  });

  test("whose the call is stays", () => {
    for (const { bytes } of all) {
      const keysOf = (settings: object) =>
        spansOf(through(bytes, settings).bytes).flatMap(({ attributes }) =>
          Object.keys(attributes).filter(
            (key) => !key.startsWith("llm.") && /team|user_|user\.id|tenant|hash/.test(key),
          ),
        );
      expect(keysOf({ content: "drop" })).toEqual(keysOf({ secrets: "keep" }));
    }
  });
});

/** Spans without what content: drop may take: names of CrewAI's tasks lose their description. */
function outlines(request: Uint8Array): readonly unknown[] {
  return plainSpans(request).map(({ name, status, events }) => ({
    name: String(name).replace(/^.*\.task$/, "task"),
    code: (status as Plain | undefined)?.["code"] ?? 0,
    events: ((events ?? []) as Plain[]).map((event) => [event["name"], attributeOf(event, "exception.type")]),
  }));
}

function saidBeside(request: Uint8Array): readonly unknown[] {
  return plainSpans(request).map(({ name, status, events }) => ({ name, status, events }));
}

function plainSpans(request: Uint8Array): readonly Plain[] {
  return ((decode("traces", request)["resourceSpans"] ?? []) as Plain[])
    .flatMap((resource) => (resource["scopeSpans"] ?? []) as Plain[])
    .flatMap((scope) => (scope["spans"] ?? []) as Plain[]);
}

function attributeOf({ attributes }: Plain, name: string): unknown {
  return ((attributes ?? []) as Plain[]).find(({ key }) => key === name)?.["value"];
}

function through(request: Uint8Array, settings: object) {
  const prepared = genAiNormalizer.prepare(settings, { read: () => new Uint8Array() });
  if (!prepared.ok) throw new Error("the settings are refused");
  const normaliser = prepared.create(recordingHost());
  const context = { headers: {}, subject: undefined, peer: "" };
  const keys = normaliser.keys ? [normaliser.keys] : [];
  const [batch] = new TraceBatches(keys).read({ signal: "traces", bytes: request, context, transport: "http" });
  if (!batch) throw new Error("no batch");
  normaliser.process(batch);
  const { decodedBytes } = batch;
  const { bytes, notes } = batch.encode();
  return { bytes: Buffer.from(bytes), decodedBytes, told: tellings.get(notes) };
}
