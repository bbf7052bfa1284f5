// The one word per provider under which prices are kept: the values of `gen_ai.provider.name`
// (OpenTelemetry registry), and for providers that have none there the name that most emitters write.
// The spellings are those of spans (`genai/providers.ts`); what stands here is what price files and records add to them.
import { frameworks, providerSpellings } from "../genai/providers.ts";

/** The word for a provider, whatever its spelling; the spelling itself in lower case when it is not known. */
export function canonicalProvider(spelling: string): string {
  const known = canonical.get(spelling);
  if (known !== undefined) return known;
  const folded = spelling.trim().toLowerCase();
  return canonical.get(folded) ?? families.find(([prefix]) => folded.startsWith(prefix))?.[1] ?? folded;
}

/** True for frameworks and gateways that bill nothing: the provider stands in front of the model's name. */
export function isGateway(provider: string): boolean {
  return gateways.has(provider);
}

/** Spellings of price tables and of records that no span has, and words that mean something else beside a price. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  openai: ["openai.chat", "openai.responses", "openai.completion", "openai.embedding"],
  "azure.ai.openai": ["azure.chat"],
  anthropic: ["anthropic.messages"],
  "gcp.vertex_ai": ["vertex"],
  // Price tables know one Google beside Vertex.
  "gcp.gemini": ["google"],
  mistral_ai: ["mistral.chat"],
  deepseek: ["deepseek.chat"],
  groq: ["groq.chat"],
  x_ai: ["xai.chat"],
  "ibm.watsonx.ai": ["watsonx_text"],
  together_ai: ["together-ai"],
  github_copilot: ["github-copilot"],
  // To a span these are clients of OpenAI; what they cost is somebody else's price.
  custom_openai: [],
  openai_like: [],
};

/** LiteLLM splits Vertex and Fireworks into kinds of models: `vertex_ai-anthropic_models`. */
const families: readonly (readonly [prefix: string, provider: string])[] = [
  ["vertex_ai-", "gcp.vertex_ai"],
  ["google.vertex.", "gcp.vertex_ai"],
  ["fireworks_ai-", "fireworks_ai"],
];

const canonical: ReadonlyMap<string, string> = new Map([
  ...providerSpellings,
  ...Object.entries(spellings).flatMap(([word, others]) =>
    [word, ...others].map((spelling) => [spelling, word] as const),
  ),
]);

const gateways: ReadonlySet<string> = new Set([...frameworks, "", "custom_openai", "openai_like"]);
