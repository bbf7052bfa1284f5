// An application in front of the proxy, as users write it: OpenTelemetry's SDK, an instrumentation, OpenAI's client.
// `node app.mjs otel|openinference apart|joined` makes its calls: with `joined` the proxy's spans are in its traces.
import { createRequire } from "node:module";
import { OpenAIInstrumentation as OpenInference } from "@arizeai/openinference-instrumentation-openai";
import { context, propagation, trace } from "@opentelemetry/api";
import { OpenAIInstrumentation } from "@opentelemetry/instrumentation-openai";
import { NodeSDK } from "@opentelemetry/sdk-node";

const [kind, traces] = process.argv.slice(2);
const instrumentation = kind === "openinference" ? new OpenInference() : new OpenAIInstrumentation();
const sdk = new NodeSDK({ instrumentations: [instrumentation] });
sdk.start();
const require = createRequire(import.meta.url);
const { OpenAI } = require("openai");
const tracer = trace.getTracer("checkout");

/** A client with the key of a team and a user. */
const clientOf = (key) => new OpenAI({ apiKey: `sk-${key}`, baseURL: `${process.env.PROXY_URL}/v1`, maxRetries: 0 });
const said = (team) => [{ role: "user", content: `Say something short. #${team}` }];
const tools = [
  {
    type: "function",
    function: {
      name: "get_weather",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  },
];
const acme = clientOf("acme-ann");
const globex = clientOf("globex-bob");
const nobody = clientOf("none-eve");
const counted = { stream: true, stream_options: { include_usage: true } };

const calls = [
  (more) => acme.chat.completions.create({ model: "fast", messages: said("acme") }, more),
  async (more) =>
    readAll(await acme.chat.completions.create({ model: "fast", messages: said("acme"), ...counted }, more)),
  async (more) =>
    readAll(await acme.chat.completions.create({ model: "gpt-4o", messages: said("acme"), stream: true }, more)),
  (more) => acme.responses.create({ model: "gpt-4.1", input: "Say something short. #acme" }, more),
  (more) => globex.chat.completions.create({ model: "claude", messages: said("globex") }, more),
  async (more) =>
    readAll(await globex.chat.completions.create({ model: "claude", messages: said("globex"), ...counted }, more)),
  // Not through the client: an embedding has no id, so that the spans of two layers in two traces could not be joined.
  (more) => fetchEmbedding(more.headers),
  (more) => globex.chat.completions.create({ model: "gpt-4o", messages: said("globex"), tools }, more),
  // The first deployment is out of quota: the proxy falls back, and one of two attempts is a call.
  (more) => globex.chat.completions.create({ model: "primary", messages: said("globex") }, more),
  // The provider fails once, and the proxy asks again.
  (more) => acme.chat.completions.create({ model: "flaky", messages: said("acme") }, more),
  (more) => acme.chat.completions.create({ model: "boom", messages: said("acme") }, more),
  (more) => nobody.chat.completions.create({ model: "fast", messages: said("none") }, more),
  // Several at once, with the same question.
  (more) =>
    Promise.all([1, 2, 3].map(() => globex.chat.completions.create({ model: "fast", messages: said("globex") }, more))),
];

for (const call of calls) {
  await tracer.startActiveSpan("checkout", async (span) => {
    const headers = {};
    if (traces === "joined") propagation.inject(context.active(), headers);
    await call({ headers }).catch((error) => {
      if (error.status !== 429) console.error(`${error.status} ${error.message}`);
    });
    span.end();
  });
}
await sdk.shutdown();

function fetchEmbedding(headers) {
  return fetch(`${process.env.PROXY_URL}/v1/embeddings`, {
    method: "POST",
    headers: { ...headers, authorization: "Bearer sk-globex-bob", "content-type": "application/json" },
    body: JSON.stringify({ model: "embed", input: "eight tokens #globex", encoding_format: "float" }),
  });
}

async function readAll(stream) {
  for await (const chunk of stream) if (chunk === undefined) throw new Error("a chunk without content");
}
