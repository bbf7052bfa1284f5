// The built program with a configuration file that a test can change, and a sender that never stops.
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Started } from "./bundle.ts";
import { until } from "./until.ts";

export interface Program {
  readonly started: Started;
  /** Where it was started, with the configuration in it. */
  readonly folder: string;
  /** Writes another configuration and asks for it; resolves when it runs, or when it was refused. */
  reload(yaml: string): Promise<"runs" | "refused">;
  /** `http://localhost:13133` of the first line that names one. */
  endpoint(line: RegExp): Promise<string>;
}

const outcomes = /the new configuration runs|the configuration was not taken over/g;

/**
 * Runs until the end of the test. Its file has the name `config.yaml`, and `beside` it stand others. `again` is the folder
 * of a program before it.
 */
export async function startProgram(
  yaml: string,
  env: Readonly<Record<string, string>> = {},
  beside: Readonly<Record<string, string>> = {},
  again?: string,
): Promise<Program> {
  const folder = again ?? mkdtempSync(join(tmpdir(), "spantoll-program-"));
  const file = join(folder, "config.yaml");
  writeFileSync(file, yaml);
  for (const [name, text] of Object.entries(beside)) writeFileSync(join(folder, name), text);
  const started = new Started(["run", "--config", file], { cwd: folder, env });
  onTestFinished(async () => {
    started.signal("SIGKILL");
    await started.end();
    rmSync(folder, { recursive: true, force: true });
  });
  await started.logged(/everything is ready/);
  const told = () => started.stderr.match(outcomes) ?? [];
  return {
    started,
    folder,
    async reload(next) {
      const before = told().length;
      writeFileSync(file, next);
      started.signal("SIGHUP");
      await until(() => before < told().length);
      return told()[before]?.endsWith("runs") ? "runs" : "refused";
    },
    endpoint: async (line) => `http://${(await started.logged(line))[1]}`,
  };
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

/** One span in OTLP/JSON; its name is `span-7`. */
export function numberedSpan(number: number): string {
  const spanId = number.toString(16).padStart(16, "0");
  const span = { traceId: spanId.padStart(32, "a"), spanId, name: `span-${number}` };
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
}

/** Resolves with the status, or with "failed" when there was no answer. */
export async function sendSpan(url: string, number: number): Promise<number | "failed"> {
  const headers = { "content-type": "application/json" };
  try {
    const answer = await fetch(`${url}/v1/traces`, { method: "POST", headers, body: numberedSpan(number) });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return "failed";
  }
}

export interface Load {
  /** Names of the spans that were answered with 200. */
  readonly acknowledged: string[];
  /** Every other outcome. */
  readonly others: (number | "failed")[];
  /** No more requests; resolves when the last one is answered. */
  end(): Promise<void>;
}

/** Several senders, each with one request after the other, over connections that are kept. */
export function startLoad(url: string, senders = 8): Load {
  const acknowledged: string[] = [];
  const others: (number | "failed")[] = [];
  let number = 0;
  let over = false;
  const send = async () => {
    while (!over) {
      const own = number++;
      const status = await sendSpan(url, own);
      if (status === 200) acknowledged.push(`span-${own}`);
      else others.push(status);
    }
  };
  const all = Promise.all(Array.from({ length: senders }, send));
  const end = async () => {
    over = true;
    await all;
  };
  onTestFinished(end);
  return { acknowledged, others, end };
}

/** Ports on which a process listens, as Linux tells them. */
export function listeningPorts(pid: number): readonly number[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const lines = ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n"));
  return lines.flatMap((line) => {
    // sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid timeout inode
    const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
    return state === "0A" && sockets.has(inode) ? [Number.parseInt(local.split(":")[1] ?? "", 16)] : [];
  });
}
