// Real Redis servers for tests, on free ports of loopback, each with a folder of its own that goes with it.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Ends it like a power cut, and starts it again over the same folder. */
  restart(): Promise<void>;
  kill(): Promise<void>;
  /** Holds its breath: connections stay open, nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Any command. */
  command(...words: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** Installs the package of Debian where there is none and we may; throws with the command to run where we may not. */
export function ensureRedis(): void {
  if (["redis-server", "redis-sentinel", "redis-cli"].every(isThere)) return;
  const command = "apt-get install -y --no-install-recommends redis-server redis-sentinel redis-tools";
  if (process.getuid?.() !== 0 || !isThere("apt-get"))
    throw new Error(`tests need redis-server and redis-sentinel on the PATH; install them, on Debian with: ${command}`);
  execFileSync("sh", ["-c", `apt-get update && ${command}`], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}

/** `options` as on the command line of redis-server: `["--appendonly", "yes"]`. */
export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "spantoll-redis-"));
  const common = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder, "--save", "", "--daemonize", "no"];
  let child = await launch("redis-server", [...common, ...options], port);
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? 0;
    },
    async kill() {
      await ended(child, "SIGKILL");
    },
    async restart() {
      await ended(child, "SIGKILL");
      child = await launch("redis-server", [...common, ...options], port);
    },
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    async command(...words) {
      const client = await plainClient(`redis://127.0.0.1:${port}`);
      await client.call(words[0] ?? "PING", ...words.slice(1));
      client.disconnect();
    },
    async stop() {
      await ended(child, "SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a program that listens on `port`, and waits until it does. */
export async function launch(program: string, args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (bytes) => (said = `${said}${bytes}`.slice(-2000)));
  for (const startedMs = performance.now(); ; ) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${said}`);
    if (await answers(port)) return child;
    if (startTimeoutMs < performance.now() - startedMs) throw new Error(`${program} does not answer: ${said}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((done) => child.once("exit", done));
  child.kill(signal);
  await exit;
}

/** A client that says what Redis says, for tests that look or meddle. */
export async function plainClient(url: string): Promise<Redis> {
  const { Redis: Client } = await import("ioredis");
  const client = new Client(url, { lazyConnect: true, disableClientInfo: true });
  await client.connect();
  return client;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

const startTimeoutMs = 20_000;

function isThere(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Whether it answers PING: it accepts connections while it still loads. */
function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection(port, "127.0.0.1");
    const finish = (answer: boolean) => {
      socket.destroy();
      done(answer);
    };
    socket.setTimeout(500, () => finish(false));
    socket.on("error", () => finish(false));
    socket.on("data", (bytes) => finish(/^(\+PONG|-NOAUTH|-WRONGPASS)/.test(bytes.toString())));
    socket.write("PING\r\n");
  });
}
