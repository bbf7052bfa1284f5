// A directory in which queues and ledgers outlive the process. Components name it as their `storage`.
import { existsSync, statSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Component, extension } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { duration, inert, size } from "../../core/settings.ts";
import { offerStore } from "../../core/storage.ts";
import { lockDirectory, makeDirectory } from "./directory-lock.ts";
import { type DiskStore, dataFile, openDiskStore } from "./disk-store.ts";
import { damageOf } from "./integrity.ts";

const bytesMin = 1024 ** 2;
const notNeeded = inert(
  "the file is compacted at every start that finds it mostly empty, and reuses its space meanwhile",
);
const isPrivate = inert("directories are made with 0700 and files with 0600");

const settings = z.strictObject({
  directory: z
    .string()
    .min(1)
    .default("./spantoll-data")
    .meta({ description: "Where to keep the files. One process each." }),
  create_directory: z
    .boolean()
    .default(true)
    .meta({ description: "Whether to make the directory when it is not there." }),
  max_size: size(
    "2GiB",
    "What may be stored, counted with overhead. A quarter, at most 256MiB, is kept free for charges.",
  ),
  sync: z.enum(["always", "interval", "never"]).default("interval").meta({
    description:
      "What an acknowledgement waits for. `always`: the disk has it, also after a power cut. `interval`: the system has it, the disk follows at once; a power cut may take the last second. `never`: the system has it, and writes when it likes; a power cut may take everything.",
  }),
  commit_delay: duration(
    "10ms",
    "Under load, how long what is written waits after the start of a commit to share the next one. The first write after a pause waits for nothing; 0s is no delay.",
  ),
  timeout: inert("a directory in use is told at once"),
  fsync: inert("`sync` says when"),
  recreate: inert("a file that is damaged is always set aside, and a new one begun"),
  compaction: notNeeded,
  directory_permissions: isPrivate,
});
type Settings = z.output<typeof settings>;

export const fileStorage = extension({
  type: "file_storage",
  summary: "Keeps queues and ledgers in a directory, so that they outlive the process.",
  signals: [],
  fixed: "queues and the ledger are at work in it",
  settings,
  *check({ max_size }) {
    if (max_size < bytesMin) yield { path: ["max_size"], text: `must be at least 1MiB, not ${max_size} bytes` };
  },
  create: (given, host) => new FileStorage(given, host),
});

class FileStorage implements Component {
  readonly #given: Settings;
  readonly #host: Host;
  readonly #id: string;
  #store: DiskStore | undefined;
  #unlock: (() => void) | undefined;
  #unwatch: (() => void) | undefined;

  constructor(given: Settings, host: Host) {
    this.#given = given;
    this.#host = host;
    this.#id = host.id.slice(host.id.indexOf(".") + 1);
  }

  async start(): Promise<void> {
    const { directory, create_directory, max_size: bytesMax, sync, commit_delay: commitDelayMs } = this.#given;
    if (create_directory) makeDirectory(directory);
    else if (!existsSync(directory)) throw new Error(`${directory}: is not there; make it, or set create_directory`);
    this.#unlock = await lockDirectory(directory, this.#host.clock);
    const path = join(directory, dataFile);
    if (existsSync(path)) await this.#check(path);
    this.#store = await openDiskStore({ directory, bytesMax, sync, commitDelayMs, host: this.#host });
    offerStore(this.#host.common, this.#id, this.#store);
    this.#watch(this.#store, path);
    this.#host.log.info("storing on disk", { directory, bytes: statSync(path).size });
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#unwatch?.();
    const store = this.#store;
    this.#store = undefined;
    if (store !== undefined) {
      offerStore(this.#host.common, this.#id, undefined);
      await store.close(deadline);
    }
    this.#unlock?.();
    this.#unlock = undefined;
  }

  /** A store that cannot be read is kept for who wants to repair it, and does not keep the service from starting. */
  async #check(path: string): Promise<void> {
    const damage = await damageOf(path);
    if (damage === undefined) return;
    const kept = `${path}.damaged-${new Date(this.#host.clock.now()).toISOString().replaceAll(":", "")}`;
    await rename(path, kept);
    this.#host.meter.add("spantoll_storage_damaged_total", 1, { storage: this.#id });
    this.#host.log.error("the store is damaged; what it held is set aside, and a new one begun", { damage, kept });
  }

  #watch(store: DiskStore, path: string): void {
    const labels = { storage: this.#id };
    this.#unwatch = this.#host.meter.watch(() => {
      this.#host.meter.set("spantoll_storage_bytes", store.bytes, labels);
      this.#host.meter.set("spantoll_storage_capacity_bytes", this.#given.max_size, labels);
      this.#host.meter.set("spantoll_storage_file_bytes", statSync(path).size, labels);
    });
  }
}
