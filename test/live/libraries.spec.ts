// Real libraries, installed from their registry, against the model server: what their spans say must be billed once a
// call, with the server's own counts. With KEEP_CAPTURES=folder what they sent is kept, in the form of `captures`.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { spantoll } from "../support/bundle.ts";
import type { JournalEntry } from "../support/model-server.ts";
import { environmentWith } from "./python.ts";
import { type Scenario, scenariosOf } from "./scenarios.ts";

interface Library {
  readonly library: string;
  readonly program: string;
  readonly args?: readonly string[];
  /** Scenarios in which the library tells no usage at all, or one call's sum instead of each. */
  readonly silent?: readonly string[];
  /** What no model server saw: made by hand. */
  readonly invented?: readonly string[];
}

const libraries: readonly Library[] = [
  { library: "pydantic-ai", program: "pydantic_ai_agents.py" },
  { library: "strands", program: "strands_agents.py" },
  // Its spans of a model's answer come without LiteLLM, which is not installed beside it.
  { library: "google-adk", program: "google_adk.py" },
  { library: "agent-framework", program: "agent_framework_chat.py" },
  { library: "langfuse", program: "langfuse_sdk.py", invented: ["by-hand"] },
  // Its own record of a stream has no id and ends after the client's span of the same call.
  { library: "logfire", program: "openai_clients.py", args: ["logfire"], invented: ["anthropic-stream"] },
];

describe.each(libraries)("$library", ({ library, program, args = [], silent = [], invented = [] }) => {
  test("is billed once a call, with the counts of the server", async () => {
    const python = fileURLToPath(new URL("./python", import.meta.url));
    const bin = environmentWith(join(python, "requirements", `${library}.txt`));
    const scenarios = await scenariosOf({ command: join(bin, "python"), args: [join(python, program), ...args] });
    expect(scenarios.length).toBeGreaterThan(2);
    for (const scenario of scenarios) {
      if (process.env["KEEP_CAPTURES"]) keep(join(process.env["KEEP_CAPTURES"], library), scenario);
      if (silent.includes(scenario.name) || invented.includes(scenario.name)) continue;
      expect([scenario.name, ...(await billedIn(scenario))]).toEqual([scenario.name, ...countsOf(scenario.journal)]);
    }
  });
});

/** `1215 87` for every call that was answered with its usage. */
function countsOf(journal: readonly JournalEntry[]): readonly string[] {
  const told = journal.filter(({ status, usageSent }) => status === 200 && usageSent);
  return told.map(({ input, output }) => `${input} ${output}`).sort();
}

async function billedIn(scenario: Scenario): Promise<readonly string[]> {
  const counts: string[] = [];
  for (const { name, bytes } of filesOf(scenario)) {
    const file = join(mkdtempSync(join(tmpdir(), "spantoll-live-")), name);
    writeFileSync(file, bytes);
    const { stdout } = await spantoll(["explain", "--format", "json", file]);
    for (const line of stdout.trim().split("\n")) {
      const { role, usage } = JSON.parse(line);
      if (role === "bill") counts.push(`${usage.input} ${usage.output ?? 0}`);
    }
  }
  return counts.sort();
}

/** Protobuf requests behind each other are one request; JSON ones stay apart. */
function filesOf({ name, requests }: Scenario): readonly { readonly name: string; readonly bytes: Uint8Array }[] {
  const binary = requests.filter(({ isJson }) => !isJson).map(({ bytes }) => bytes);
  const json = requests.filter(({ isJson }) => isJson);
  return [
    ...(binary.length > 0 ? [{ name: `${name}.pb`, bytes: Buffer.concat(binary) }] : []),
    ...json.map(({ bytes }, at) => ({ name: `${name}.${at + 1}.json`, bytes })),
  ];
}

function keep(folder: string, scenario: Scenario): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, bytes } of filesOf(scenario)) writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, `${scenario.name}.journal.json`), JSON.stringify(scenario.journal, undefined, 1));
}
