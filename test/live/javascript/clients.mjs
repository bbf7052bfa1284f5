// OpenAI's and Anthropic's clients under an instrumentation that the first argument names.
import { load, messages, openaiUrl, origin, provider, readAll, run } from "./live.mjs";

process.env.LIVE_ARGUMENTS = "3";
const kind = process.argv[2];
let flush;
let wrap = (client) => client;
if (kind === "traceloop") {
  const traceloop = load("@traceloop/node-server-sdk");
  traceloop.initialize({
    appName: "checkout",
    baseUrl: process.env.OTEL_EXPORTER_OTLP_ENDPOINT,
    apiKey: "planted",
    disableBatch: false,
    silenceInitializationMessage: true,
  });
  flush = () => traceloop.forceFlush();
} else if (kind === "langfuse") {
  const { LangfuseSpanProcessor } = load("@langfuse/otel");
  const processor = new LangfuseSpanProcessor({
    publicKey: "pk",
    secretKey: "sk",
    baseUrl: process.env.OTEL_EXPORTER_OTLP_ENDPOINT,
  });
  const tracing = provider({ spanProcessors: [processor] });
  wrap = load("@langfuse/openai").observeOpenAI;
  flush = () => tracing.forceFlush();
} else {
  const tracing = provider();
  const { registerInstrumentations } = load("@opentelemetry/instrumentation");
  const made = {
    openinference: () => [
      new (load("@arizeai/openinference-instrumentation-openai").OpenAIInstrumentation)(),
      new (load("@arizeai/openinference-instrumentation-anthropic").AnthropicInstrumentation)(),
    ],
    otel: () => [new (load("@opentelemetry/instrumentation-openai").OpenAIInstrumentation)()],
  };
  registerInstrumentations({ tracerProvider: tracing, instrumentations: made[kind]() });
  flush = () => tracing.forceFlush();
}
const { OpenAI } = load("openai");
const Anthropic = load("@anthropic-ai/sdk").default ?? load("@anthropic-ai/sdk");
const client = wrap(new OpenAI({ baseURL: openaiUrl, apiKey: "sk-planted-key", maxRetries: 0 }));
const claude = new Anthropic({ baseURL: origin, apiKey: "sk-planted-key", maxRetries: 0 });
const usage = { stream: true, stream_options: { include_usage: true } };

await run(
  {
    chat: () => client.chat.completions.create({ model: "gpt-4o-mini", messages }),
    "chat-stream": async () => readAll(await client.chat.completions.create({ model: "gpt-4o", messages, ...usage })),
    responses: () => client.responses.create({ model: "gpt-4.1", input: "PLANTED-PROMPT" }),
    embeddings: () =>
      client.embeddings.create({ model: "text-embedding-3-small", input: "eight tokens", encoding_format: "float" }),
    "anthropic-cache": () => claude.messages.create({ model: "claude-sonnet-4-5", max_tokens: 100, messages }),
    "anthropic-stream": async () =>
      readAll(await claude.messages.create({ model: "claude-sonnet-4-5", max_tokens: 100, messages, stream: true })),
    "error-429": () => client.chat.completions.create({ model: "boom", messages }),
  },
  flush,
);
