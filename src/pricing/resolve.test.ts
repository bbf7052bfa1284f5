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
