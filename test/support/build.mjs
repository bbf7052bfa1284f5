// Builds what is shipped, benchmarked and documented: one file each, so that what is tested is what runs.
// Without arguments the product, else the programs that are named.
import { chmod } from "node:fs/promises";
import { build } from "esbuild";
import { textLoaders } from "./text-files.mjs";

// Packages in CommonJS call `require` for node's own modules, which an ES module does not have.
const banner = `#!/usr/bin/env node
import { createRequire as createRequireHere } from "node:module";
const require = createRequireHere(import.meta.url);`;

const shipped = {
  // Its code is native, and is loaded only where a configuration has file_storage.
  external: ["lmdb"],
  banner: { js: banner },
  // Names stay: error texts and stack traces of users' reports are read by people.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcesContent: false,
  legalComments: "eof",
};
/** Programs of the project itself find their packages in node_modules. What they measure is built like what is shipped. */
const own = { packages: "external", minifySyntax: true };

const programs = [
  { name: "spantoll", entry: "cmd/main.ts", options: shipped },
  { name: "bench", entry: "test/bench/main.ts", options: own },
  { name: "doors", entry: "test/fuzz/doors-main.ts", options: own },
  { name: "floods", entry: "test/floods/main.ts", options: own },
  { name: "container", entry: "test/soak/container-main.ts", options: own },
  { name: "soak", entry: "test/soak/main.ts", options: own },
  { name: "docs", entry: "test/support/write-docs.ts", options: own },
  { name: "prices", entry: "test/support/build-prices.ts", options: own },
  { name: "compare", entry: "test/compare/main.ts", options: own },
];

const asked = process.argv.length > 2 ? process.argv.slice(2) : ["spantoll"];
const chosen = programs.filter(({ name }) => asked.includes(name));
await Promise.all(
  chosen.map(async ({ name, entry, options }) => {
    const outfile = `dist/${name}.mjs`;
    await build({
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20.19",
      sourcemap: true,
      loader: textLoaders,
      logLevel: "warning",
      ...options,
      entryPoints: [entry],
      outfile,
    });
    if (options === shipped) await chmod(outfile, 0o755);
  }),
);
