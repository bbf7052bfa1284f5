// The command line: words to a command, and the command's number to the shell.
import { Command, CommanderError, Option } from "commander";
import { version } from "../src/core/version.ts";
import { askBudget, budgetEndpoint } from "./budget.ts";
import { components } from "./components.ts";
import { type ConfigOptions, readNamed, settingsOf } from "./configuration.ts";
import { explainCommand } from "./explain.ts";
import { priceCommand } from "./price.ts";
import { priceOperands } from "./price-operands.ts";
import { addPrices } from "./prices-commands.ts";
import { run } from "./run.ts";
import { schema } from "./schema.ts";
import { terminal } from "./terminal.ts";
import { usageLine } from "./usage.ts";
import { validate } from "./validate.ts";

/** The shell's number for a command that was not understood. */
const misunderstood = 2;

// Who reads our output may leave at any time; that is no error of ours.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});
await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<void> {
  let code = 0;
  const program = commands((result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    if (error.code !== "commander.help") terminal.say(usageLine(error, program, argv));
    code = misunderstood;
  }
  // A service may leave something behind that would keep the process alive; nothing else is started here.
  process.exitCode = code;
  if (argv.includes("run")) process.exit();
}

function commands(done: (code: number) => void): Command {
  const program = new Command("spantoll")
    .description("Repairs, prices and charges LLM telemetry on its way to any OTLP backend.")
    .version(version, "-v, --version")
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(false);

  withConfig(program.command("run"))
    .description("run the sidecar until SIGTERM or SIGINT; without --config the built-in configuration")
    .action(async (options: Partial<ConfigOptions>) => done(await run(named(options), terminal)));
  withConfig(program.command("validate"))
    .description("check a configuration, opening nothing; tells every problem at once")
    .action((options: Partial<ConfigOptions>) => done(validate(named(options), terminal)));
  program
    .command("price")
    .description("price usage records, one JSON object a line")
    .argument("[operands...]", "file of records, or - for standard input")
    .option("--prices <layer>", "bundled, litellm:PATH, litellm-fill:PATH or a price file; repeats", collect)
    .option("--config <source>", "take prices from the gen_ai_cost of a configuration; repeats", collect)
    .addOption(new Option("--format <format>", "how to answer").choices(["text", "json"]).default("text"))
    .action((operands: string[], options: PriceOptions) => done(price(operands, options)));
  addPrices(program, done);
  program
    .command("explain")
    .description("show what would happen to each span of an OTLP trace request, protobuf or JSON, and why")
    .argument("<file>", "the request, or - for standard input")
    .option("--config <source>", "explain with this configuration; repeats", collect)
    .addOption(new Option("--format <format>", "how to answer").choices(["text", "json"]).default("text"))
    .action((file: string, options: ExplainOptions) => done(explain(file, options)));
  withConfig(program.command("budget"))
    .description("show what a tenant spent and may spend, asked of a running sidecar")
    .argument("<tenant>", "as spantoll.tenant.id names it")
    .option("--endpoint <address>", "where budget_api listens; else as the configuration says")
    .option("--at <instant>", "the windows of a past instant, such as 2026-10-31T12:00:00Z")
    .addOption(new Option("--format <format>", "how to answer").choices(["text", "json"]).default("text"))
    .action(async (tenant: string, options: BudgetOptions) => done(await budget(tenant, options)));
  program
    .command("components")
    .description("list every component with its settings and defaults")
    .addOption(new Option("--format <format>", "how to list").choices(["yaml", "json"]).default("yaml"))
    .action((options: { format: "yaml" | "json" }) => done(components(options, terminal)));
  program
    .command("schema")
    .description("print the JSON Schema of the configuration file, for editors")
    .action(() => done(schema(terminal)));
  return program;
}

function withConfig(command: Command): Command {
  return command
    .option("--config <source>", "a path, yaml:TEXT or env:NAME; repeats, later ones are laid over", collect)
    .option("--set <a.b=value>", "lay one value over the configuration; repeats", collect);
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function named({ config = [], set = [] }: Partial<ConfigOptions>): ConfigOptions {
  return { config, set };
}

interface PriceOptions {
  readonly prices?: readonly string[];
  readonly config?: readonly string[];
  readonly format: "text" | "json";
}

function price(operands: readonly string[], { prices = [], config = [], format }: PriceOptions): number {
  const given = priceOperands(prices, operands);
  if (given === undefined) throw new CommanderError(misunderstood, "price", "error: price reads one file of records");
  const read = config.length > 0 ? readNamed({ config, set: [] }, terminal) : undefined;
  if (config.length > 0 && read === undefined) return 1;
  const settings = read && settingsOf(read.config, "gen_ai_cost");
  if (read && settings === undefined)
    terminal.say("no pipeline of the configuration has gen_ai_cost; its defaults are used");
  const input = readText(given.file);
  if (input === undefined) return 1;
  const { output, errors, exitCode } = priceCommand({
    layers: given.layers,
    config: settings,
    format,
    input,
    files: terminal.outside.files,
    nowMs: terminal.now(),
  });
  terminal.out(output);
  for (const error of errors) terminal.say(error);
  return exitCode;
}

interface ExplainOptions {
  readonly config?: readonly string[];
  readonly format: "text" | "json";
}

function explain(file: string, { config = [], format }: ExplainOptions): number {
  const read = readNamed({ config, set: [] }, terminal);
  if (read === undefined) return 1;
  let input: Uint8Array;
  try {
    input = terminal.read(file);
  } catch (error) {
    terminal.say(`${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  const { outside } = terminal;
  const { config: checked } = read;
  const answer = explainCommand({ config: checked, input, format, files: outside.files, nowMs: terminal.now() });
  terminal.out(answer.output);
  for (const error of answer.errors) terminal.say(error);
  return answer.exitCode;
}

interface BudgetOptions extends Partial<ConfigOptions> {
  readonly endpoint?: string;
  readonly at?: string;
  readonly format: "text" | "json";
}

async function budget(tenant: string, { endpoint, at, format, ...options }: BudgetOptions): Promise<number> {
  const address = endpoint ?? configuredEndpoint(named(options));
  if (address === undefined) return 1;
  const { output, error } = await askBudget({ tenant, endpoint: address, at, format });
  terminal.out(output);
  if (error !== undefined) terminal.say(error);
  return error === undefined ? 0 : 1;
}

function configuredEndpoint(options: ConfigOptions): string | undefined {
  const read = readNamed(options, terminal);
  if (read === undefined) return undefined;
  const endpoint = budgetEndpoint(read.config);
  if (endpoint === undefined)
    terminal.say("the configuration names no budget_api with a port of its own; say --endpoint");
  return endpoint;
}

function readText(path: string): string | undefined {
  try {
    return new TextDecoder().decode(terminal.read(path));
  } catch (error) {
    terminal.say(`${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
