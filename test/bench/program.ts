// The built program as a process to be measured.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export interface Program {
  readonly pid: number;
  /** From the start of the process to the line that says it is ready. */
  readonly startMs: number;
  /** Where its HTTP receiver listens. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Runs the bundle with a configuration; resolves when it is ready. */
export async function startProgram(config: string): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), "spantoll-bench-"));
  const started = performance.now();
  const child = spawn(process.execPath, [resolve("dist/spantoll.mjs"), "run", "--config", `yaml:${config}`], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(child, "exit");
  let log = "";
  const ready = new Promise<void>((done, fail) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      if (log.includes("everything is ready")) done();
    });
    child.once("exit", () => fail(new Error(`the program ended before it was ready:\n${log}`)));
  });
  await ready;
  const url = /"address":"(http:[^"]+)"/.exec(log)?.[1];
  if (url === undefined || child.pid === undefined) throw new Error(`no address in the log:\n${log}`);
  return {
    pid: child.pid,
    startMs: performance.now() - started,
    url,
    async stop() {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** CPU time of a process and its threads, in nanoseconds: the scheduler's own count. */
export function cpuNs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // User and system time in hundredths of a second, which is what the kernel counts in for /proc.
  return (Number(fields[11]) + Number(fields[12])) * 1e7;
}

export function residentBytes(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1]) * 1024;
}
