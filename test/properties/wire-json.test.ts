import fc from "fast-check";
import { expect, test } from "vitest";
import { signals } from "../../src/core/batch.ts";
import { Refused } from "../../src/core/refused.ts";
import { jsonToProto } from "../../src/otlp/json.ts";
import { requests } from "../support/arbitrary-otlp.ts";
import { decode, decodeFull, toOtlpJson } from "../support/otlp-oracle.ts";
import { seededRandom } from "../support/random.ts";

const seed = { seed: 20261121 };
const bytesOf = (text: string) => new TextEncoder().encode(text);

test.each(signals)("%s in JSON, however it is written, say what protobufjs reads", (signal) => {
  fc.assert(
    fc.property(requests[signal], fc.integer(), (bytes, handwriting) => {
      const json = new Handwriting(handwriting).write(toOtlpJson(decode(signal, bytes)));
      expect(decodeFull(signal, jsonToProto(signal, bytesOf(json)))).toEqual(decodeFull(signal, bytes));
    }),
    { ...seed, numRuns: 500 },
  );
});

test("what is taken is JSON, and what is refused is refused as malformed", () => {
  const texts = fc
    .tuple(requests.traces, fc.integer(), fc.array(fc.tuple(fc.double({ min: 0, max: 1 }), fc.nat(255))))
    .map(([bytes, handwriting, changes]) => {
      const json = bytesOf(new Handwriting(handwriting).write(toOtlpJson(decode("traces", bytes))));
      for (const [place, byte] of changes.slice(0, 4)) json[Math.floor(place * (json.length - 1))] = byte;
      return json;
    });
  fc.assert(
    fc.property(fc.oneof(texts, fc.json().map(bytesOf)), (json) => {
      const strict = () => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
      try {
        decode("traces", jsonToProto("traces", json));
        expect(strict).not.toThrow();
      } catch (error) {
        expect(error).toBeInstanceOf(Refused);
        expect((error as Refused).message).toMatch(/^json: .* at byte \d+$/);
      }
    }),
    { ...seed, numRuns: 3000 },
  );
});

test("an object without a known member is an empty request", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (value) => {
      expect(jsonToProto("logs", bytesOf(JSON.stringify(value)))).toEqual(new Uint8Array(0));
    }),
    { ...seed, numRuns: 500 },
  );
});

/** Writes JSON as emitters may: order, spacing, spelling, escapes, strangers, members that come twice. */
class Handwriting {
  readonly #random: () => number;

  constructor(seedNumber: number) {
    this.#random = seededRandom(seedNumber);
  }

  write(value: unknown, name = ""): string {
    if (Array.isArray(value)) return `[${value.map((item) => this.#spaced(this.write(item))).join(",")}]`;
    if (typeof value === "object" && value !== null) return this.#object(value);
    if (typeof value !== "string") return JSON.stringify(value);
    if (/^-?\d+$/.test(value) && wideNames.test(name) && this.#chance(0.5)) return value;
    return this.#text(idNames.test(name) && this.#chance(0.3) ? value.toUpperCase() : value);
  }

  #object(value: object): string {
    const entries = Object.entries(value);
    if (this.#chance(0.2)) entries.sort(() => this.#random() - 0.5);
    const members = entries.flatMap(([name, inner]) => {
      const member = () => `${this.#spaced(this.#name(name))}:${this.#spaced(this.write(inner, name))}`;
      const twice = this.#chance(0.1) ? [this.#chance(0.3) ? `${this.#name(name)}:null` : member()] : [];
      const stranger = this.#chance(0.1) ? ['"stranger":[{"x":-1.5e-7,"name":"}"},[],"\\u0000",true,null]'] : [];
      return [...twice, ...stranger, member()];
    });
    // Repeats go to the front now and then, so that others stand between.
    const repeats = members.filter((_, at) => at % 2 === 0 && members.length > entries.length && this.#chance(0.3));
    return `{${[...repeats, ...members].join(",")}}`;
  }

  #name(name: string): string {
    return this.#text(this.#chance(0.1) ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name);
  }

  #text(text: string): string {
    const plain = JSON.stringify(text);
    if (!this.#chance(0.1)) return plain;
    const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
    return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")}"`;
  }

  #spaced(text: string): string {
    return this.#chance(0.05) ? ` \n\t\r${text} ` : text;
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }
}

const idNames = /^(traceId|spanId|parentSpanId)$/;
const wideNames = /^(intValue|asInt|count|zeroCount|bucketCounts|\w+UnixNano)$/;
