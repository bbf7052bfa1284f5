// Who answered: the spellings of providers, and where the provider stands when the emitter does not say it.
import { providerNames } from "./semconv.ts";

/**
 * The value of `gen_ai.provider.name` for a spelling. Undefined for frameworks and gateways that answer nothing
 * themselves; a word that nobody knows stays as it is, because the enum is open.
 */
export function providerOf(spelling: string): string | undefined {
  const known = remembered.get(spelling);
  if (known !== undefined) return known === none ? undefined : known;
  const found = lookUp(spelling);
  remember(remembered, spelling, found ?? none);
  return found;
}

/** The provider that a prefix names (`openai/gpt-4o`), undefined when what stands before the slash is no provider. */
export function providerOfPrefix(model: string): string | undefined {
  const slash = model.indexOf("/");
  return slash < 1 ? undefined : providerSpellings.get(model.slice(0, slash).toLowerCase());
}

/** The model behind a prefix that names `provider` (any provider when undefined), else the model as it is. */
export function withoutPrefix(model: string, provider: string | undefined): string {
  const slash = model.indexOf("/");
  if (slash < 1 || slash === model.length - 1) return model;
  const prefix = model.slice(0, slash).toLowerCase();
  const named = providerSpellings.get(prefix);
  const fits = provider === undefined ? named !== undefined || frameworks.has(prefix) : named === provider;
  return fits ? model.slice(slash + 1) : model;
}

export function providerOfAddress(address: string): string | undefined {
  const exact = addresses.get(address);
  if (exact !== undefined) return exact;
  return addressParts.find(([start, end]) => address.startsWith(start) && address.endsWith(end))?.[2];
}

/** `opentelemetry.instrumentation.anthropic`, `@traceloop/instrumentation-openai`: the library that was instrumented. */
export function providerOfScope(scope: string): string | undefined {
  const known = scopesSeen.get(scope);
  if (known !== undefined) return known === none ? undefined : known;
  // The version of an instrumentation is no provider: `opentelemetry.instrumentation.openai.v1`.
  const words = scope.toLowerCase().split(/[.\-/@_]/);
  const found = words.map((word) => scopeWords.get(word)).find((provider) => provider !== undefined);
  remember(scopesSeen, scope, found ?? none);
  return found;
}

/** A guess from the family of the model, for emitters that say nothing else. Names that several providers serve are not guessed. */
export function providerOfFamily(model: string): string | undefined {
  const found = families.find(([start]) => model.startsWith(start))?.[1];
  return found;
}

const none = "\u0000";
const remembered = new Map<string, string>();
const scopesSeen = new Map<string, string>();
/** Spellings come from spans: what is remembered of them is bounded. */
const rememberedMax = 1024;

function remember(memory: Map<string, string>, key: string, value: string): void {
  if (memory.size === rememberedMax) memory.clear();
  memory.set(key, value);
}

function lookUp(spelling: string): string | undefined {
  const folded = spelling.trim().toLowerCase();
  // AI SDK writes `openai.responses`, `google.vertex.chat`: the longest known beginning counts.
  for (let end = folded.length; 0 < end; end = folded.lastIndexOf(".", end - 1)) {
    const start = folded.slice(0, end);
    if (frameworks.has(start)) return undefined;
    const provider = providerSpellings.get(start);
    if (provider !== undefined) return provider;
  }
  return folded === "" ? undefined : spelling;
}

