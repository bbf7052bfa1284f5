// Virtual environments for programs in Python, one for each list of packages, kept outside the project between runs.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

const installMsMax = 8 * 60_000;

/** Folder of the programs of an environment that has the packages of a requirements file. */
export function environmentWith(requirements: string): string {
  const text = readFileSync(requirements, "utf8");
  const name = `${basename(requirements, ".txt")}-${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
  const folder = join(tmpdir(), "spantoll-live", name);
  const ready = join(folder, "ready");
  if (!existsSync(ready)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(dirname(folder), { recursive: true });
    run("python3", ["-m", "venv", folder]);
    run(join(folder, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
    writeFileSync(ready, text);
  }
  return join(folder, "bin");
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8", timeout: installMsMax });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status ?? error}:\n${stderr}`);
}
