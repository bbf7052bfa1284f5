// `npm run pricing:build`: writes pricing/bundled.json and says what of the source it left out.
// `npm run pricing:build -- LITELLM_FILE DAY` first writes anew those of our own files that are taken from LiteLLM's, as
// it was on that day.
import { readFileSync, writeFileSync } from "node:fs";
import { readPriceFile } from "../../src/pricing/read-price-file.ts";
import { writePriceFile } from "../../src/pricing/write-price-file.ts";
import { bundledPrices, ownPriceFiles, packagePrices } from "./bundled-prices.ts";
import { lackingPrices } from "./lacking-prices.ts";

const folder = "pricing";
const heads: Readonly<Record<string, string>> = {
  "audio-and-images.yaml": "Prices of audio and of pictures in tokens",
  "caches.yaml": "Prices of cached tokens, and of cache writes that live for an hour",
  "fees.yaml": "Fees of web searches",
  "media.yaml":
    "Models of speech, pictures, videos and ranking, which bill seconds, characters, images or search units",
  "multipliers.yaml": "Factors by region (us-only inference, data residency) and by speed",
  "service-tiers.yaml": "Prices of the tiers flex, priority and batch",
};
const [litellmFile, day] = process.argv.slice(2);
if (litellmFile !== undefined && day !== undefined) takeFromLitellm(litellmFile, day);
const { text, dropped } = bundledPrices(ownPriceFiles(folder));
writeFileSync(`${folder}/bundled.json`, text);
print(dropped, "of genai-prices left out");

function takeFromLitellm(path: string, asOf: string): void {
  const rules = readFileSync(`${folder}/providers.yaml`, "utf8");
  const table = packagePrices();
  const withRules = { ...table, providers: [...table.providers, ...rulesOf(rules)] };
  const { files, left } = lackingPrices(withRules, readFileSync(path, "utf8"), asOf);
  for (const [name, file] of files) writeFileSync(`${folder}/${name}`, headOf(name, asOf) + writePriceFile(file));
  print(left, "of LiteLLM left out");
}

function rulesOf(yaml: string) {
  const read = readPriceFile(yaml);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.file.providers;
}

function headOf(name: string, asOf: string): string {
  return `# ${heads[name] ?? name} that genai-prices lacks,
# from LiteLLM's price file of ${asOf} (MIT, Copyright (c) 2023 Berri AI). See README.md.
`;
}

function print(lines: readonly string[], about: string): void {
  process.stdout.write(`${lines.join("\n")}\n${lines.length} ${about}\n`);
}
