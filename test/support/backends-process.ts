// A backend as a process on loopback: started, waited for, asked over HTTP, ended.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

interface Given {
  /** Where it runs, and leaves what it stores. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class BackendProcess {
  /** Everything it wrote, standard error included. */
  output = "";
  readonly #name: string;
  readonly #child: ChildProcess;

  constructor(binary: string, args: readonly string[] = [], given: Given = {}) {
    const { folder, env } = given;
    this.#name = basename(binary);
    this.#child = spawn(binary, [...args], {
      env: { PATH: process.env["PATH"], HOME: folder, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      ...(folder === undefined ? {} : { cwd: folder }),
    });
    this.#child.on("error", (error) => {
      this.output += error.message;
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding("utf8").on("data", (text) => {
        this.output += text;
      });
  }

  /** What the pattern finds in the output, once it is there. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    return eventually(`${this.#name} says ${pattern}`, 10_000, async () => {
      this.#mustLive();
      return pattern.exec(this.output) ?? undefined;
    });
  }

  /** Waits until `url` answers 2xx. */
  async answers(url: string): Promise<void> {
    await eventually(`${this.#name} answers ${url}`, 60_000, async () => {
      this.#mustLive();
      return (await statusOf(url)) === 200 ? true : undefined;
    });
  }

  /** By SIGKILL: Tempo may take minutes to end when it is asked, and nothing of it is kept. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "close");
  }

  #mustLive(): void {
    if (this.#child.exitCode !== null) throw new Error(`${this.#name} ended:\n${this.output.slice(0, 2_000)}`);
  }
}

/** A folder that is thrown away by the second part. */
export function scratchFolder(): readonly [folder: string, remove: () => void] {
  const folder = mkdtempSync(join(tmpdir(), "spantoll-backend-"));
  return [folder, () => rmSync(folder, { recursive: true, force: true })];
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()))),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export async function json<Answer>(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(30_000) });
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

const pauseMs = 100;

/** Asks again and again for what a process outside is still about; fails when it is not there in time. */
export async function eventually<Found>(
  what: string,
  timeoutMs: number,
  look: () => Promise<Found | undefined>,
): Promise<Found> {
  for (const end = Date.now() + timeoutMs; ; ) {
    const found = await look();
    if (found !== undefined) return found;
    if (end < Date.now()) throw new Error(`never came true in ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function statusOf(url: string): Promise<number | undefined> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).status;
  } catch {
    return undefined;
  }
}
