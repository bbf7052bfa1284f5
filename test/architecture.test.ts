// Which part may import which. `ARCHITECTURE.md` tells why; this table decides.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const domain = ["core", "otlp", "genai", "pricing", "ledger"];
const parts = ["wire", ...domain, "config", "sending", "pipeline", "telemetry", "lifecycle"];
const componentParts = ["receivers", "processors", "exporters", "extensions"];
const mayImport: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  core: ["zod"],
  otlp: ["core", "wire"],
  genai: ["core", "otlp"],
  pricing: ["core", "genai", "yaml", "zod", "node:crypto"],
  ledger: ["core", "genai", "pricing", "node:crypto"],
  "ledger/journal": ["core", "ledger", "node:zlib"],
  "ledger/redis": ["core", "genai", "pricing", "ledger", "ioredis", "node:"],
  config: ["core", "yaml", "zod", "node:crypto"],
  sending: ["core", "otlp", "zod", "node:"],
  pipeline: ["core", "otlp"],
  telemetry: ["core", "pino", "prom-client", "node:"],
  lifecycle: ["core", "config", "pipeline", "telemetry", "node:net"],
  receivers: ["core", "otlp", "zod", "node:", "@grpc/grpc-js"],
  processors: [...domain, "zod"],
  exporters: [...domain, "sending", "zod", "node:", "@grpc/grpc-js"],
  extensions: [...domain, "zod", "node:"],
  "extensions/budget_api": [...domain, "zod", "node:", "hono", "@hono/node-server"],
  "extensions/file_storage": [...domain, "zod", "node:", "lmdb"],
  "components.ts": ["core", ...componentParts],
  "service.ts": [...parts, ...componentParts, "components.ts", "node:"],
  cmd: [...parts, "components.ts", "service.ts", "commander", "node:"],
};

const files = [...sourcesBelow("src"), ...sourcesBelow("cmd")];

describe("architecture", () => {
  test.each(files)("%s imports only what its part may", (file) => {
    const strangers = importsOf(file).filter((imported) => !allowed(file, imported));
    expect(strangers).toEqual([]);
  });

  test.each(files)(
    "%s leaves process, terminal, clock and dice to the command line, and re-exports nothing",
    (file) => {
      const ambient = /(?<![\w.#])(?:process|console)\.[a-z]\w*|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(/g;
      const barrel = /^export (?:type )?(?:\*|\{[^}]*\}) from .*$/gm;
      expect(textOf(file).match(barrel) ?? []).toEqual([]);
      if (!ambientAllowed(file)) expect(textOf(file).match(ambient) ?? []).toEqual([]);
    },
  );
});

function ambientAllowed(file: string): boolean {
  return file.startsWith("cmd/") || file === "src/core/system-clock.ts";
}

function allowed(file: string, imported: string): boolean {
  if (/^node:assert(?:\/strict)?$|\.(?:json|lua|proto|yaml)$/.test(imported)) return true;
  if (homeOf(imported) === homeOf(file)) return true;
  const rules = mayImport[homeOf(file)] ?? mayImport[partOf(file)];
  return rules?.some((rule) => (rule === "node:" ? imported.startsWith(rule) : rule === partOf(imported))) ?? false;
}

/** `processors/batch` of src/processors/batch/batch.ts: siblings among the components are as strange as other parts. */
function homeOf(path: string): string {
  const [part, folder, ...rest] = withoutRoot(path).split("/");
  const nested = componentParts.includes(part ?? "") || mayImport[`${part}/${folder}`] !== undefined;
  return nested && rest.length > 0 ? `${part}/${folder}` : partOf(path);
}

/** `core` of src/core/batch.ts, `service.ts` of src/service.ts, `cmd` of cmd/run.ts, and a package by its own name. */
function partOf(path: string): string {
  if (!path.startsWith("src/")) return path.startsWith("cmd/") ? "cmd" : path;
  return withoutRoot(path).split("/")[0] ?? "";
}

function withoutRoot(path: string): string {
  return path.replace(/^src\//, "");
}

function importsOf(file: string): string[] {
  // Types of node vanish when the program is built.
  const text = textOf(file).replace(/^import type .* from "node:.*$/gm, "");
  const found = text.matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*"([^"\n]+)"/g);
  return [...found].map(([, name = ""]) => (name.startsWith(".") ? join(dirname(file), name) : name));
}

function textOf(file: string): string {
  return readFileSync(file, "utf8");
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /(?<!\.test|\.d)\.ts$/.test(name))
    .map((name) => `${folder}/${name}`);
}
