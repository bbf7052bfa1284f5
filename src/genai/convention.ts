// Which names are written. The conventions renamed little that is read here; what a target does not have at all keeps
// the first name that it got. Sources: core registry 1.36 and 1.41, semantic-conventions-genai #440, OpenTelemetry
// schema 1.44.0.
import { attributeKey } from "../otlp/attribute-key.ts";
import { at, fieldIndex } from "./fields.ts";
import { type AttributeName, previousNames } from "./semconv.ts";

/** The first is that of this release. */
export const conventions = ["latest", "1.41", "1.36"] as const;
export type Convention = (typeof conventions)[number];

type Names = Partial<Record<AttributeName, string>>;

/** Cache writes were named otherwise until #440. */
const before440: Names = previousNames;

const olderNames: Readonly<Record<Convention, Names>> = {
  latest: {},
  "1.41": before440,
  "1.36": {
    ...before440,
    "gen_ai.provider.name": "gen_ai.system",
    "openai.request.service_tier": "gen_ai.openai.request.service_tier",
    "openai.response.service_tier": "gen_ai.openai.response.service_tier",
    "openai.response.system_fingerprint": "gen_ai.openai.response.system_fingerprint",
  },
};

/** Words for providers that 1.37 changed together with the name. */
const olderProviders: ReadonlyMap<string, string> = new Map([["x_ai", "xai"]]);

/** What has another name in the convention than today, by field. */
export function renamedFields(convention: Convention): ReadonlyMap<number, ReturnType<typeof attributeKey>> {
  return new Map(
    Object.entries(olderNames[convention]).map(([name, older]) => [
      fieldIndex(name as AttributeName),
      attributeKey(older),
    ]),
  );
}

/** The value as the convention spells it, for a field that is renamed. */
export function spelledIn<Value>(convention: Convention, field: number, value: Value): Value | string {
  if (convention !== "1.36" || field !== at.provider || typeof value !== "string") return value;
  return olderProviders.get(value) ?? value;
}

/** Every name that may be written beside those of today. */
export const olderKeys: readonly string[] = conventions.flatMap((convention) => Object.values(olderNames[convention]));
