// Our own log: one line a sentence. `json` is pino's line under the Collector's keys, `console` the same for a person.
import { pino } from "pino";
import type { Clock, Log } from "../core/host.ts";
import { consoleLine } from "./console-line.ts";

export interface LogSettings {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly encoding: "console" | "json";
}

/** The log of the program. `write` gets whole lines, line feed included. */
export function openLog(settings: LogSettings, clock: Clock, write: (line: string) => void): Log {
  const human = (json: string) => write(consoleLine(json));
  const sink = pino(
    {
      level: settings.level,
      base: null,
      messageKey: "msg",
      timestamp: () => `,"ts":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (level) => ({ level }), log: withPlainValues },
    },
    { write: settings.encoding === "json" ? write : human },
  );
  return {
    debug: (message, fields) => sink.debug(fields ?? {}, message),
    info: (message, fields) => sink.info(fields ?? {}, message),
    warn: (message, fields) => sink.warn(fields ?? {}, message),
    error: (message, fields) => sink.error(fields ?? {}, message),
  };
}

/** A log whose lines go wherever `to` says at the time. */
export function forwardingLog(to: () => Log): Log {
  return {
    debug: (message, fields) => to().debug(message, fields),
    info: (message, fields) => to().info(message, fields),
    warn: (message, fields) => to().warn(message, fields),
    error: (message, fields) => to().error(message, fields),
  };
}

/** The same log with `fields` on every line. */
export function childLog(parent: Log, fields: Readonly<Record<string, unknown>>): Log {
  return {
    debug: (message, more) => parent.debug(message, { ...fields, ...more }),
    info: (message, more) => parent.info(message, { ...fields, ...more }),
    warn: (message, more) => parent.warn(message, { ...fields, ...more }),
    error: (message, more) => parent.error(message, { ...fields, ...more }),
  };
}

/**
 * An error becomes its text under its own key; where it was thrown goes under `stack`, for whoever has to find the bug.
 * A bigint becomes text: readers of JSON would round it.
 */
function withPlainValues(fields: Record<string, unknown>): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value instanceof Error) {
      plain[key] = textOf(value);
      plain["stack"] = value.stack;
    } else {
      plain[key] = typeof value === "bigint" ? String(value) : value;
    }
  }
  return plain;
}

const causesMax = 5;

/** The text of an error and of what caused it, outermost first. */
function textOf(error: Error): string {
  const texts = [error.message];
  let cause = error.cause;
  while (cause instanceof Error && texts.length < causesMax) {
    texts.push(cause.message);
    cause = cause.cause;
  }
  return texts.join(": ");
}
