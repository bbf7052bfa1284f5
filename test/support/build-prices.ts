// `npm run pricing:build`: writes pricing/bundled.json and says what of the source it left out.
import { readFileSync, writeFileSync } from "node:fs";
import { bundledPrices } from "./bundled-prices.ts";

const { text, dropped } = bundledPrices(readFileSync("pricing/providers.yaml", "utf8"));
writeFileSync("pricing/bundled.json", text);
process.stdout.write(`${dropped.join("\n")}\n${dropped.length} left out\n`);
