// Spans that wait, parted from their request by a pipeline: who gets what, when, and what a fault costs.
import { describe, expect, test } from "vitest";
import { recordingHost } from "../../test/support/recording-host.ts";
import { spansOf, traceRequest } from "../../test/support/spans.ts";
import type { Encoded } from "../core/batch.ts";
import type { Exporter, Processor } from "../core/component.ts";
import { type Hold, holds, type Wait } from "../core/hold.ts";
import { attributeKey } from "../otlp/attribute-key.ts";
import { TraceBatches, traceBatch } from "../otlp/trace-batch.ts";
import { openDoor } from "./door.ts";

const said = attributeKey("said");
const context = { headers: { "x-tenant": "acme" }, subject: undefined, peer: "" };

interface Given {
  /** Positions of the spans that wait. */
  readonly spans?: readonly number[];
  readonly room?: boolean;
  readonly isNews?: boolean;
  readonly processors?: readonly Processor[];
}

/** A pipeline of a processor that lets spans wait, others, an exporter that keeps what waits and one that cannot. */
function opened({ spans = [1], room = true, isNews = true, processors = [] }: Given = {}) {
  const host = recordingHost({ id: "receivers.otlp" });
  const waits: Wait[] = [];
  const hold: Hold = {
    spans,
    begin(wait) {
      if (room) waits.push(wait);
      return room;
    },
    end: () => (isNews ? () => undefined : undefined),
  };
  const holding: Processor = {
    process(batch) {
      holds.set(batch.notes, hold);
      return says("first").process(batch);
    },
    stampAgain: says("again").process,
  };
  const patient = recorder(true);
  const hasty = recorder(false);
  const all = [holding, ...processors];
  const chain = { id: "traces", signal: "traces" as const, processors: all, exporters: [patient, hasty] };
  const traces = new TraceBatches([{ exact: ["said", "named"], prefixes: [] }]);
  const accept = openDoor({ receiver: "otlp", signal: "traces", chains: [chain], traces, host });
  const send = (count = 3) => {
    const bytes = traceRequest(Array.from({ length: count }, (_, at) => ({ id: String(at), name: `span-${at}` })));
    return accept({ signal: "traces", bytes, context, transport: "http" });
  };
  return { host, send, waits, patient, hasty };
}

/** Writes a word on every span. */
function says(word: string): Processor {
  return {
    process(batch) {
      const spans = traceBatch(batch);
      for (let at = 0; at < spans.items; at++) spans.span(at).setText(said, word);
      return batch;
    },
  };
}

function recorder(canHold: boolean): Exporter & { readonly got: Encoded[]; readonly held: Encoded[] } {
  const got: Encoded[] = [];
  const held: Encoded[] = [];
  const commit = (encoded: Encoded) => void got.push(encoded);
  const hold = (encoded: Encoded) => {
    held.push(encoded);
    return { safe: undefined, leave: commit };
  };
  return { got, held, reserve: () => ({ commit, release: () => undefined, ...(canHold ? { hold } : {}) }) };
}

function words(requests: readonly Encoded[]): readonly (readonly string[])[] {
  return requests.map(({ bytes }) => spansOf(bytes).map(({ name, attributes }) => `${name} ${attributes["said"]}`));
}

describe("spans that wait", () => {
  test("are parted from their request, and stamped again when they leave", async () => {
    const { send, waits, patient, hasty } = opened();
    expect(await send()).toBe(3);
    const whole = ["span-0 first", "span-1 first", "span-2 first"];
    expect([words(patient.got), words(hasty.got)]).toEqual([[["span-0 first", "span-2 first"]], [whole]]);
    expect(words(patient.held)).toEqual([["span-1 first"]]);
    expect(patient.held[0]).toMatchObject({ items: 1, context });
    expect(waits[0]).toMatchObject({ spans: 1 });
    for (const wait of [...waits, ...waits]) wait.end();
    expect(words(patient.got)).toEqual([["span-0 first", "span-2 first"], ["span-1 again"]]);
    expect(words(hasty.got)).toEqual([whole]);
    expect(patient.got.map(({ items }) => items)).toEqual([2, 1]);
  });

  test("may be all of a request", async () => {
    const { send, waits, patient, hasty } = opened({ spans: [0, 1, 2] });
    await send();
    expect([patient.got.length, hasty.got.length, patient.held[0]?.items]).toEqual([0, 1, 3]);
    for (const wait of waits) wait.end();
    expect(words(patient.got)).toEqual([["span-0 again", "span-1 again", "span-2 again"]]);
  });

  test("leave as they came where there is nothing new", async () => {
    const { send, waits, patient } = opened({ isNews: false });
    await send();
    for (const wait of waits) wait.end();
    expect(words(patient.got)[1]).toEqual(["span-1 first"]);
    expect(patient.got[1]).toBe(patient.held[0]);
  });

  test("do not wait where there is no room", async () => {
    const { send, patient } = opened({ room: false });
    await send();
    expect(words(patient.got)).toEqual([["span-0 first", "span-1 first", "span-2 first"]]);
    expect(patient.held).toEqual([]);
  });

  test("pass a processor that knows no second time as if it were the first", async () => {
    const { send, waits, patient } = opened({ processors: [says("redacted")] });
    await send();
    for (const wait of waits) wait.end();
    expect(words(patient.got)).toEqual([["span-0 redacted", "span-2 redacted"], ["span-1 redacted"]]);
  });

  test.each<{ name: string; processor: Processor; internal: number | undefined }>([
    {
      name: "throws",
      processor: {
        process: (batch) => batch,
        stampAgain: () => {
          throw new Error("a fault");
        },
      },
      internal: 1,
    },
    {
      name: "keeps them back",
      processor: { process: (batch) => batch, stampAgain: () => undefined },
      internal: undefined,
    },
  ])("leave as they came when a processor $name", async ({ processor, internal }) => {
    const { send, waits, patient, host } = opened({ processors: [processor] });
    await send();
    for (const wait of waits) wait.end();
    expect(words(patient.got)).toEqual([["span-0 first", "span-2 first"], ["span-1 first"]]);
    expect(host.counted.get('spantoll_internal_errors_total{"place":"receivers.otlp"}')).toBe(internal);
  });
});
