// Real backends are built from their Go modules by the ordinary go client, and kept outside the project: in the folder
// that SPANTOLL_BACKENDS names, else in the user's cache. Deleting that folder costs time and nothing else.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

/** A command of somebody else's module. */
export interface GoCommand {
  /** What the binary is called. */
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** The command's package. */
  readonly main: string;
  /** Lines of go.sum that the checksum database does not have. */
  readonly sums: readonly string[];
}

/** Builds the program in a folder of the project, and gives the path of the binary. */
export async function buildOwn(folder: string, name: string): Promise<string> {
  const binary = join(await made(cacheFolder()), name);
  // Always: go itself knows whether anything changed, and takes a second to say so.
  await go(["build", "-trimpath", "-o", binary, "."], folder, 10);
  return binary;
}

/**
 * Builds a command as its authors pinned it, once for each version. `go install module@version` refuses modules with
 * `replace`; so a module of our own requires theirs and takes over their go.mod and go.sum.
 */
export async function buildCommand(command: GoCommand): Promise<string> {
  const cache = cacheFolder();
  const binary = join(cache, `${command.name}-${command.version}`);
  if (existsSync(binary)) return binary;
  const folder = await made(join(cache, `${command.name}-module`));
  await takeOverPins(command, folder);
  const built = join(folder, command.name);
  await go(["build", "-mod=mod", "-trimpath", "-ldflags=-s -w", "-o", built, command.main], folder);
  // What lies under its final name is complete, also when somebody ends this in the middle.
  await rename(built, binary);
  return binary;
}

async function takeOverPins({ module, version, sums }: GoCommand, folder: string): Promise<void> {
  const [mod, sum] = [join(folder, "go.mod"), join(folder, "go.sum")];
  const required = `require ${module} ${version}\n`;
  // Without a version of Go the whole graph of modules would be loaded, with sums that their go.sum does not have.
  await writeFile(mod, `module backend\n\ngo 1.24\n\n${required}`);
  await writeFile(sum, sums.map((line) => `${line}\n`).join(""));
  const { Dir: theirs, Error: refusal } = JSON.parse(
    await go(["mod", "download", "-json", `${module}@${version}`], folder),
  ) as { Dir?: string; Error?: string };
  if (theirs === undefined) throw new Error(`${module}@${version} cannot be had: ${refusal}`);
  const pinned = await readFile(join(theirs, "go.mod"), "utf8");
  await writeFile(mod, `${pinned.replace(/^module .*$/m, "module backend")}\n${required}`);
  await appendFile(sum, await readFile(join(theirs, "go.sum"), "utf8"));
}

async function go(args: readonly string[], folder: string, minutesMax = 40): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("go", [...args], {
      cwd: resolve(folder),
      timeout: minutesMax * 60_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (cause) {
    const { code, stderr = "" } = cause as { code?: unknown; stderr?: string };
    const why = code === "ENOENT" ? "go is not installed; install Go 1.24 or later" : stderr.slice(-2_000);
    throw new Error(`go ${args[0]} in ${folder}: ${why}`, { cause });
  }
}

function cacheFolder(): string {
  const users = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return process.env["SPANTOLL_BACKENDS"] ?? join(users, "spantoll-backends");
}

async function made(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return folder;
}
