// One process a directory. LMDB itself would let a second one in, and both would send the same queue.
// Who holds the lock says who it is and shows every second that it lives: the first tells at once that a process that
// was killed is gone, the second works where processes do not see each other, such as containers that share a volume.
import { mkdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../core/host.ts";

const heartbeatMs = 1_000;
/** A holder in another container that shows nothing for so long is gone. */
const silenceMs = 5 * heartbeatMs;
const name = "lock";

/** Resolves with the way to let go; rejects when another process uses the directory. */
export async function lockDirectory(directory: string, clock: Clock): Promise<() => void> {
  const path = join(directory, name);
  const self = JSON.stringify(whoAmI() ?? {});
  for (;;) {
    try {
      writeFileSync(path, self, { flag: "wx", mode: 0o600 });
      break;
    } catch (cause) {
      if (!isError(cause, "EEXIST")) throw cause;
      await waitForEnd(path, directory, clock);
      rmSync(path, { force: true });
    }
  }
  const stop = clock.every(heartbeatMs, () => show(path, clock.now()));
  return () => {
    stop();
    rmSync(path, { force: true });
  };
}

interface Holder {
  readonly pid: number;
  /** Ticks since the boot at which it started: ids of processes come again. */
  readonly started: string;
  /** Boot of the machine, and the namespace in which `pid` means something. */
  readonly place: string;
}

/** Resolves when the holder is known to be gone, rejects when it lives. */
async function waitForEnd(path: string, directory: string, clock: Clock): Promise<void> {
  const taken = () =>
    new Error(`${directory}: another process uses this directory; stop it, or give this one a directory of its own`);
  const holder = readHolder(path);
  const self = whoAmI();
  if (holder && self && holder.place === self.place) {
    if (startOf(holder.pid) === holder.started) throw taken();
    return;
  }
  const before = heartbeatOf(path);
  await clock.sleep(silenceMs);
  if (heartbeatOf(path) !== before) throw taken();
}

/** Undefined where the system does not tell. */
function whoAmI(): Holder | undefined {
  try {
    const pid = Number(readlinkSync("/proc/self"));
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return { pid, started: startOf(pid) ?? "", place: `${boot} ${readlinkSync("/proc/self/ns/pid")}` };
  } catch {
    return undefined;
  }
}

/** PF_EXITING of the kernel's sched.h: such a process only waits for its end to be noticed. */
const exiting = 4;

/** The 22nd field of proc_pid_stat(5), counted behind the name, which may hold anything; undefined when it has ended. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[6]) & exiting) === 0 ? fields[19] : undefined;
  } catch {
    return undefined;
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(path, "utf8"));
    const isHolder = typeof read === "object" && read !== null && "pid" in read && "started" in read && "place" in read;
    return isHolder ? { pid: Number(read.pid), started: String(read.started), place: String(read.place) } : undefined;
  } catch {
    return undefined;
  }
}

function heartbeatOf(path: string): number | undefined {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
}

/** A lock that somebody removed is not ours any more; nothing better can be done about it here. */
function show(path: string, nowMs: number): void {
  try {
    utimesSync(path, nowMs / 1000, nowMs / 1000);
  } catch (cause) {
    if (!isError(cause, "ENOENT")) throw cause;
  }
}

function isError(cause: unknown, code: string): boolean {
  return cause instanceof Error && "code" in cause && cause.code === code;
}

/** Makes a directory that others cannot read, or leaves the one that is there. */
export function makeDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}
