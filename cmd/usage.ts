// What commander objects to, as one line that names the nearest right word.
import type { Command, CommanderError } from "commander";
import { didYouMean } from "../src/config/nearest.ts";

/** The line for an error of the command line. `argv` is without node and script. */
export function usageLine(error: CommanderError, program: Command, argv: readonly string[]): string {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  const command = commandOf(program, argv);
  if (error.code === "commander.unknownCommand") {
    const names = command.commands.map((one) => one.name());
    return `spantoll: unknown command ${JSON.stringify(quoted)}; ${instead(quoted, names, "the commands are")}`;
  }
  if (error.code === "commander.unknownOption") {
    const names = [...command.options.flatMap((option) => option.long ?? []), "--help"];
    return `spantoll: unknown option ${JSON.stringify(quoted)}; ${instead(quoted, names, "the options are")}`;
  }
  const help = `see ${fullName(command)} --help`;
  if (error.code === "commander.optionMissingArgument")
    return `spantoll: option ${JSON.stringify(quoted)} needs a value; ${help}`;
  if (error.code === "commander.excessArguments") return `spantoll: ${command.name()} takes no such argument; ${help}`;
  return `spantoll: ${error.message.replace(/^error: |\.$/g, "").replaceAll("'", '"')}; ${help}`;
}

/** The command that was meant, down to the last word that is one. */
function commandOf(program: Command, argv: readonly string[]): Command {
  let command = program;
  for (const word of argv) command = command.commands.find((one) => one.name() === word) ?? command;
  return command;
}

function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

function instead(given: string, names: readonly string[], all: string): string {
  return didYouMean(given, names) ?? `${all} ${names.join(", ")}`;
}
