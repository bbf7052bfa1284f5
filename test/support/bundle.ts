// The built program as a user has it: a process with arguments, two streams and an exit code.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

export interface Ended {
  /** The exit code; undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Given {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
}

const bundle = new URL("../../dist/spantoll.mjs", import.meta.url).pathname;

/** Runs a command to its end. */
export async function spantoll(args: readonly string[], given: Given = {}): Promise<Ended> {
  return new Started(args, given).end();
}

/** A command that goes on running. */
export class Started {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<unknown>;

  constructor(args: readonly string[], { env, input = "", cwd }: Given = {}) {
    this.#child = spawn(process.execPath, [bundle, ...args], {
      env: { PATH: process.env["PATH"], ...env },
      stdio: ["pipe", "pipe", "pipe"],
      ...(cwd === undefined ? {} : { cwd }),
    });
    // Both streams have been read to their end when this comes, other than at "exit".
    this.#ended = once(this.#child, "close");
    this.#child.stdout.setEncoding("utf8").on("data", (text) => {
      this.stdout += text;
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text) => {
      this.stderr += text;
    });
    this.#child.stdin.on("error", () => {});
    this.#child.stdin.end(input);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async end(): Promise<Ended> {
    await this.#ended;
    return { code: this.#child.exitCode ?? undefined, stdout: this.stdout, stderr: this.stderr };
  }

  /** Resolves with what a pattern finds in the log, once it is there. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    for (let found = pattern.exec(this.stderr); ; found = pattern.exec(this.stderr)) {
      if (found) return found;
      const ended = await Promise.race([
        once(this.#child.stderr, "data").then(() => false),
        this.#ended.then(() => true),
      ]);
      if (ended && !pattern.test(this.stderr)) throw new Error(`ended without logging ${pattern}:\n${this.stderr}`);
    }
  }
}
