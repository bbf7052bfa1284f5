// Builds what is shipped, benchmarked and documented: one file each, so that what is tested is what runs.

import { existsSync } from "node:fs";
import { chmod, rm } from "node:fs/promises";
import { build } from "esbuild";
import { textLoaders } from "./text-files.mjs";

const product = { entry: "cmd/main.ts", file: "dist/spantoll.mjs" };
/** Programs of the project itself: they find their packages in node_modules. */
const own = [
  { entry: "test/bench/main.ts", file: "dist/bench.mjs" },
  { entry: "test/support/write-docs.ts", file: "dist/docs.mjs" },
  { entry: "test/support/build-prices.ts", file: "dist/prices.mjs" },
];

// Packages in CommonJS call `require` for node's own modules, which an ES module does not have.
const banner = `#!/usr/bin/env node
import { createRequire as createRequireHere } from "node:module";
const require = createRequireHere(import.meta.url);`;

const shared = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20.19",
  sourcemap: true,
  loader: textLoaders,
  logLevel: "warning",
};

await rm("dist", { recursive: true, force: true });
await Promise.all([
  build({
    ...shared,
    entryPoints: [product.entry],
    outfile: product.file,
    banner: { js: banner },
    // Names stay: error texts and stack traces of users' reports are read by people.
    minifyWhitespace: true,
    minifySyntax: true,
    sourcesContent: false,
    legalComments: "eof",
  }),
  ...own
    .filter(({ entry }) => existsSync(entry))
    .map(({ entry, file }) => build({ ...shared, entryPoints: [entry], outfile: file, packages: "external" })),
]);
await chmod(product.file, 0o755);
