import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../../../test/support/disk.ts";
import { problemsOf } from "../../../test/support/http-path.ts";
import { type RecordingHost, recordingHost } from "../../../test/support/recording-host.ts";
import { type Store, storeOf } from "../../core/storage.ts";
import { fileStorage } from "./file-storage.ts";

const files = { read: () => new Uint8Array(0) };

interface Opened {
  readonly host: RecordingHost;
  readonly store: Store;
  stop(): Promise<void>;
}

function created(directory: string, given: object, host: RecordingHost) {
  const prepared = fileStorage.prepare({ directory, ...given }, files);
  if (!prepared.ok) throw new Error("refused");
  return prepared.create(host);
}

async function opened(directory: string, given: object = {}): Promise<Opened> {
  const host = recordingHost({ id: "extensions.file_storage/a" });
  const component = created(directory, given, host);
  await component.start?.();
  const stop = async () => component.stop?.(AbortSignal.timeout(5_000));
  onTestFinished(stop);
  return { host, store: storeOf(host.common, "file_storage/a"), stop };
}

function fill(store: Store, requests = 100): Promise<void> {
  const area = store.area("requests", "queue");
  for (let at = 0; at < requests; at++)
    area.transaction((writing) => writing.put(`k${at}`, new Uint8Array(20_000).fill(at)));
  return area.durable();
}

describe("file_storage", () => {
  test("keeps what was written from one start to the next", async () => {
    const directory = join(temporaryDirectory(), "made", "here");
    const first = await opened(directory);
    await fill(first.store);
    await first.stop();
    expect(() => storeOf(first.host.common, "file_storage/a")).toThrow("name it in service.extensions");
    const { store } = await opened(directory);
    expect(store.area("requests", "queue").get("k42")?.[0]).toBe(42);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  test("makes no directory when it is told so", async () => {
    const directory = join(temporaryDirectory(), "missing");
    await expect(opened(directory, { create_directory: false })).rejects.toThrow("is not there");
  });

  test("C-88 a second process on the directory is turned away, and a killed one is not in the way", async () => {
    const directory = temporaryDirectory();
    const first = await opened(directory);
    await expect(opened(directory)).rejects.toThrow("another process uses this directory");
    const lock = join(directory, "lock");
    const holder: object = JSON.parse(readFileSync(lock, "utf8"));
    await first.stop();
    expect(existsSync(lock)).toBe(false);
    const gone = spawn("true");
    const { pid } = gone;
    await once(gone, "close");
    writeFileSync(lock, JSON.stringify({ ...holder, pid }));
    await opened(directory);
  });

  test.each([
    { name: "still shows that it lives", alive: true },
    { name: "has been silent for five seconds", alive: false },
  ])("a holder in another container that $name", async ({ alive }) => {
    const directory = temporaryDirectory();
    const lock = join(directory, "lock");
    writeFileSync(lock, JSON.stringify({ pid: 1, started: "1", place: "elsewhere" }));
    const host = recordingHost({ id: "extensions.file_storage/a" });
    const component = created(directory, {}, host);
    const started = component.start?.().then(
      () => "started",
      (error: Error) => error.message,
    );
    expect(host.timers()).toBe(1);
    if (alive) writeFileSync(lock, JSON.stringify({ pid: 1, started: "1", place: "elsewhere", beat: 2 }));
    host.advance(5_000);
    expect(await started).toContain(alive ? "another process uses this directory" : "started");
    await component.stop?.(AbortSignal.timeout(5_000));
  });

  test.each([
    { name: "cut short", harm: (path: string) => truncateSync(path, 200_000) },
    { name: "cut to nothing but a page", harm: (path: string) => truncateSync(path, 4096) },
    { name: "something else", harm: (path: string) => writeFileSync(path, "x".repeat(100_000)) },
    { name: "zeros", harm: (path: string) => writeFileSync(path, new Uint8Array(1_000_000)) },
  ])("C-82 a file that is $name is set aside whole, told and counted, and the service starts", async ({ harm }) => {
    const directory = temporaryDirectory();
    const first = await opened(directory);
    await fill(first.store);
    await first.stop();
    harm(join(directory, "data.mdb"));
    const { host, store } = await opened(directory);
    expect(host.logged.filter((line) => line.startsWith("error the store is damaged"))).toHaveLength(1);
    expect(host.counted.get('spantoll_storage_damaged_total{"storage":"file_storage/a"}')).toBe(1);
    expect(readdirSync(directory).filter((name) => name.startsWith("data.mdb.damaged-"))).toHaveLength(1);
    await fill(store);
    expect(store.area("requests", "queue").get("k42")).toHaveLength(20_000);
  });

  test("a directory that cannot be made is an error that names it", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "file"), "");
    await expect(opened(join(directory, "file", "below"))).rejects.toThrow(directory);
  });

  test.each([
    { given: { max_size: "1KiB" }, says: "max_size: must be at least 1MiB" },
    { given: { sync: "sometimes" }, says: "sync" },
    { given: { directory: "" }, says: "directory" },
    { given: { directroy: "x" }, says: "" },
  ])("refuses $given", ({ given, says }) => {
    expect(problemsOf(fileStorage, given).join()).toContain(says);
    expect(problemsOf(fileStorage, given)).not.toEqual([]);
  });

  test("keys of a Collector's file load", () => {
    const compaction = { on_start: true, on_rebound: true, directory: "/tmp" };
    expect(problemsOf(fileStorage, { timeout: "1s", fsync: true, compaction, directory_permissions: "0750" })).toEqual(
      [],
    );
  });
});
