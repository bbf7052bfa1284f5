import { expect, test } from "vitest";
import { recordingHost } from "../../../test/support/recording-host.ts";
import type { Wait } from "../../core/hold.ts";
import { Patience } from "./patience.ts";
import { Waits } from "./waits.ts";

function opened(bounds = { spansMax: 10, bytesMax: 1_000 }) {
  const host = recordingHost();
  const waits = new Waits(bounds, host.clock);
  const ended: string[] = [];
  const begin = (name: string, ms: number, size: Partial<Wait> = {}): boolean => {
    const wait: Wait = {
      spans: 1,
      bytes: 10,
      ...size,
      end() {
        ended.push(name);
        waits.end(wait);
      },
    };
    return waits.begin(wait, ms);
  };
  const advance = async (ms: number) => {
    host.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { host, waits, ended, begin, advance };
}

test("what waits ends when its time is over, each in its turn, on one timer", async () => {
  const { host, ended, begin, advance } = opened();
  begin("a", 100);
  await advance(60);
  begin("b", 100);
  expect(host.timers()).toBe(1);
  await advance(40);
  expect(ended).toEqual(["a"]);
  await advance(59);
  expect(ended).toEqual(["a"]);
  await advance(1);
  expect([ended, host.timers()]).toEqual([["a", "b"], 0]);
});

test.each([
  { name: "spans", size: { spans: 10 }, more: { spans: 1 } },
  { name: "bytes", size: { bytes: 995 }, more: { bytes: 10 } },
])("no more than so many $name wait, and others may when they are gone", async ({ size, more }) => {
  const { begin, advance } = opened();
  expect([begin("a", 100, size), begin("b", 100, more)]).toEqual([true, false]);
  await advance(100);
  expect(begin("b", 100, more)).toBe(true);
});

test("closing ends all at once, and nothing waits any more", () => {
  const { host, waits, ended, begin } = opened();
  begin("a", 100);
  begin("b", 100);
  waits.close();
  waits.close();
  expect([ended, host.timers(), begin("c", 100), waits.hasRoom(1)]).toEqual([["a", "b"], 0, false, false]);
});

test("left to the process, spans wait while a higher layer is about: ten minutes since it was heard last", () => {
  const patience = new Patience("auto");
  const layers = ["proxy", "app", "model_server"] as const;
  const waiting = (nowMs: number) => layers.filter((layer) => patience.isFor(layer, nowMs));
  expect([patience.ms, waiting(0)]).toEqual([5_000, []]);
  patience.see("model_server", 0);
  expect(waiting(0)).toEqual([]);
  patience.see("app", 1_000);
  expect(waiting(1_000)).toEqual(["model_server"]);
  patience.see("proxy", 2_000);
  expect(waiting(601_000)).toEqual(["app", "model_server"]);
  expect(waiting(602_000)).toEqual(["app", "model_server"]);
  expect(waiting(602_001)).toEqual([]);
});

test.each([
  { set: 0, waits: false },
  { set: 2_000, waits: true },
])("set to $set ms, spans of every layer wait: $waits", ({ set, waits }) => {
  expect([new Patience(set).ms, new Patience(set).isFor("proxy", 0)]).toEqual([set, waits]);
});
