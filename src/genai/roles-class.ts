// What a span is by itself, before anybody looks at its neighbours: the first of the guards against charging twice.
import type { Reason, Role, Telling } from "./call.ts";
import type { ServiceLayer } from "./layers.ts";
import { type Bucket, buckets, type Usage } from "./usage.ts";

export interface Verdict {
  readonly role: Role;
  readonly reason: Reason;
  /** See `Call.isBarred`. */
  readonly isBarred?: boolean;
}

/** `undecided`: it has usage of a billable operation, so that other spans decide. `silent`: it tells of no call. */
export type Class = Verdict | "undecided" | "silent";

/**
 * Operations that a provider charges for; words of the OpenTelemetry convention and, behind them, what emitters write
 * where it has none. Whatever is not listed is not billed.
 */
const billable: ReadonlySet<string> = new Set([
  "chat",
  "text_completion",
  "generate_content",
  "embeddings",
  "rerank",
  "image_generation",
  "image_edit",
  "video_generation",
  "speech",
  "transcription",
  "translation",
  "ocr",
]);

/** Operations around calls: usage on them restates what the calls within said. */
const containers: ReadonlySet<string> = new Set([
  "create_agent",
  "invoke_agent",
  "invoke_workflow",
  "execute_tool",
  "agent_step",
  "plan",
  "retrieval",
  "framework",
  "task",
  "execute_event_loop_cycle",
]);

/** Buckets that say that a call took place, not how much it used. */
const uncounted: ReadonlySet<Bucket> = new Set<Bucket>(["requests", "duration_ms", "gpus", "concurrency"]);

export function classOf(telling: Telling, layer: ServiceLayer): Class {
  const told = hasUsage(telling.usage);
  const { operation, shape } = telling;
  if (shape === "copy" && !told) return "silent";
  if (shape === "container" || (operation !== undefined && containers.has(operation)))
    return told ? { role: "shadow", reason: "rollup" } : "silent";
  if (shape === "other" || (operation !== undefined && !billable.has(operation)))
    return told ? { role: "ignore", reason: "not_a_call" } : "silent";
  if (layer === "ignore") return { role: "ignore", reason: "configured" };
  // A gateway that answers from its cache repeats the usage of the call that filled it, and nobody is charged upstream.
  if (telling.gatewayCacheHit) return { role: "shadow", reason: "gateway_cache_hit" };
  if (!told) return { role: "ignore", reason: telling.failed ? "failed_without_usage" : "no_usage" };
  return "undecided";
}

/** Whether anything was used. Emitters write zeros on failed calls, so that zeros are no usage. */
function hasUsage(usage: Usage | undefined): boolean {
  if (usage === undefined) return false;
  for (const bucket of buckets) if (0 < (usage[bucket] ?? 0) && !uncounted.has(bucket)) return true;
  return false;
}
