import { describe, expect, test } from "vitest";
import { compileBook, type Layer } from "./price-book.ts";
import { priceFile } from "./price-file.ts";

const price = [{ cells: { default: { input: "1", output: "1" } } }];
const model = (id: string, ...match: (string | { regex: string })[]) => ({
  id,
  prices: price,
  ...(match[0] && { match }),
});
const providers = [
  {
    id: "openai",
    models: [model("gpt-4o"), model("gpt-4o-2024-05-13"), model("gpt-4"), model("ft:gpt-4o"), model("MiniModel-X")],
  },
  { id: "azure.ai.openai", fallback: ["openai"], models: [model("eu/gpt-5.6")] },
  {
    id: "anthropic",
    models: [model("claude-fable-5"), model("claude-sonnet-4-5", "claude-sonnet-4-5", "claude-sonnet-4.5")],
  },
  { id: "groq", models: [model("openai/gpt-oss-120b")] },
  { id: "aws.bedrock", models: [model("anthropic.claude-3-haiku"), model("us.anthropic.claude-3-haiku")] },
  {
    id: "gcp.gemini",
    aliases: ["gcp.vertex_ai"],
    models: [model("gemini-2.5-pro", "gemini-2.5-pro", { regex: "^gemini-2\\.5-pro-\\d{2}-\\d{2}$" })],
  },
  { id: "fireworks_ai", models: [model("deepseek-v3")] },
];
const base = layer("base", providers);

