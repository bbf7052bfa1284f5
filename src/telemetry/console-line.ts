// A log line for a person: when, how grave, the sentence, then the fields as key=value.

const levelWidth = 5;
const valueCharsMax = 1_000;
// What a terminal would obey instead of show: a value from outside must not forge lines or colours.
const controls = /[\p{Cc}\u2028\u2029]/gu;
const plainWord = /^[\w./:@+,%[\]-]+$/;

/** One line of pino's JSON as text, line feed included. The place of a bug follows on lines of its own. */
export function consoleLine(json: string): string {
  const { ts, level, msg, stack, ...fields }: Record<string, unknown> = JSON.parse(json);
  const words = Object.entries(fields).map(([key, value]) => `${key}=${valueText(value)}`);
  const sentence = escaped(String(msg ?? ""));
  const place = level === "error" ? frames(stack) : "";
  return `${[ts, String(level).padEnd(levelWidth), sentence, ...words].join(" ")}\n${place}`;
}

function valueText(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
  const short = text.length <= valueCharsMax ? text : `${text.slice(0, valueCharsMax)}…`;
  return typeof value !== "string" || plainWord.test(short) ? escaped(short) : escaped(JSON.stringify(short));
}

function escaped(text: string): string {
  return text.replace(controls, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function frames(stack: unknown): string {
  if (typeof stack !== "string") return "";
  const lines = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return lines.map((line) => `${escaped(line)}\n`).join("");
}
