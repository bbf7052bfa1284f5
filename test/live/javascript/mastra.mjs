// Mastra's agents with its own export over OpenTelemetry.
import { load, openaiUrl, receiver, run } from "./live.mjs";

const { Agent } = await import(load.resolve("@mastra/core/agent"));
const { Mastra } = await import(load.resolve("@mastra/core/mastra"));
const { createTool } = await import(load.resolve("@mastra/core/tools"));
const { Observability } = await import(load.resolve("@mastra/observability"));
const { OtelExporter } = await import(load.resolve("@mastra/otel-exporter"));
const { createOpenAI } = await import(load.resolve("@ai-sdk/openai"));
const { z } = await import(load.resolve("zod"));
const openai = createOpenAI({ baseURL: openaiUrl, apiKey: "sk-planted-key" });
const exporter = new OtelExporter({
  provider: { custom: { endpoint: `${receiver}/v1/traces`, protocol: "http/protobuf" } },
});
const configs = { otel: { serviceName: "checkout", exporters: [exporter] } };
// Before version 1 it was not a class.
const observability = Observability ? new Observability({ configs }) : { configs };
const weather = createTool({
  id: "get_weather",
  description: "the weather",
  inputSchema: z.object({ city: z.string() }),
  execute: async () => ({ said: "rain" }),
});
const agents = {
  teller: new Agent({ id: "teller", name: "teller", instructions: "Be short.", model: openai.chat("gpt-4o") }),
  weather: new Agent({
    id: "weather",
    name: "weather",
    instructions: "Be short.",
    model: openai.chat("gpt-4o"),
    tools: { weather },
  }),
  boom: new Agent({ id: "boom", name: "boom", instructions: "Be short.", model: openai.chat("boom") }),
};
const mastra = new Mastra({ agents, observability });
await run(
  {
    chat: () => mastra.getAgent("teller").generate("PLANTED-PROMPT"),
    "chat-stream": async () => (await mastra.getAgent("teller").stream("PLANTED-PROMPT")).text,
    "tool-agent": () => mastra.getAgent("weather").generate("PLANTED-PROMPT", { maxSteps: 3 }),
    "error-429": () => mastra.getAgent("boom").generate("PLANTED-PROMPT", { modelSettings: { maxRetries: 0 } }),
  },
  async () => {
    await new Promise((done) => setTimeout(done, 500));
    await (exporter.flush?.() ?? observability.flush?.());
    await new Promise((done) => setTimeout(done, 5500));
  },
);
