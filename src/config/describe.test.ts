import { expect, test } from "vitest";
import { parse } from "yaml";
import { fakeKinds } from "../../test/support/fake-kinds.ts";
import { describe, describeAsText, settingsTable } from "./describe.ts";

function kindOf(type: string) {
  const kind = fakeKinds.find(({ about }) => about.type === type);
  if (kind === undefined) throw new Error(`there is no ${type}`);
  return kind;
}

test("a component is described from its declaration alone", () => {
  const { exporters } = describe(fakeKinds);
  expect(exporters[0]).toEqual({
    type: "otlp_http",
    aliases: ["otlphttp"],
    summary: "Sends spans.",
    signals: ["traces", "metrics", "logs"],
    needs: [],
    settings: [
      { name: "endpoint", type: "string", description: "Where to.", required: true },
      {
        name: "timeout",
        type: "duration",
        description: "How long one attempt may take.",
        required: false,
        default: "30s",
      },
      { name: "headers", type: "map", description: "Headers.", required: false, default: {} },
      { name: "sending_queue", type: "map", description: "The queue.", required: false, default: {} },
      {
        name: "sending_queue.queue_size",
        type: "whole number",
        description: "How many.",
        required: false,
        default: 1000,
      },
    ],
  });
});

test.each(["yaml", "json"] as const)("all of them are listed as %s, with what has a value only", (format) => {
  const listed = parse(describeAsText(fakeKinds, "1.2.3", format));
  expect(listed.buildinfo).toEqual({ command: "spantoll", version: "1.2.3" });
  expect(listed.processors.map(({ name }: { name: string }) => name)).toEqual(["redact", "charge"]);
  expect(listed.processors[1]).toMatchObject({
    needs: ["redact"],
    settings: { late: { type: "duration", default: "48h" } },
  });
  expect(listed.extensions).toEqual([
    {
      name: "health_check",
      summary: "Says how it is.",
      settings: { endpoint: { type: "string", description: "Where it listens.", default: "localhost:13133" } },
    },
  ]);
});

test("a table of settings has a row for each key that has an effect", () => {
  expect(settingsTable(kindOf("otlp")).split("\n")).toEqual([
    "| setting | type | default | meaning |",
    "|---|---|---|---|",
    "| `protocols` | map | required | The protocols to speak. |",
    "| `protocols.http` | map |  | OTLP over HTTP. |",
    '| `protocols.http.endpoint` | string | `"localhost:4318"` | Where it listens. |',
    '| `protocols.http.max_request_body_size` | size | `"64MiB"` | Largest request. |',
    "",
  ]);
  expect(settingsTable(kindOf("redact"))).toContain(
    '| `content` | drop \\| hash \\| keep | `"drop"` | What to do with text. |',
  );
});
