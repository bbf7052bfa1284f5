// The one word per provider under which prices are kept: the values of `gen_ai.provider.name`
// (OpenTelemetry registry), and for providers that have none there the name that most emitters write.

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

const spellings: Readonly<Record<string, readonly string[]>> = {
  openai: ["openai.chat", "openai.responses", "openai.completion", "openai.embedding", "text-completion-openai"],
  "azure.ai.openai": [
    "azure",
    "azure_openai",
    "azure-openai",
    "azure.chat",
    "azure_text",
    "az.ai.openai",
    "azure.openai",
  ],
  "azure.ai.inference": ["azure_ai", "az.ai.inference", "azure_ai_inference"],
  anthropic: ["anthropic.messages", "anthropic_text", "claude"],
  "aws.bedrock": [
    "bedrock",
    "bedrock_converse",
    "bedrock_mantle",
    "aws",
    "amazon-bedrock",
    "amazon_bedrock",
    "aws_bedrock",
  ],
  "gcp.vertex_ai": ["vertex_ai", "vertex_ai_beta", "vertexai", "vertex", "google.vertex", "google-vertex"],
  "gcp.gemini": ["gemini", "google.generative-ai", "google", "google_genai", "google_ai_studio"],
  "gcp.gen_ai": [],
  cohere: ["cohere_chat"],
  mistral_ai: ["mistral", "mistralai", "mistral.chat", "codestral", "text-completion-codestral"],
  deepseek: ["deepseek.chat"],
  groq: ["groq.chat"],
  perplexity: ["perplexity-ai"],
  x_ai: ["xai", "x-ai", "xai.chat", "grok"],
  "ibm.watsonx.ai": ["watsonx", "ibm.watson.ai", "watsonx_text"],
  moonshot_ai: ["moonshot", "moonshotai"],
  vllm: ["hosted_vllm"],
  together_ai: ["together", "togetherai", "together-ai"],
  fireworks_ai: ["fireworks"],
  ollama: ["ollama_chat"],
  voyage: ["voyageai"],
  huggingface: ["hugging_face"],
  github_copilot: ["github-copilot"],
};

/** LiteLLM splits Vertex and Fireworks into kinds of models: `vertex_ai-anthropic_models`. */
const families: readonly (readonly [prefix: string, provider: string])[] = [
  ["vertex_ai-", "gcp.vertex_ai"],
  ["google.vertex.", "gcp.vertex_ai"],
  ["fireworks_ai-", "fireworks_ai"],
];

const canonical: ReadonlyMap<string, string> = new Map(
  Object.entries(spellings).flatMap(([word, others]) => [word, ...others].map((spelling) => [spelling, word] as const)),
);

const gateways: ReadonlySet<string> = new Set([
  "",
  "unknown",
  "none",
  "litellm",
  "litellm_proxy",
  "custom_openai",
  "openai_like",
  "langchain",
  "langgraph",
  "llama_index",
  "llamaindex",
  "haystack",
  "crewai",
  "agno",
  "strands-agents",
  "strands_agents",
  "pydantic_ai",
  "openai_agents",
  "spring_ai",
  "microsoft.agent_framework",
  "semantic_kernel",
  "smolagents",
  "mastra",
  "gcp.vertex.agent",
  "google_adk",
]);
