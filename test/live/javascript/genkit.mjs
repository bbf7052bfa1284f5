// Genkit with OpenAI-compatible models and Gemini.
import { load, openaiUrl, origin, provider, run } from "./live.mjs";

process.env.GENKIT_ENV = "prod";
const tracing = provider();
const { genkit, z } = load("genkit");
const { openAI } = load("@genkit-ai/compat-oai/openai");
const { googleAI } = load("@genkit-ai/google-genai");
const ai = genkit({
  plugins: [openAI({ apiKey: "sk-planted-key", baseURL: openaiUrl }), googleAI({ apiKey: "planted", baseUrl: origin })],
});
const weather = ai.defineTool(
  {
    name: "get_weather",
    description: "the weather",
    inputSchema: z.object({ city: z.string() }),
    outputSchema: z.string(),
  },
  async () => "rain",
);
await run(
  {
    chat: () => ai.generate({ model: openAI.model("gpt-4o"), prompt: "PLANTED-PROMPT" }),
    "tool-agent": () => ai.generate({ model: openAI.model("gpt-4o"), prompt: "PLANTED-PROMPT", tools: [weather] }),
    gemini: () => ai.generate({ model: googleAI.model("gemini-2.5-flash"), prompt: "PLANTED-PROMPT" }),
    flow: () =>
      ai.defineFlow(
        "answer",
        async () => (await ai.generate({ model: openAI.model("gpt-4o"), prompt: "PLANTED-PROMPT" })).text,
      )(),
  },
  () => tracing.forceFlush(),
);
