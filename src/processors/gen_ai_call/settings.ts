import { z } from "zod";
import type { Objection } from "../../core/component.ts";
import { durationOr, section, size } from "../../core/settings.ts";
import { serviceLayers } from "../../genai/layers.ts";
import { unknownTenant } from "../../genai/subject.ts";
import { sourceProblem } from "../../genai/subject-source.ts";

/** Words that emitters write where they have nothing to say: Python's None, and LiteLLM's own default. */
const emptyWords = ["", "None", "none", "default"];

const tenantSources = [
  "tenant.id",
  "litellm.team.id",
  "metadata.user_api_key_team_id",
  "llm.tenant_id",
  "tenant_id",
  "metadata.tenant_id",
  "traceloop.association.properties.tenant_id",
  "traceloop.association.properties.customer_id",
  "ai.telemetry.metadata.tenant_id",
  "ai.telemetry.metadata.tenantId",
  "ai.settings.context.tenant_id",
  "ai.settings.context.tenantId",
  "langfuse.trace.metadata.tenant_id",
  "langfuse.observation.metadata.tenant_id",
  "langsmith.metadata.tenant_id",
  "langwatch.customer.id",
  "lmnr.association.properties.metadata.tenant_id",
  "mastra.metadata.tenantId",
  "trace.metadata.tenant_id",
  "microsoft.tenant.id",
];

const teamSources = ["litellm.team.id", "metadata.user_api_key_team_id", "team.id", "metadata.team_id"];

const userSources = [
  "litellm.end_user.id",
  "metadata.user_api_key_end_user_id",
  "litellm.metadata.user_api_key_end_user_id",
  "metadata.user_api_key_user_id",
  "litellm.metadata.user_api_key_user_id",
  "user.id",
  "enduser.id",
  "langfuse.user.id",
  "traceloop.association.properties.user_id",
  "ai.telemetry.metadata.userId",
  "ai.telemetry.metadata.user_id",
  "ai.settings.context.userId",
  "langwatch.user.id",
  "lmnr.association.properties.user_id",
  "langsmith.metadata.user_id",
  "metadata.user_id",
  "gen_ai.user",
  "llm.user",
];

const keySources = ["litellm.api_key.hash", "metadata.user_api_key_hash"];

const source = z.string().superRefine((given, context) => {
  const problem = sourceProblem(given);
  if (problem !== undefined) context.addIssue({ code: "custom", message: problem, input: given });
});

export const callSettings = z.strictObject({
  layers: z.record(z.string(), z.enum(serviceLayers)).default({}).meta({
    description:
      "Layer of a service, by service.name; else its dialect says it. The bill goes proxy > app > model_server; ignore bills none of its spans.",
  }),
  hold: durationOr(
    "auto",
    "auto",
    "How long a span with usage waits before it is forwarded, for spans that know more of its call, so that what is forwarded of a call agrees: `auto` is 5s for spans of a layer above which this process sees another one, and 0 for all others. It is charged when it comes, and is acknowledged and kept like what is queued.",
  ),
  hold_max_spans: z.int().min(1).default(20_000).meta({
    description: "How many spans may wait; further ones are forwarded at once.",
  }),
  hold_max_size: size(
    "32MiB",
    "What the spans that wait may take in memory, as they came and as they will be sent; further ones are forwarded at once.",
  ),
  shadow: z.enum(["move", "keep"]).default("move").meta({
    description:
      "Where usage and cost on spans that another span is billed for go: move puts them under spantoll.shadow., keep leaves them.",
  }),
  trust_upstream: z.boolean().default(false).meta({
    description:
      "Behind another spantoll: true takes its spantoll.* attributes over; otherwise they are removed on arrival.",
  }),
  subject: section(
    z.strictObject({
      tenant: field("Whose budget pays", tenantSources, unknownTenant),
      team: field("Team of the tenant", teamSources),
      user: field("User that the call was made for", userSources),
      key: field("API key that the call was made with, hashed", keySources),
    }),
    "Whose a call is.",
  ).prefault({}),
});
export type CallSettings = z.output<typeof callSettings>;

/** Half of the time for which traces are remembered. */
const holdMsMax = 300_000;

export function* checkCallSettings({ subject, hold }: CallSettings): Iterable<Objection> {
  if (hold !== "auto" && holdMsMax < hold) yield { path: ["hold"], text: "must be at most 5m" };
  for (const [name, { from, empty, default: byDefault }] of Object.entries(subject)) {
    const path = ["subject", name, "from"];
    const twice = from.find((given, at) => from.indexOf(given) < at);
    if (twice !== undefined) yield { path, text: `must not name ${JSON.stringify(twice)} twice` };
    if (byDefault === undefined || !empty.includes(byDefault)) continue;
    yield { path: ["subject", name, "default"], text: `must not be one of empty, as ${JSON.stringify(byDefault)} is` };
  }
}

function field(what: string, from: readonly string[], byDefault?: string) {
  const fallback = z.string().min(1);
  return section(
    z.strictObject({
      from: z
        .array(source)
        .default([...from])
        .meta({
          description: `${what}: the first source that is not empty. A plain name is an attribute of the span, of its trace or of its resource; also span:x, resource:x, header:x, auth:subject.`,
        }),
      default: (byDefault === undefined ? fallback.optional() : fallback.default(byDefault)).meta({
        description: "What it is when no source says it.",
      }),
      empty: z.array(z.string()).default(emptyWords).meta({ description: "Values that say nothing." }),
    }),
    `${what}.`,
  ).prefault({});
}