/** Spellings beside the name itself, in lower case: LiteLLM's provider ids, OpenLLMetry's vendors, AI SDK's packages. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  openai: ["text-completion-openai", "custom_openai", "openai_like"],
  "azure.ai.openai": ["azure", "azure_openai", "azure-openai", "azure_text", "az.ai.openai", "azure.openai"],
  "azure.ai.inference": ["azure_ai", "az.ai.inference", "azure_ai_inference"],
  anthropic: ["anthropic_text", "claude"],
  "aws.bedrock": [
    "bedrock",
    "bedrock_converse",
    "bedrock_mantle",
    "aws",
    "amazon-bedrock",
    "amazon_bedrock",
    "aws_bedrock",
  ],
  "gcp.vertex_ai": [
    "vertex_ai",
    "vertex_ai_beta",
    "vertexai",
    "google.vertex",
    "google-vertex",
    "vertex_ai-anthropic_models",
  ],
  "gcp.gemini": ["gemini", "googleai", "google_genai_api", "google.generative-ai", "google_genai", "google_ai_studio"],
  "gcp.gen_ai": ["google"],
  cohere: ["cohere_chat"],
  mistral_ai: ["mistral", "mistralai", "codestral", "text-completion-codestral"],
  deepseek: [],
  groq: [],
  perplexity: ["perplexity-ai"],
  x_ai: ["xai", "x-ai", "grok"],
  "ibm.watsonx.ai": ["watsonx", "ibm.watson.ai", "watsonx_text"],
  moonshot_ai: ["moonshot", "moonshotai"],
  // The convention has no value for these; this is the word that most emitters write.
  vllm: ["hosted_vllm"],
  openrouter: [],
  together_ai: ["togetherai", "together"],
  fireworks_ai: ["fireworks"],
  ollama: ["ollama_chat"],
  huggingface: ["hugging_face"],
  replicate: [],
  cerebras: [],
  sambanova: [],
  nvidia_nim: [],
  databricks: [],
  anyscale: [],
  deepinfra: [],
  novita: [],
  voyage: ["voyageai"],
  sglang: [],
};

/** The provider by every spelling in lower case. */
export const providerSpellings: ReadonlyMap<string, string> = new Map([
  ...providerNames.map((name) => [name, name] as const),
  ...Object.entries(spellings).flatMap(([name, others]) => [name, ...others].map((word) => [word, name] as const)),
]);

/** Frameworks and proxies that emitters write where the provider belongs, and words for none. */
export const frameworks: ReadonlySet<string> = new Set([
  ..."litellm litellm_proxy langchain langgraph llama_index llamaindex haystack crewai agno dspy smolagents".split(" "),
  ..."strands-agents strands_agents pydantic_ai openai_agents spring_ai microsoft.agent_framework".split(" "),
  ..."semantic_kernel mastra gcp.vertex.agent google_adk unknown none null undefined".split(" "),
]);

const addresses: ReadonlyMap<string, string> = new Map([
  ["api.openai.com", "openai"],
  ["api.anthropic.com", "anthropic"],
  ["generativelanguage.googleapis.com", "gcp.gemini"],
  ["aiplatform.googleapis.com", "gcp.vertex_ai"],
  ["api.mistral.ai", "mistral_ai"],
  ["api.groq.com", "groq"],
  ["api.deepseek.com", "deepseek"],
  ["api.x.ai", "x_ai"],
  ["api.cohere.com", "cohere"],
  ["api.perplexity.ai", "perplexity"],
  ["api.moonshot.ai", "moonshot_ai"],
  ["openrouter.ai", "openrouter"],
  ["api.together.xyz", "together_ai"],
  ["api.fireworks.ai", "fireworks_ai"],
]);

const addressParts: readonly (readonly [start: string, end: string, provider: string])[] = [
  ["", ".openai.azure.com", "azure.ai.openai"],
  ["", ".services.ai.azure.com", "azure.ai.inference"],
  ["bedrock-runtime.", ".amazonaws.com", "aws.bedrock"],
  ["", "-aiplatform.googleapis.com", "gcp.vertex_ai"],
];

const scopeWords: ReadonlyMap<string, string> = new Map([
  ["openai", "openai"],
  ["anthropic", "anthropic"],
  ["bedrock", "aws.bedrock"],
  ["cohere", "cohere"],
  ["mistralai", "mistral_ai"],
  ["groq", "groq"],
  ["vertexai", "gcp.vertex_ai"],
  ["watsonx", "ibm.watsonx.ai"],
  ["together", "together_ai"],
  ["ollama", "ollama"],
  ["vllm", "vllm"],
]);

const families: readonly (readonly [start: string, provider: string])[] = [
  ...["gpt-", "chatgpt-", "o1", "o3", "o4", "text-embedding-", "davinci", "babbage"].map(
    (start) => [start, "openai"] as const,
  ),
  ["claude-", "anthropic"],
  ["gemini-", "gcp.gemini"],
  ["mistral-", "mistral_ai"],
  ["magistral-", "mistral_ai"],
  ["codestral-", "mistral_ai"],
  ["command-", "cohere"],
  ["deepseek-", "deepseek"],
  ["grok-", "x_ai"],
  ["sonar", "perplexity"],
  ["voyage-", "voyage"],
  ...["anthropic.", "amazon.", "meta.", "us.", "eu.", "apac.", "arn:aws:bedrock:"].map(
    (start) => [start, "aws.bedrock"] as const,
  ),
];
