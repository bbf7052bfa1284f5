// What the APIs of model providers have in common for a test server: what was asked, what it used, what is answered.

/** Any JSON object of a request. */
export type Json = { readonly [key: string]: unknown };

export interface Asked {
  readonly provider: string;
  readonly operation: string;
  readonly model: string;
  /** The model's name in answers. */
  readonly snapshot: string;
  readonly stream: boolean;
  /** A tool that is offered and was not yet called, which is then called. */
  readonly tool: { readonly name: string; readonly arguments: Json } | undefined;
  /** Whether a tool's result is among the messages: the second step of an agent. */
  readonly afterTool: boolean;
  readonly path: string;
  readonly body: Json;
}

/** Tokens in the meaning of the convention: input with the cache, output with reasoning. */
export interface Counts {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

export interface Answer {
  readonly responseId: string | null;
  readonly usageSent: boolean;
  readonly body:
    | { readonly whole: object }
    | { readonly type: string; readonly events: readonly (string | Uint8Array)[] };
}

export interface Api {
  knows(path: string): boolean;
  read(path: string, body: Json): Asked | undefined;
  /** What the call uses; `more` is added to input and output. */
  counts(asked: Asked, more: number): Counts;
  answer(asked: Asked, counts: Counts, call: string): Answer;
  failure(status: number): object;
}

export const text = "A short answer.";

/** Models answer under the name of their snapshot. */
const snapshots: Readonly<Record<string, string>> = {
  "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
  "gpt-4o": "gpt-4o-2024-08-06",
  "gpt-4.1": "gpt-4.1-2025-04-14",
  "flaky-gpt-4o": "gpt-4o-2024-08-06",
  "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
};

export function snapshotOf(model: string): string {
  return snapshots[model] ?? model;
}

export function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

/** Arguments that a schema accepts. */
export function argumentsFor(schema: unknown): Json {
  const { properties, required } = objectOf(schema);
  const names = Array.isArray(required) ? required.map(String) : Object.keys(objectOf(properties));
  return Object.fromEntries(names.map((name) => [name, valueFor(objectOf(objectOf(properties)[name]))]));
}

function valueFor({ type, items }: Json): unknown {
  switch (String(type).toLowerCase()) {
    case "integer":
    case "number":
      return 7;
    case "boolean":
      return true;
    case "array":
      return [valueFor(objectOf(items))];
    case "object":
      return {};
    default:
      return "Berlin";
  }
}

/** A server-sent event. */
export function event(data: object | string, name?: string): string {
  const line = `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
  return name === undefined ? line : `event: ${name}\n${line}`;
}
