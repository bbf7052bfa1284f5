// Members of an attribute that holds an object: OpenInference writes its metadata as JSON, others as a map.
import type { AnyValue } from "../otlp/any-value.ts";

/** The member as text; undefined when there is none, or it is neither text nor a whole number. */
export function memberOf(bag: AnyValue, member: string): string | undefined {
  const members = typeof bag === "string" ? parsed(bag, member) : bag;
  if (typeof members !== "object" || members === null || !Object.hasOwn(members, member)) return undefined;
  const value: unknown = Reflect.get(members, member);
  if (typeof value === "string") return value;
  return typeof value === "bigint" || Number.isSafeInteger(value) ? String(value) : undefined;
}

/** Most spans say nothing of the member, so that looking for its name first saves most of the parsing. */
function parsed(text: string, member: string): unknown {
  if (!text.startsWith("{") || !text.includes(`"${member}"`)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Emitters cut long texts; a cut one says nothing.
    return undefined;
  }
}
