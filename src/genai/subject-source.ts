// How a source of tenant, team, user or key is written in the settings.

/** `plain`: the span, then its trace, then its resource. */
export type SourceKind = "plain" | "span" | "resource" | "header" | "auth";

export interface Source {
  readonly kind: SourceKind;
  /** Name of the attribute or, in lower case, of the header. */
  readonly name: string;
  /** The attribute that may hold an object with the rest of the name as a member. */
  readonly bag: string | undefined;
}

/** Attributes that hold an object, as JSON or as a map, whose members identify people: `metadata.tenant_id`. */
const bags = ["metadata", "langfuse.trace.metadata", "langfuse.observation.metadata"];

/** What the receiver's authenticator says of a sender. */
const senderFacts = ["subject"];

const kinds: readonly SourceKind[] = ["span", "resource", "header", "auth"];

export function sourceOf(text: string): Source {
  const kind = kinds.find((prefix) => text.startsWith(`${prefix}:`)) ?? "plain";
  const name = kind === "plain" ? text : text.slice(kind.length + 1);
  if (kind === "header") return { kind, name: name.toLowerCase(), bag: undefined };
  const isOnSpan = kind === "plain" || kind === "span";
  return { kind, name, bag: isOnSpan ? bags.find((bag) => name.startsWith(`${bag}.`)) : undefined };
}

/** What is wrong with a source; undefined when it is one. */
export function sourceProblem(text: string): string | undefined {
  const { kind, name } = sourceOf(text);
  if (name === "") return `must name an attribute or a header, not ${JSON.stringify(text)}`;
  if (kind !== "auth" || senderFacts.includes(name)) return undefined;
  return `must be one of ${senderFacts.map((fact) => `auth:${fact}`).join(", ")}, not ${JSON.stringify(text)}`;
}
