// What comes out of the corpus wrong, or not at all: each line with its reason. The test fails when one is no longer true.
// Facts are those of `facts.json`; `usage` is a call that no span of the request counts.

export interface Gap {
  readonly reason: string;
  readonly facts: readonly string[];
  readonly captures: readonly string[];
}

export const gaps: readonly Gap[] = [
  {
    reason: "no attribute carries any usage, so that there is nothing to bill",
    facts: ["usage"],
    captures: [
      "mlflow-tracing@3.17.2/embeddings.pb",
      "openinference-openai-js@4.2.7/chat-stream-with-usage.pb",
      "openinference-openai-js@4.2.7/embeddings.pb",
      "openllmetry-litellm-py@0.62.4/completion-stream-no-usage.pb",
      "otel-openai-js@0.21.0/chat-stream-no-usage.pb",
    ],
  },
  {
    reason: "only the name without its date stands in an attribute of the span",
    facts: ["model"],
    captures: [
      ...within("litellm-proxy-v1@1.106.2", [
        "chat-end-user-metadata.pb",
        "chat-no-team.pb",
        "chat-stream-no-usage.pb",
        "chat-stream.pb",
        "chat-tool-call.pb",
        "chat.pb",
        "client-traceparent.pb",
        "responses-api.pb",
        "two-tenants.pb",
      ]),
      ...litellmTwo(),
      "openinference-langchain-py@0.1.80/chain-stream-rollup.pb",
      ...within("openinference-litellm-py@0.1.51", [
        "acompletion.pb",
        "completion-stream.pb",
        "completion-tool-call.pb",
        "completion.pb",
      ]),
      "openllmetry-litellm-py@0.62.4/completion-stream.pb",
    ],
  },
  {
    reason: "no attribute carries reasoning tokens; they are in the output, which is right",
    facts: ["reasoning"],
    captures: [
      ...litellmTwo(),
      "litellm-proxy-v2@1.106.2/hosted-vllm.pb",
      ...within("mlflow-tracing@3.17.2", [
        "chat-stream.pb",
        "chat-tool-call.pb",
        "chat.pb",
        "responses-api.pb",
        "trace-tree.pb",
      ]),
      ...within("openllmetry-litellm-py@0.62.4", [
        "acompletion.pb",
        "completion-stream.pb",
        "completion-tool-call.pb",
        "completion.pb",
      ]),
      "openllmetry-openai-py@0.62.4/chat-stream.pb",
    ],
  },
  {
    reason: "no attribute carries the parts of input and output; cached tokens are priced as others",
    facts: ["cache_read", "reasoning"],
    captures: [
      ...within("openllmetry-js@0.27.0", ["chat-stream.pb", "chat-tool-call.pb", "chat.pb", "responses-api.pb"]),
      ...within("otel-openai-js@0.21.0", ["chat-gpt-4.1.pb", "chat-stream.pb", "chat-tool-call.pb", "chat.pb"]),
      ...within("vercel-ai@5.0.277", ["generate-text-leaf.json", "tool-call-leaf.json"]),
      ...within("vllm@0.33.0-constructed", [
        "llm-request-batch.pb",
        "llm-request-child.pb",
        "llm-request-temperature-0.pb",
        "llm-request.pb",
      ]),
    ],
  },
  {
    reason: "the emitter counts a stream's words by itself, and says 14 and 3 for 1215 and 87",
    facts: ["input", "output"],
    captures: ["openllmetry-js@0.27.0/chat-stream.pb"],
  },
  {
    reason: "the emitter leaves the tokens that were written to the cache out",
    facts: ["cache_write"],
    captures: ["openllmetry-litellm-py@0.62.4/anthropic-cache.pb"],
  },
  {
    reason: "it stands in the trace of a client of LiteLLM, which is in the corpus too, and inherits its tenant",
    facts: ["tenant"],
    captures: ["vllm@0.33.0-constructed/llm-request-child.pb"],
  },
];

function litellmTwo(): readonly string[] {
  return within("litellm-proxy-v2@1.106.2", [
    "chat-end-user-metadata.pb",
    "chat-no-team.pb",
    "chat-stream-no-usage.pb",
    "chat-stream.2.pb",
    "chat-tool-call.pb",
    "chat.pb",
    "client-traceparent.pb",
    "responses-api.pb",
    "two-tenants.pb",
  ]);
}

function within(folder: string, files: readonly string[]): readonly string[] {
  return files.map((file) => `${folder}/${file}`);
}
