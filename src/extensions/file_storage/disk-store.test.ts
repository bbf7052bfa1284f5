import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDisk, temporaryDirectory } from "../../../test/support/disk.ts";
import { recordingHost } from "../../../test/support/recording-host.ts";
import { storageContract } from "../../../test/support/storage-contract.ts";
import { until } from "../../../test/support/until.ts";
import { StorageFull } from "../../core/storage.ts";

for (const sync of ["always", "interval", "never"] as const)
  storageContract(
    `file storage with sync: ${sync}`,
    async (bytesMax) => (await openDisk({ bytesMax, sync })).area("tested", "queue"),
    async (storage) => storage.durable(),
  );

const value = (length: number, fill = 1) => new Uint8Array(length).fill(fill);
const deadline = () => AbortSignal.timeout(5_000);

describe("a store on disk", () => {
  test.each([
    ["always", "interval"],
    ["interval", "never"],
    ["never", "always"],
  ] as const)("written with sync: %s is there when it is opened again with %s", async (first, second) => {
    const directory = temporaryDirectory();
    const store = await openDisk({ directory, sync: first });
    const area = store.area("kept", "queue");
    area.transaction((writing) => {
      for (let at = 0; at < 100; at++) writing.put(`k${at}`, value(1000, at));
    });
    const { bytes } = area;
    await store.close(deadline());
    const again = (await openDisk({ directory, sync: second })).area("kept", "queue");
    expect(again.range({ from: "k", to: "l", limit: 1000 })).toHaveLength(100);
    expect(again.get("k7")?.[0]).toBe(7);
    expect(again.bytes).toBe(bytes);
  });

  test("keeps areas apart, and a share for charges that queues cannot use up", async () => {
    const store = await openDisk({ bytesMax: 4 * 1024 ** 2 });
    const queue = store.area("requests", "queue");
    const charges = store.area("ledger", "charges");
    const fill = () => {
      for (let at = 0; at < 1000; at++)
        queue.transaction((writing) => writing.put(`k${String(at).padStart(4, "0")}`, value(50_000)));
    };
    expect(fill).toThrow(StorageFull);
    expect(queue.bytes).toBeGreaterThan(2.9 * 1024 ** 2);
    charges.transaction((writing) => writing.put("k0000", value(900_000, 7)));
    await store.area("requests", "queue").durable();
    expect(charges.get("k0000")?.[0]).toBe(7);
    expect(queue.get("k0000")?.[0]).toBe(1);
    expect(charges.range({ from: "", to: "~", limit: 10 })).toHaveLength(1);
  });

  test("reuses space: ten times its bound goes through a file that stays near it", async () => {
    const directory = temporaryDirectory();
    const bytesMax = 8 * 1024 ** 2;
    const area = (await openDisk({ directory, bytesMax })).area("requests", "queue");
    const keys: string[] = [];
    for (let at = 0; at < 4_000; at++) {
      const key = String(at).padStart(8, "0");
      area.transaction((writing) => {
        while (area.bytesMax - area.bytes < 100_000) writing.remove(keys.shift() ?? "");
        writing.put(key, value(5_000 + ((at * 7919) % 40_000)));
      });
      keys.push(key);
      if (at % 10 === 0) await area.durable();
    }
    await area.durable();
    expect(statSync(join(directory, "data.mdb")).size).toBeLessThan(1.5 * bytesMax);
  });

  test("is compacted when it is opened mostly empty", async () => {
    const directory = temporaryDirectory();
    const size = () => statSync(join(directory, "data.mdb")).size;
    const store = await openDisk({ directory, bytesMax: 256 * 1024 ** 2 });
    const area = store.area("requests", "queue");
    for (let at = 0; at < 80; at++) area.transaction((writing) => writing.put(`k${at}`, value(1024 ** 2)));
    await area.durable();
    area.transaction((writing) => {
      for (let at = 1; at < 80; at++) writing.remove(`k${at}`);
    });
    await store.close(deadline());
    expect(size()).toBeGreaterThan(64 * 1024 ** 2);
    const again = await openDisk({ directory, bytesMax: 256 * 1024 ** 2 });
    expect(size()).toBeLessThan(4 * 1024 ** 2);
    expect(again.area("requests", "queue").get("k0")).toHaveLength(1024 ** 2);
  });

  test("C-87 a full disk refuses what comes, lets what is there go, and is tried again every second", async () => {
    const directory = temporaryDirectory();
    const host = recordingHost({ id: "extensions.file_storage" });
    let free = 1e9;
    const store = await openDisk({ directory, host, freeBytes: () => free });
    const area = store.area("requests", "queue");
    const put = (key: string) => area.transaction((writing) => writing.put(key, value(50_000)));
    put("a");
    await area.durable();
    free = 1_000_000;
    put("b");
    await expect(area.durable()).rejects.toThrow("no space left on the disk");
    expect(() => put("c")).toThrow(expect.objectContaining({ name: "Refused", code: "unavailable" }));
    expect(host.reported.at(-1)).toEqual(["degraded", "no space left on the disk"]);
    area.transaction((writing) => writing.remove("b"));
    host.advance(1_000);
    await area.durable();
    await until(() => host.timers() === 1);
    expect(() => put("d")).toThrow("no space left on the disk");
    free = 1e9;
    host.advance(1_000);
    await until(() => host.reported.at(-1)?.[0] === "ok");
    put("d");
    await area.durable();
    expect(host.logged.map((line) => line.split(" {")[0])).toEqual([
      "error the store cannot be written",
      "info the store can be written again",
    ]);
    await store.close(deadline());
    const again = (await openDisk({ directory })).area("requests", "queue");
    expect(again.range({ from: "a", to: "z", limit: 9 }).map(({ key }) => key)).toEqual(["a", "d"]);
  });

  test("the first write is committed at once, those after it share the next commit, and the last waits for nobody", async () => {
    const directory = temporaryDirectory();
    const host = recordingHost();
    const store = await openDisk({ directory, host, commitDelayMs: 10 });
    const area = store.area("requests", "queue");
    const safe: string[] = [];
    const put = async (key: string) => {
      area.transaction((writing) => writing.put(key, value(10)));
      await area.durable();
      safe.push(key);
    };
    await put("a");
    const both = [put("b"), put("c")];
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(safe).toEqual(["a"]);
    host.advance(10);
    await Promise.all(both);
    const last = put("d");
    await store.close(deadline());
    await last;
    expect(safe).toEqual(["a", "b", "c", "d"]);
    expect((await openDisk({ directory })).area("requests", "queue").get("d")).toHaveLength(10);
  });

  test("what is removed by its length is counted as if it had been read", async () => {
    const area = (await openDisk()).area("requests", "queue");
    const empty = area.bytes;
    for (const length of [0, 1, 1_900, 2_000, 100_000]) {
      area.transaction((writing) => writing.put("k", value(length)));
      await area.durable();
      area.transaction((writing) => writing.remove("k", length));
      expect([length, area.bytes, area.get("k")]).toEqual([length, empty, undefined]);
    }
  });

  test("files are for their owner alone", async () => {
    const directory = temporaryDirectory();
    const store = await openDisk({ directory });
    await store.setAside("otlp_http/tempo traces", value(10));
    expect(statSync(join(directory, "data.mdb")).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "set-aside")).mode & 0o777).toBe(0o700);
    const [name = ""] = readdirSync(join(directory, "set-aside"));
    expect(statSync(join(directory, "set-aside", name)).mode & 0o777).toBe(0o600);
  });

  test("what is set aside is bounded; the oldest gives way", async () => {
    const directory = temporaryDirectory();
    const store = await openDisk({ directory, bytesMax: 1024 ** 2 });
    for (let at = 0; at < 5; at++) await store.setAside(`n${at}`, value(30_000));
    expect(readdirSync(join(directory, "set-aside")).toSorted()).toEqual(["n3-3.pb", "n4-4.pb"]);
    await expect(store.setAside("large", value(70_000))).rejects.toThrow("more than what is set aside may take");
  });
});
