// `npm run bench`: ratios side by side in one run. Every figure comes from a process of its own, so that what one
// codec taught the compiler does not slow the next. Nothing here passes or fails; `docs/performance.md` keeps results.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { encode, type Plain } from "../support/otlp-oracle.ts";
import { codecRows } from "./codecs.ts";
import { requestOf } from "./corpus.ts";
import { deliveryFigures } from "./delivery.ts";
import { ledgerFigures } from "./ledger.ts";
import { cpuNsPerCall, heapBytesPerCall, median } from "./measure.ts";
import { type NormaliserFigures, normaliserFigures, normaliserRows } from "./normaliser.ts";
import { priceRows } from "./prices.ts";
import { residentBytes, startProgram } from "./program.ts";
import { configFor, wholePathNsPerSpan } from "./whole-path.ts";

/** Different requests, so that one does not stay in the processor's cache. */
const requestCount = 24;
const spansPerRequest = 50;
const llmShare = 0.3;

const [part, name] = process.argv.slice(2);
if (part === "codec") printLine(await measureCodec(name ?? ""));
else if (part === "price") printLine(priceRows.find((row) => row.name === name)?.measure() ?? Number.NaN);
else if (part === "normaliser") print(JSON.stringify(normaliserFigures(name ?? "")));
else if (part === "heap") printLine(await measureHeap(name ?? ""));
else await measureAll(new Set(process.argv.slice(2)));

function corpus(spans = spansPerRequest, llm = llmShare): readonly Uint8Array[] {
  return Array.from({ length: requestCount }, (_, seed) =>
    encode("traces", requestOf({ spans, llm, seed }) as unknown as Plain),
  );
}

async function openRow(rowName: string) {
  const row = codecRows.find((one) => one.name === rowName);
  if (row === undefined) throw new Error(`no codec ${JSON.stringify(rowName)}`);
  const codec = await row.open();
  const inputs = corpus().map((bytes) => row.input?.(bytes) ?? bytes);
  return { codec, inputs };
}

async function measureCodec(rowName: string): Promise<number> {
  const { codec, inputs } = await openRow(rowName);
  const nsPerRound = cpuNsPerCall(() => {
    for (const bytes of inputs) codec(bytes);
  });
  return nsPerRound / (requestCount * spansPerRequest);
}

async function measureHeap(rowName: string): Promise<number> {
  const { codec, inputs } = await openRow(rowName);
  let next = 0;
  const bytesPerRequest = heapBytesPerCall(() => codec(inputs[next++ % inputs.length]!), 300);
  return bytesPerRequest / spansPerRequest;
}

async function measureAll(only: ReadonlySet<string>): Promise<void> {
  const wanted = (table: string) => only.size === 0 || only.has(table);
  print(machine());
  if (wanted("codecs")) printCodecs();
  if (wanted("dialects")) printDialects();
  if (wanted("path")) await printWholePath();
  if (wanted("prices")) printPrices();
  if (wanted("delivery")) await printDelivery();
  if (wanted("process")) await printProcess();
  if (wanted("ledger")) await printLedger();
}

function machine(): string {
  const { model } = cpus()[0] ?? { model: "unknown" };
  const kernel = readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
  return `${new Date().toISOString().slice(0, 10)}, Node.js ${process.versions.node}, ${cpus().length} x ${model}, Linux ${kernel}\n`;
}

function printCodecs(): void {
  const sizes = corpus().map((bytes) => bytes.length);
  const bytesPerSpan = sizes.reduce((sum, size) => sum + size, 0) / (requestCount * spansPerRequest);
  print(
    `Codec: ${spansPerRequest} spans a request, ${llmShare * 100} % LLM, ${Math.round(bytesPerSpan)} bytes a span; CPU and JavaScript heap by span\n`,
  );
  print("| row | what | ns | x memcpy | protobufjs static / row | heap bytes |\n|---|---|---:|---:|---:|---:|");
  const figures = new Map(codecRows.map((row) => [row.name, ownProcess("codec", row.name)]));
  const memcpyNs = figures.get("memcpy") ?? Number.NaN;
  const staticNs = figures.get("protobufjs-static") ?? Number.NaN;
  for (const row of codecRows) {
    const ns = figures.get(row.name) ?? Number.NaN;
    const heap = ownProcess("heap", row.name);
    print(
      `| ${row.name} | ${row.about} | ${Math.round(ns)} | ${(ns / memcpyNs).toFixed(1)} | ${(staticNs / ns).toFixed(1)} | ${Math.round(heap)} |`,
    );
  }
  print("");
}

/** In turns, because the machine may be shared: the least of three counts. */
function printDialects(): void {
  print("Dialects: gen_ai_normalizer over captures, index and splice included; CPU by span\n");
  print("| row | what | ns | x seven | bytes of text decoded |\n|---|---|---:|---:|---:|");
  const rounds = Array.from({ length: 3 }, () => normaliserRows.map((row) => normaliserInOwnProcess(row.name)));
  const least = (at: number) => Math.min(...rounds.map((round) => round[at]?.nsPerSpan ?? Number.NaN));
  for (const [at, { name: row, about }] of normaliserRows.entries()) {
    const decoded = Math.round(rounds[0]?.[at]?.decodedBytesPerSpan ?? Number.NaN);
    print(`| ${row} | ${about} | ${Math.round(least(at))} | ${(least(at) / least(0)).toFixed(2)} | ${decoded} |`);
  }
  print("");
}

