// `npm run prices:compare [LiteLLM's file]`: the same usage by us and by the calculators that the tables come with.
// Every difference belongs to a class that says whose it is, or the run fails. `docs/prices.md` keeps the result.
import { type DifferenceClass, genaiPricesClasses, litellmClasses } from "./classes.ts";
import { agree, type Compared } from "./compared.ts";
import { compareWithGenaiPrices } from "./genai-prices.ts";
import { compareWithLitellm } from "./litellm.ts";

const shownMax = 60;

const [litellmFile] = process.argv.slice(2);
const python = litellmFile === undefined ? undefined : pythonOf();
const unexplained = [
  ...report("genai-prices", compareWithGenaiPrices(), genaiPricesClasses),
  ...(litellmFile && python ? report("LiteLLM", compareWithLitellm(litellmFile, python), litellmClasses) : []),
];
process.exitCode = unexplained.length > 0 ? 1 : 0;

function report(name: string, all: readonly Compared[], classes: readonly DifferenceClass[]): readonly Compared[] {
  const differences = all.filter((compared) => !agree(compared));
  const models = new Set(all.map(({ provider, model }) => `${provider}/${model}`)).size;
  print(`${name}: ${models} models, ${all.length} usages, ${differences.length} different\n`);
  print("| difference | whose | usages | models | example |\n|---|---|---:|---:|---|");
  const explained = new Set<Compared>();
  for (const { id, side, explains } of classes) {
    const members = differences.filter((compared) => !explained.has(compared) && explains(compared));
    for (const member of members) explained.add(member);
    const names = [...new Set(members.map(({ provider, model }) => `${provider}/${model}`))];
    print(`| ${id} | ${side} | ${members.length} | ${names.length} | ${names[0] ?? ""} |`);
  }
  const rest = differences.filter((compared) => !explained.has(compared));
  print(`\n${rest.length} unexplained\n`);
  const oneOfEach = new Map(
    rest.map((compared) => [`${compared.provider} ${compared.usageName} ${compared.ours.cost.status}`, compared]),
  );
  for (const compared of [...oneOfEach.values()].slice(0, shownMax)) print(lineOf(compared));
  return rest;
}

function lineOf({ provider, model, usageName, usage, atMs, ours, theirs }: Compared): string {
  const at = new Date(atMs).toISOString();
  return JSON.stringify({
    provider,
    model,
    usageName,
    at,
    usage,
    ours: { ...ours.cost, nanoUsd: undefined, outputNanoUsd: undefined, usd: ours.usd },
    theirs,
  });
}

function pythonOf(): string {
  const { LITELLM_PYTHON: given } = process.env;
  if (given === undefined) throw new Error("LITELLM_PYTHON: must be a Python that has the package litellm");
  return given;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