describe("a model's name", () => {
  test.each([
    ["openai", "gpt-4o", "gpt-4o", "exact"],
    ["openai", "gpt-4o-2024-05-13", "gpt-4o-2024-05-13", "exact"],
    ["OpenAI", " GPT-4o ", "gpt-4o", "case_folded"],
    ["openai", "minimodel-x", "MiniModel-X", "case_folded"],
    ["openai", "gpt-4o-2024-08-06", "gpt-4o", "date_stripped"],
    ["openai", "openai/gpt-4o", "gpt-4o", "provider_stripped"],
    ["openai", "litellm_proxy/openai/gpt-4o", "gpt-4o", "provider_stripped"],
    ["litellm", "openai/gpt-4o", "gpt-4o", "provider_from_prefix"],
    ["", "anthropic/claude-sonnet-4-5-20250929", "claude-sonnet-4-5", "provider_from_prefix"],
    ["openai", "ft:gpt-4o:acme:support:9x", "ft:gpt-4o", "fine_tune_base"],
    ["openai", "ft:gpt-4o-2024-08-06:acme::9x", "ft:gpt-4o", "date_stripped"],
    ["groq", "openai/gpt-oss-120b", "openai/gpt-oss-120b", "exact"],
    ["azure", "gpt-4o", "gpt-4o", "provider_fallback"],
    ["azure_openai", "eu/gpt-5.6", "eu/gpt-5.6", "exact"],
    ["bedrock", "us.anthropic.claude-3-haiku-20240307-v1:0", "us.anthropic.claude-3-haiku", "date_stripped"],
    ["aws.bedrock", "eu.anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-3-haiku", "region_stripped"],
    [
      "aws.bedrock",
      "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3-haiku",
      "us.anthropic.claude-3-haiku",
      "arn_parsed",
    ],
    ["vertex_ai", "publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro", "path_parsed"],
    ["google", "models/gemini-2.5-pro-05-06", "gemini-2.5-pro", "regex"],
    ["fireworks_ai", "accounts/fireworks/models/deepseek-v3", "deepseek-v3", "path_parsed"],
    ["vertex_ai", "projects/p/locations/eu/publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro", "path_parsed"],
    ["anthropic", "claude-sonnet-4-5@20250929", "claude-sonnet-4-5", "date_stripped"],
    ["anthropic", "claude-fable-5-latest", "claude-fable-5", "date_stripped"],
    ["litellm", "azure/gpt-4o", "gpt-4o", "provider_fallback"],
    ["litellm", "bedrock/sa.anthropic.claude-3-haiku", "anthropic.claude-3-haiku", "region_stripped"],
    [
      "litellm",
      "bedrock/us-west-2/anthropic.claude-3-haiku-20240307-v1:0",
      "anthropic.claude-3-haiku",
      "region_stripped",
    ],
    [
      "bedrock",
      "bedrock/converse/us.anthropic.claude-3-haiku-20240307-v1:0",
      "us.anthropic.claude-3-haiku",
      "provider_stripped",
    ],
    ["bedrock", "invoke/us-gov-west-1/anthropic.claude-3-haiku", "anthropic.claude-3-haiku", "region_stripped"],
    ["bedrock", "anthropic.claude-3-haiku-20240307-v2:0", "anthropic.claude-3-haiku", "date_stripped"],
    ["bedrock", "anthropic.claude-3-haiku:0", "anthropic.claude-3-haiku", "date_stripped"],
    [
      "bedrock",
      "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
      "anthropic.claude-3-haiku",
      "date_stripped",
    ],
  ])("%s %s is %s, %s", (provider, name, id, match) => {
    const found = base.resolver.find(provider, name);
    expect([found?.row.id, found?.match]).toEqual([id, match]);
  });

  test.each([
    ["openai", "gpt-4.7-turbo-x", "another version behind a dot"],
    ["openai", "gpt-4-32k", "another size"],
    ["anthropic", "claude-fable-5-2", "another version behind a hyphen"],
    ["anthropic", "claude-fable-5-20251399", "no date"],
    ["openai", "ft:gpt-4:acme:x:y", "tuned: its base has another price"],
    ["openai", "my-gpt-4o", "something in front"],
    ["openai", "gpt-4o-mini", "another size"],
    ["openai", "gpt-4o-mini-2024-07-18", "another size with a date"],
    ["openai", "gpt-4o-audio-preview", "another kind"],
    ["openai", "gpt-4o-2024-13-01", "no month"],
    ["openai", "gpt-4o-2024-05", "half a date"],
    ["openai", "gpt-4o-20240513-turbo", "something behind a date"],
    ["openai", "gpt-4o:2", "no revision of OpenAI's"],
    ["openai", "gpt-4o:free", "another offer"],
    ["openai", "gpt-4o@eu", "no snapshot"],
    ["openai", "gpt-4o%20", "an escape"],
    ["openai", "gpt-4o\u200b", "a character that nobody sees"],
    ["openai", "gpt\u20104o", "another hyphen"],
    ["openai", "ft:gpt-4o-mini-2024-07-18:acme::id", "tuned: another size"],
    ["openai", "ft:", "nothing tuned"],
    ["openai", "claude-fable-5", "another provider's"],
    ["anthropic", "anthropic.claude-3-haiku", "Bedrock's name elsewhere"],
    ["anthropic", "claude-fable-52", "another version without a hyphen"],
    ["anthropic", "claude-fable-5-thinking", "another mode"],
    ["anthropic", "claude-fable", "less than a name"],
    ["azure", "my-gpt-4o-deployment", "a deployment's own name"],
    ["azure", "gpt4o", "a deployment's short name"],
    ["litellm", "openai/azure/gpt-4o", "two providers"],
    ["aws.bedrock", "anthropic.claude-3-haiku-v2:0", "another version: no date before it"],
    ["aws.bedrock", "xx.anthropic.claude-3-haiku", "no region"],
    ["aws.bedrock", "us-west-2/eu-west-1/anthropic.claude-3-haiku", "two regions"],
    ["aws.bedrock", "arn:aws:bedrock:us-east-1:1:custom-model/anthropic.claude-3-haiku/abc", "tuned"],
    ["aws.bedrock", "arn:aws:bedrock:us-east-1:1:provisioned-model/abc", "throughput that is paid by the hour"],
    ["aws.bedrock", "arn:aws:sagemaker:us-east-1:1:endpoint/anthropic.claude-3-haiku", "no model of Bedrock's"],
    ["aws.bedrock", "arn:aws:bedrock:us-east-1::foundation-model/x/anthropic.claude-3-haiku", "no ARN of a model"],
    ["fireworks_ai", "accounts/acme/models/deepseek-v3", "another account's own model"],
    ["openai", "acme/models/gpt-4o", "no path of a model"],
    ["vertex_ai", "projects/p/locations/us/endpoints/123", "an endpoint"],
    ["google", "tunedModels/gemini-2.5-pro", "tuned"],
    ["google", "gemini-2.5-pro-05-06-x", "something behind a pattern"],
    ["google", "x-gemini-2.5-pro-05-06", "something in front of a pattern"],
    ["litellm", "gpt-4o", "no provider"],
    ["litellm_proxy", "prod/claude-sonnet-4-5", "prod is no provider"],
    ["aws.bedrock", "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", "names no model"],
    ["anthropic", "us.claude-fable-5", "regions are Bedrock's"],
    ["openai", "", "empty"],
    ["openai", "/", "a slash"],
    ["nobody", "gpt-4o", "a provider nobody knows"],
    ["openai", "__proto__", "a name of JavaScript's"],
    ["openai", "x".repeat(100_000), "longer than any name"],
  ])("%s %s is no row: %s", (provider, name) => {
    expect(base.resolver.find(provider, name)).toBeUndefined();
    expect(base.resolver.find(provider, name)).toBeUndefined();
  });

  test.each([
    { aliases: { "my-prod": "azure/gpt-4o" }, provider: "azure.ai.openai", name: "my-prod", id: "gpt-4o" },
    { aliases: { "openai/fast": "gpt-4" }, provider: "openai.chat", name: "fast", id: "gpt-4" },
    {
      aliases: { "arn:x": "aws.bedrock/anthropic.claude-3-haiku" },
      provider: "aws",
      name: "arn:x",
      id: "anthropic.claude-3-haiku",
    },
    {
      aliases: {
        "arn:aws:bedrock:*:123456789012:application-inference-profile/*": "aws.bedrock/anthropic.claude-3-haiku",
      },
      provider: "aws.bedrock",
      name: "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc",
      id: "anthropic.claude-3-haiku",
    },
    {
      aliases: {
        "arn:aws:bedrock:*:210987654321:application-inference-profile/*": "aws.bedrock/anthropic.claude-3-haiku",
      },
      provider: "aws.bedrock",
      name: "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc",
      id: undefined,
    },
    {
      aliases: { "arn:*:123456789012:application-inference-profile/abc": "aws.bedrock/anthropic.claude-3-haiku" },
      provider: "aws.bedrock",
      name: "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc",
      id: undefined,
    },
    { aliases: { fast: "nobody/nothing" }, provider: "openai", name: "fast", id: undefined },
  ])("means what $aliases says", ({ aliases, provider, name, id }) => {
    const { resolver } = layer("base", providers, aliases);
    expect(resolver.findAlias(provider, name)?.row.id).toBe(id);
  });

  test("is forgotten when too many others came, and found again", () => {
    const { resolver } = layer("base", providers);
    const found = resolver.find("openai", "gpt-4o");
    for (let other = 0; other < 25_000; other++) resolver.find("openai", `model-${other}`);
    expect(resolver.find("openai", "gpt-4o")).toEqual(found);
  });
});

