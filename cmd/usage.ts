// What commander objects to, as one line that names the nearest right word.
import type { Command, CommanderError } from "commander";
import { didYouMean } from "../src/config/nearest.ts";

/** The line for an error of the command line. `argv` is without node and script. */
export function usageLine(error: CommanderError, program: Command, argv: readonly string[]): string {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  const command = program.commands.find((one) => argv.includes(one.name())) ?? program;
  if (error.code === "commander.unknownCommand") {
    const names = program.commands.map((one) => one.name());
    return `spantoll: unknown command ${JSON.stringify(quoted)}; ${instead(quoted, names, "the commands are")}`;
  }
  if (error.code === "commander.unknownOption") {
    const names = [...command.options.flatMap((option) => option.long ?? []), "--help"];
    return `spantoll: unknown option ${JSON.stringify(quoted)}; ${instead(quoted, names, "the options are")}`;
  }
  const help = `see ${command === program ? "spantoll" : `spantoll ${command.name()}`} --help`;
  if (error.code === "commander.optionMissingArgument")
    return `spantoll: option ${JSON.stringify(quoted)} needs a value; ${help}`;
  if (error.code === "commander.excessArguments") return `spantoll: ${command.name()} takes no such argument; ${help}`;
  return `spantoll: ${error.message.replace(/^error: |\.$/g, "").replaceAll("'", '"')}; ${help}`;
}

function instead(given: string, names: readonly string[], all: string): string {
  return didYouMean(given, names) ?? `${all} ${names.join(", ")}`;
}
