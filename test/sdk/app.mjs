// An application as users write it: the OpenTelemetry SDK set up by environment variables, an instrumentation, and
// OpenAI's client. `node app.mjs otel|openinference` makes its calls and ends when everything is exported.
import { createRequire } from "node:module";
import { OpenAIInstrumentation as OpenInference } from "@arizeai/openinference-instrumentation-openai";
import { OpenAIInstrumentation } from "@opentelemetry/instrumentation-openai";
import { NodeSDK } from "@opentelemetry/sdk-node";

const [kind] = process.argv.slice(2);
const sdk = new NodeSDK({
  instrumentations: [kind === "openinference" ? new OpenInference() : new OpenAIInstrumentation()],
});
sdk.start();

// Both instrumentations hook `require`, so the client is loaded through it, and after the SDK.
const require = createRequire(import.meta.url);
const { OpenAI } = require("openai");
const client = new OpenAI({ apiKey: "sk-test", maxRetries: 0 });
const messages = [{ role: "user", content: "Say something short." }];

await client.chat.completions.create({ model: "gpt-4o-mini", messages });
await readAll(
  await client.chat.completions.create({
    model: "gpt-4o",
    messages,
    stream: true,
    stream_options: { include_usage: true },
  }),
);
await readAll(await client.chat.completions.create({ model: "gpt-4o", messages, stream: true }));
await client.embeddings.create({ model: "text-embedding-3-small", input: "eight tokens", encoding_format: "float" });
await client.chat.completions.create({ model: "boom", messages }).catch((error) => {
  if (error.status !== 429) throw error;
});
await sdk.shutdown();

async function readAll(stream) {
  for await (const chunk of stream) if (chunk === undefined) throw new Error("a chunk without content");
}
