// The child span on which LiteLLM's first callback writes the provider's request and answer member by member:
// `llm.openai.usage`, `llm.anthropic.id`, and `llm.None.…` where it did not know the provider.
import type { Dialect, InsideRule, Rule } from "../dialect.ts";
import { providerOf } from "../providers.ts";
import { usageObject } from "./shared-rules.ts";

/** Its ids of providers. */
export const litellmProviders: readonly string[] =
  `None openai azure azure_ai azure_text anthropic bedrock bedrock_converse vertex_ai vertex_ai_beta gemini
  mistral cohere cohere_chat groq deepseek xai perplexity openrouter together_ai fireworks_ai hosted_vllm vllm ollama
  ollama_chat huggingface replicate databricks sambanova cerebras nvidia_nim deepinfra anyscale novita watsonx
  watsonx_text moonshot sagemaker sagemaker_chat voyage jina_ai text-completion-openai custom_openai openai_like
  github github_copilot lm_studio llamafile cloudflare codestral friendliai baseten litellm_proxy`.split(/\s+/);

/** `None` stands for a provider that it does not know. */
function providerRules(provider: string): Rule[] {
  if (provider === "None") return [];
  return [
    {
      from: `llm.${provider}.model`,
      to: "gen_ai.provider.name",
      values: { "*": providerOf(provider) ?? provider },
      keep: true,
    },
  ];
}

export const litellmRaw: Dialect = {
  id: "litellm-raw",
  about: "The child span of LiteLLM's first callback that repeats the provider's answer.",
  signs: { scopes: ["litellm"] },
  rules: litellmProviders.flatMap((provider): (Rule | InsideRule)[] => [
    { from: `llm.${provider}.id`, to: "@response_id" },
    { from: `llm.${provider}.model`, to: "gen_ai.response.model" },
    ...providerRules(provider),
    { inside: `llm.${provider}.usage`, rules: usageObject },
  ]),
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: true },
  layer: "proxy",
  // The SDK in an application writes no team.
  layerKeys: ["metadata.user_api_key_team_id"],
  shape: "copy",
  traps: [
    "Usage is the provider's own: Anthropic's input leaves the cache out.",
    "It can have the name of its parent (`generation_name`); of a stream it has no usage.",
    "FastAPI's spans may leave it without a parent that tells the call: then it is the call.",
    "On an application's span the SDK writes the last of several calls; each has its copy.",
    "The response id here is the provider's, on the parent it may be one that LiteLLM made.",
  ],
};
