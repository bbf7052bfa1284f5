// The price table that the program carries: `pricing/bundled.json`, written by `npm run pricing:build`.
import bundled from "../../pricing/bundled.json" with { type: "json" };
import type { Layer } from "./price-book.ts";
import type { PriceFile } from "./price-file.ts";

/** The layer `bundled`. A test checks the file against the schema, so that starting need not. */
export function bundledLayer(): Layer {
  const file = bundled as unknown as PriceFile;
  return { name: "bundled", version: file.version ?? "", mode: "override", file };
}