describe("layers", () => {
  const under = { name: "under", version: "1", mode: "override", file: priceFile.parse({ providers }) } as const;
  const over = (models: object[], more: Partial<Layer> = {}): Layer => {
    const file = priceFile.parse({ providers: [{ id: "openai", models }] });
    return { name: "over", version: "2", mode: "override", file, ...more };
  };
  const layerOf = (layers: readonly Layer[], name: string, provider = "openai") =>
    compileBook(layers).resolver.find(provider, name)?.row.layer;

  test("later ones win row by row", () => {
    const layers = [under, over([model("gpt-4o")])];
    expect([layerOf(layers, "gpt-4o"), layerOf(layers, "gpt-4")]).toEqual(["over", "under"]);
    expect(layerOf(layers, "gpt-4o-2024-05-13")).toBe("under");
  });

  test("a row that replaces another has its other names too", () => {
    const file = priceFile.parse({ providers: [{ id: "anthropic", models: [model("claude-sonnet-4-5")] }] });
    expect(layerOf([under, { ...over([]), file }], "claude-sonnet-4.5", "anthropic")).toBe("over");
  });

  test("those that fill replace nothing, patterns included", () => {
    const layers = [under, over([model("gpt-4o"), model("gpt-new")], { mode: "fill" })];
    expect([layerOf(layers, "gpt-4o"), layerOf(layers, "gpt-new")]).toEqual(["under", "over"]);
  });

  test("a row that is refused replaces nothing, and says why where it stands alone", () => {
    const layer = over([model("gpt-4o"), model("gpt-new")]);
    const refused = new Map(layer.file.providers[0]?.models.map((row) => [row, "quarantined_price" as const]));
    const { resolver } = compileBook([under, { ...layer, refused }]);
    expect(resolver.find("openai", "gpt-4o")?.row.refused).toBeUndefined();
    expect(resolver.find("openai", "gpt-new")?.row.refused).toBe("quarantined_price");
  });
});

function layer(name: string, given: readonly object[], aliases: Readonly<Record<string, string>> = {}) {
  const file = priceFile.parse({ providers: given });
  return compileBook([{ name, version: "1", mode: "override", file }], aliases);
}
