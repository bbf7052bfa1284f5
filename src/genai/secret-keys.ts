// Where emitters put what nobody behind them should have: headers, keys of the API, hidden parameters.
import type { SensitiveKeys } from "./content-keys.ts";
import { litellmProviders } from "./dialects/litellm-raw.ts";

const credentials = "authorization proxy-authorization x-api-key api-key x-goog-api-key cookie x-litellm-api-key".split(
  " ",
);

export const secretKeys: readonly SensitiveKeys[] = [
  {
    emitter: "OpenLLMetry, OpenLIT and the Vercel AI SDK: headers of the request as text",
    on: "every span",
    exact: [
      "mastra.metadata.headers",
      "llm.headers",
      "gen_ai.headers",
      "gen_ai.request.headers",
      "gen_ai.request.extra_headers",
      "ai.headers",
    ],
    prefixes: ["ai.request.headers.", "ai.response.headers."],
  },
  {
    emitter: "LiteLLM: where the call went, with which headers and key. Cost, model and cache hit are read before",
    on: "every span",
    exact: [
      "hidden_params",
      "metadata.hidden_params",
      "litellm.hidden_params",
      "metadata.headers",
      "metadata.requester_custom_headers",
      "metadata.user_api_key",
      "metadata.user_api_key_auth",
      ...litellmProviders.flatMap((provider) =>
        ["extra_headers", "headers", "api_key"].map((name) => `llm.${provider}.${name}`),
      ),
    ],
    prefixes: ["hidden_params."],
  },
  {
    emitter: "LiteLLM: requests and answers of its management API, generated keys among them",
    on: ["litellm"],
    exact: ["headers", "api_key", "token"],
    prefixes: ["request.", "response."],
  },
  {
    emitter: "Whoever has headers of the call recorded",
    on: "known spans",
    exact: [
      ..."api_key headers llm.api_key gen_ai.api_key openai.api_key gen_ai.openai.api_key extra_headers".split(" "),
      ...credentials.flatMap((name) => [
        `http.request.header.${name}`,
        `http.request.header.${name.replaceAll("-", "_")}`,
      ]),
    ],
  },
];

/** Literals in a text that hold secrets among other things, which stay: parameters of the call, LiteLLM's record of the request. */
export const literalKeys: readonly string[] = [
  "llm.invocation_parameters",
  "embedding.invocation_parameters",
  "metadata",
  "metadata.requester_metadata",
  "metadata.spend_logs_metadata",
];
export const secretMembers =
  /["'](?:extra_|default_|request_)?(?:headers|api_?key|authorization|azure_ad_token|aws_(?:access_key_id|secret_access_key|session_token)|vertex_credentials|client_secret|password)["']\s*:\s*/gi;
