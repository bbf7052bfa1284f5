// Stores in directories that go with the test.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Host } from "../../src/core/host.ts";
import { type DiskStore, openDiskStore, type Sync } from "../../src/extensions/file_storage/disk-store.ts";
import { recordingHost } from "./recording-host.ts";

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "spantoll-disk-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface DiskOptions {
  readonly directory?: string;
  readonly bytesMax?: number;
  readonly sync?: Sync;
  readonly host?: Host;
  readonly commitDelayMs?: number;
  readonly freeBytes?: () => number;
}

/** An open store, closed at the end of the test. */
export async function openDisk(options: DiskOptions = {}): Promise<DiskStore> {
  const { directory = temporaryDirectory(), bytesMax = 64 * 1024 ** 2, sync = "interval" } = options;
  const { host = recordingHost(), commitDelayMs = 0, freeBytes } = options;
  const store = await openDiskStore({
    ...{ directory, bytesMax, sync, host, commitDelayMs },
    ...(freeBytes ? { freeBytes } : {}),
  });
  onTestFinished(() => store.close(AbortSignal.timeout(2_000)));
  return store;
}
