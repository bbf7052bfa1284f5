// Vercel's AI SDK, whatever version is installed, on OpenAI and Anthropic.
import { load, openaiUrl, provider, readAll, run, user } from "./live.mjs";

const tracing = provider();
const ai = await import(load.resolve("ai"));
const { createOpenAI } = await import(load.resolve("@ai-sdk/openai"));
const { createAnthropic } = await import(load.resolve("@ai-sdk/anthropic"));
const { z } = await import(load.resolve("zod"));
const openai = createOpenAI({ baseURL: openaiUrl, apiKey: "sk-planted-key" });
const anthropic = createAnthropic({ baseURL: openaiUrl, apiKey: "sk-planted-key" });
const telemetry = { isEnabled: true, functionId: "answer", metadata: { userId: user } };
let options = { experimental_telemetry: telemetry, maxRetries: 0 };
if (ai.registerTelemetry) {
  // Version 7 has its spans in a package of their own.
  const { OpenTelemetry } = await import(load.resolve("@ai-sdk/otel"));
  ai.registerTelemetry(new OpenTelemetry());
  options = { telemetry: { isEnabled: true, functionId: "answer" }, maxRetries: 0 };
}
const prompt = "Say something short. PLANTED-PROMPT";
const schema = z.object({ city: z.string() });
const weather = {
  description: "the weather of a city",
  inputSchema: schema,
  parameters: schema,
  execute: async () => "rain",
};
const steps = ai.stepCountIs ? { stopWhen: ai.stepCountIs(3) } : { maxSteps: 3 };

await run(
  {
    chat: () => ai.generateText({ model: openai.chat("gpt-4o-mini"), prompt, ...options }),
    "chat-stream": () => readAll(ai.streamText({ model: openai.chat("gpt-4o"), prompt, ...options }).textStream),
    responses: () => ai.generateText({ model: openai.responses("gpt-4.1"), prompt, ...options }),
    "anthropic-cache": () => ai.generateText({ model: anthropic("claude-sonnet-4-5"), prompt, ...options }),
    "anthropic-stream": () =>
      readAll(ai.streamText({ model: anthropic("claude-sonnet-4-5"), prompt, ...options }).textStream),
    "tool-agent": () =>
      ai.generateText({ model: openai.chat("gpt-4o"), prompt, tools: { get_weather: weather }, ...steps, ...options }),
    object: () => ai.generateObject({ model: openai.chat("gpt-4o"), schema, prompt, ...options }),
    "object-stream": () =>
      readAll(ai.streamObject({ model: openai.chat("gpt-4o"), schema, prompt, ...options }).partialObjectStream),
    embed: () =>
      ai.embed({
        model: (openai.embedding ?? openai.textEmbeddingModel)("text-embedding-3-small"),
        value: "eight tokens",
        ...options,
      }),
    "embed-many": () =>
      ai.embedMany({
        model: (openai.embedding ?? openai.textEmbeddingModel)("text-embedding-3-small"),
        values: ["eight", "tokens"],
        ...options,
      }),
    "error-429": () => ai.generateText({ model: openai.chat("boom"), prompt, ...options }),
  },
  () => tracing.forceFlush(),
);
