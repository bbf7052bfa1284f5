// The built program as a process to be measured.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export interface Program {
  readonly pid: number;
  /** From the start of the process to the line that says it is ready. */
  readonly startMs: number;
  /** Where its HTTP receiver listens. */
  readonly url: string;
  /** `host:port` of its gRPC receiver; empty where it has none. */
  readonly grpc: string;
  /** Whether the process has not ended. */
  readonly isAlive: () => boolean;
  /** The end of what it has logged so far. */
  readonly log: () => string;
  /** Lines that it has logged as errors: what it says of bugs of its own, or of data that is lost. */
  readonly errorLines: () => number;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to stop; resolves with the exit code. */
  stop(): Promise<number | null>;
}

export interface ProgramOptions {
  /** Of Node.js, in front of the program. */
  readonly nodeArgs?: readonly string[];
  /** A command in front of Node.js, which replaces itself by what follows it. */
  readonly through?: readonly string[];
  /** Gets what the process sends to its parent. */
  readonly onMessage?: (message: unknown) => void;
}

/** Runs the bundle with a configuration that asks for logs in JSON, in a folder of its own; resolves when it is ready. */
export async function startProgram(
  config: string,
  { nodeArgs = [], through = [], onMessage }: ProgramOptions = {},
): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), "spantoll-bench-"));
  const started = performance.now();
  const run = [process.execPath, ...nodeArgs, resolve("dist/spantoll.mjs"), "run", "--config", `yaml:${config}`];
  const [command = "", ...args] = [...through, ...run];
  const child = spawn(command, args, {
    cwd: folder,
    stdio: onMessage ? ["ignore", "ignore", "pipe", "ipc"] : ["ignore", "ignore", "pipe"],
  });
  if (onMessage) child.on("message", onMessage);
  const ended = once(child, "close");
  let log = "";
  let errorLines = 0;
  const ready = new Promise<void>((done, fail) => {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-logLengthMax);
      errorLines += text.split('"level":"error"').length - 1;
      if (log.includes("everything is ready")) done();
    });
    child.once("exit", () => fail(new Error(`the program ended before it was ready:\n${log}`)));
  });
  await ready;
  const addressOf = (protocol: string) => new RegExp(`"protocol":"${protocol}","address":"([^"]+)"`).exec(log)?.[1];
  const url = addressOf("http");
  if (url === undefined || child.pid === undefined) throw new Error(`no address in the log:\n${log}`);
  const grpc = (addressOf("grpc") ?? "").replace(/^https?:\/\//, "");
  return {
    pid: child.pid,
    startMs: performance.now() - started,
    url,
    grpc,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    log: () => log,
    errorLines: () => errorLines,
    kill: (signal) => void child.kill(signal),
    async stop() {
      // Unlike SIGTERM, it does not go on listening for a moment.
      child.kill("SIGINT");
      await ended;
      rmSync(folder, { recursive: true });
      return child.exitCode;
    },
  };
}

const logLengthMax = 100_000;

/** CPU time of a process and its threads, in nanoseconds: the scheduler's own count. */
export function cpuNs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // User and system time in hundredths of a second, which is what the kernel counts in for /proc.
  return (Number(fields[11]) + Number(fields[12])) * 1e7;
}

export function residentBytes(pid: number): number {
  return statusBytes(pid, "VmRSS");
}

/** Resident memory without the pages of mapped files, which the kernel takes back when it wants. */
export function anonymousBytes(pid: number): number {
  return statusBytes(pid, "RssAnon");
}

export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function statusBytes(pid: number, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1]) * 1024;
}