function normaliserInOwnProcess(row: string): NormaliserFigures {
  return JSON.parse(execFileSync(process.execPath, [process.argv[1] ?? "", "normaliser", row], { encoding: "utf8" }));
}

/** A figure from a new process; the young generation is large enough that nothing is collected while heap is counted. */
function ownProcess(kind: "codec" | "heap" | "price", rowName: string): number {
  const flags = kind === "heap" ? ["--expose-gc", "--max-semi-space-size=512", "--min-semi-space-size=512"] : [];
  const output = execFileSync(process.execPath, [...flags, process.argv[1] ?? "", kind, rowName], { encoding: "utf8" });
  return Number(output.trim().split("\n").at(-1));
}

function printPrices(): void {
  // The machine may be shared: a figure is what a process costs that is left alone.
  const priceRuns = 5;
  print(
    `Prices: CPU of one call with cached tokens, and of loading a table; the least of ${priceRuns} new processes\n`,
  );
  print("| row | what | ns | x calcPrice of a known model |\n|---|---|---:|---:|");
  const leastOf = (row: string) => Math.min(...Array.from({ length: priceRuns }, () => ownProcess("price", row)));
  const figures = new Map(priceRows.map((row) => [row.name, leastOf(row.name)]));
  const theirNs = figures.get("calcPrice-hit") ?? Number.NaN;
  for (const { name: row, about } of priceRows) {
    const ns = figures.get(row) ?? Number.NaN;
    print(`| ${row} | ${about} | ${Math.round(ns)} | ${(ns / theirNs).toPrecision(2)} |`);
  }
  print("");
}

async function printWholePath(): Promise<void> {
  print("Whole path over HTTP: receive, normalise, call, cost, budget, batch, export; CPU of the program by span\n");
  print("| request | compression out | us |\n|---|---|---:|");
  const loads = [
    { name: "50 spans, 30 % LLM", spans: 50, llm: llmShare, requests: 1200 },
    { name: "50 spans, no LLM", spans: 50, llm: 0, requests: 1200 },
    { name: "1 LLM span", spans: 1, llm: 1, requests: 4000 },
  ];
  for (const compression of ["none", "gzip"] as const)
    for (const { name: load, spans, llm, requests } of loads) {
      const ns = await wholePathNsPerSpan({ bodies: corpus(spans, llm), spansPerBody: spans, requests, compression });
      print(`| ${load} | ${compression} | ${(ns / 1000).toFixed(2)} |`);
    }
  print("");
}

async function printDelivery(): Promise<void> {
  const loads = [
    { name: `${spansPerRequest} spans, 30 % LLM`, spans: spansPerRequest, llm: llmShare, requests: 600 },
    { name: "1 LLM span", spans: 1, llm: 1, requests: 1000 },
  ];
  for (const { name: load, spans, llm, requests } of loads) {
    print(`Delivery, ${load} a request: the whole path by what is different; CPU of the program by span\n`);
    print("| way | us | x first, median of rounds | from | to | bytes out a span |\n|---|---:|---:|---:|---:|---:|");
    const rows = await deliveryFigures({ bodies: corpus(spans, llm), spansPerBody: spans, requests });
    for (const { name: way, nsPerSpan, ratio, bytesPerSpan } of rows) {
      const ratios = [ratio.median, ratio.least, ratio.greatest].map((one) => one.toFixed(2)).join(" | ");
      print(`| ${way} | ${(nsPerSpan / 1000).toFixed(1)} | ${ratios} | ${Math.round(bytesPerSpan)} |`);
    }
    print("");
  }
}

async function printProcess(): Promise<void> {
  const idle: number[] = [];
  const starts: number[] = [];
  for (let run = 0; run < 5; run++) {
    const program = await startProgram(configFor("http://localhost:9", "none"));
    await new Promise((done) => setTimeout(done, 1000));
    idle.push(residentBytes(program.pid));
    starts.push(program.startMs);
    await program.stop();
  }
  print("The process\n\n| figure | value |\n|---|---:|");
  print(`| start to ready | ${Math.round(median(starts))} ms |`);
  print(`| bare Node.js, for comparison | ${Math.round(median(Array.from({ length: 5 }, bareStartMs)))} ms |`);
  print(`| resident memory, idle | ${Math.round(median(idle) / 1024 ** 2)} MiB |`);
}

async function printLedger(): Promise<void> {
  print(
    "Ledger: one call and one charge for each span, batches of 512, one budget; CPU of the process that keeps it\n",
  );
  print("| ledger | spans a second and core | bytes a span |\n|---|---:|---:|");
  await ledgerFigures(({ name, spansPerSecond, bytesPerSpan }) =>
    print(`| ${name} | ${spansPerSecond} | ${bytesPerSpan} |`),
  );
  print("");
}

function bareStartMs(): number {
  const before = performance.now();
  execFileSync(process.execPath, ["-e", "0"]);
  return performance.now() - before;
}

function printLine(figure: number): void {
  print(String(figure));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
