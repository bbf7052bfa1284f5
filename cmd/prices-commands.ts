// The words of `spantoll prices …`.
import { type Command, CommanderError, Option } from "commander";
import { diffPrices, importPrices, lintPrices, listPrices, type PricesAnswer, type PricesRequest } from "./prices.ts";
import { terminal } from "./terminal.ts";

/** Adds `prices list`, `diff`, `lint` and `import`; `done` takes the exit code. */
export function addPrices(program: Command, done: (code: number) => void): void {
  const prices = program.command("prices").description("look at price files: list, diff, lint, import");
  const layerHelp = "bundled, litellm:PATH, litellm-fill:PATH or a price file; joined by + they are one table";
  const formats = () => new Option("--format <format>", "how to answer").choices(["text", "json"]).default("text");
  const at = () => new Option("--at <day>", "the day whose prices are shown, such as 2026-01-31; today when absent");
  prices
    .command("list")
    .description("the rows of the table that layers make, with their prices in USD per million tokens or per unit")
    .argument("[layers...]", layerHelp)
    .addOption(at())
    .addOption(formats())
    .action((layers: string[], options: Options) =>
      done(answer(listPrices, layers.length > 0 ? layers : ["bundled"], options)),
    );
  prices
    .command("diff")
    .description("what calls cost otherwise by another table, for every name that one of the two lists")
    .argument("<before>", layerHelp)
    .argument("<after>", layerHelp)
    .addOption(at())
    .addOption(formats())
    .action((before: string, after: string, options: Options) => done(answer(diffPrices, [before, after], options)));
  prices
    .command("lint")
    .description("what layers cannot mean, or will surprise; 1 when there is an error")
    .argument("<layers...>", layerHelp)
    .addOption(formats())
    .action((layers: string[], options: Options) => done(answer(lintPrices, layers, options)));
  prices
    .command("import")
    .description("print a layer, such as litellm:PATH, as a price file")
    .argument("<layer>", "litellm:PATH, bundled or a price file")
    .addOption(formats())
    .action((layer: string, options: Options) => done(answer(importPrices, [layer], options)));
}

interface Options {
  readonly format: "text" | "json";
  readonly at?: string;
}

function answer(
  command: (request: PricesRequest) => PricesAnswer,
  layers: readonly string[],
  options: Options,
): number {
  const { format, at } = options;
  const atMs = at === undefined ? terminal.now() : Date.parse(`${at}T00:00:00Z`);
  if (Number.isNaN(atMs)) {
    throw new CommanderError(2, "prices", `error: --at must be a day such as 2026-01-31, not ${JSON.stringify(at)}`);
  }
  const { output, words, exitCode } = command({ layers, format, files: terminal.outside.files, atMs });
  terminal.out(output);
  for (const line of words) terminal.say(line);
  return exitCode;
}
