// Whether a file can be opened and read to its end. In a process of its own: LMDB maps files, and one that was cut
// short kills whoever reads it by a signal.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";

/** Two gigabytes take a second or two; a disk that needs longer than this is no place for a queue. */
const checkMsMax = 120_000;

/** What is wrong with the file at `path`, or undefined. Rejects when that cannot be found out. */
export async function damageOf(path: string): Promise<string | undefined> {
  const lmdb = createRequire(import.meta.url).resolve("lmdb");
  const child = fork("check", [lmdb, path], {
    execArgv: ["--eval", program],
    silent: true,
    timeout: checkMsMax,
    killSignal: "SIGKILL",
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(0, 2_000);
  });
  const [code, signal]: unknown[] = await once(child, "close");
  if (code === 0) return undefined;
  if (signal === "SIGKILL")
    throw new Error(`${path}: checking it took longer than ${checkMsMax / 1000} s, or was killed`);
  const line = said.split("\n").find((text) => /Error|MDB_|short/.test(text));
  return line?.trim() ?? `reading it ended with ${String(signal ?? code)}`;
}

/** Walks all keys, and compares the length of the file with what its pages need. Values are checked by who reads them. */
const program = `
const { argv, exit } = require("node:process");
const [, , lmdb, path] = argv;
const db = require(lmdb).open({ path, noSubdir: true, encoding: "binary" });
const { lastPageNumber, pageSize } = db.getStats();
const needed = (lastPageNumber + 1) * pageSize;
const length = require("node:fs").statSync(path).size;
if (length < needed) {
  require("node:fs").writeSync(2, "cut short: " + length + " of " + needed + " bytes\\n");
  exit(3);
}
for (const key of db.getKeys({})) if (typeof key !== "string") throw new Error("a key that is no text");
db.close().then(() => exit(0));
`;
