import { describe, expect, test } from "vitest";
import { memoryLimit } from "./memory-limit.ts";
import { anonymousBytes, collectGarbage } from "./process-figures.ts";

const mebibyte = 1024 * 1024;
const unlimitedV1 = "9223372036854771712\n";

interface Row {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly mib: number | undefined;
}

describe("the memory limit of the container", () => {
  test.each<Row>([
    { name: "is none without cgroups", files: {}, mib: undefined },
    {
      name: "is memory.max of the own group (v2, Docker and Kubernetes)",
      files: { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": `${512 * mebibyte}\n` },
      mib: 512,
    },
    {
      name: "is none where v2 says max",
      files: { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "max\n" },
      mib: undefined,
    },
    {
      name: "is memory.high where that is lower",
      files: {
        "/proc/self/cgroup": "0::/\n",
        "/sys/fs/cgroup/memory.max": `${512 * mebibyte}\n`,
        "/sys/fs/cgroup/memory.high": `${400 * mebibyte}\n`,
      },
      mib: 400,
    },
    {
      name: "is that of a group above, where the own one has none (systemd)",
      files: {
        "/proc/self/cgroup": "0::/system.slice/spantoll.service\n",
        "/sys/fs/cgroup/system.slice/memory.max": `${300 * mebibyte}\n`,
        "/sys/fs/cgroup/system.slice/spantoll.service/memory.max": "max\n",
      },
      mib: 300,
    },
    {
      name: "is the lowest of all groups above",
      files: {
        "/proc/self/cgroup": "0::/a/b\n",
        "/sys/fs/cgroup/a/memory.max": `${300 * mebibyte}\n`,
        "/sys/fs/cgroup/a/b/memory.max": `${200 * mebibyte}\n`,
      },
      mib: 200,
    },
    {
      name: "is memory.limit_in_bytes (v1)",
      files: {
        "/proc/self/cgroup": "12:pids:/x\n5:cpu,memory:/x\n0::/x\n",
        "/sys/fs/cgroup/memory/x/memory.limit_in_bytes": `${256 * mebibyte}\n`,
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": unlimitedV1,
      },
      mib: 256,
    },
    {
      name: "is that of the root, where the path is the host's and not there (v1 in Docker)",
      files: {
        "/proc/self/cgroup": "9:memory:/docker/0f3a\n",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${128 * mebibyte}\n`,
      },
      mib: 128,
    },
    {
      name: "is none where v1 has the greatest number",
      files: {
        "/proc/self/cgroup": "9:memory:/\n",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": unlimitedV1,
      },
      mib: undefined,
    },
    {
      name: "is that of v1 where v2 has no memory controller (hybrid)",
      files: {
        "/proc/self/cgroup": "9:memory:/\n0::/user.slice\n",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${64 * mebibyte}\n`,
      },
      mib: 64,
    },
    {
      name: "is not read from outside of the tree",
      files: {
        "/proc/self/cgroup": "0::/../..\n",
        "/sys/fs/cgroup/memory.max": `${64 * mebibyte}\n`,
      },
      mib: 64,
    },
    {
      name: "is none where the file holds no number",
      files: { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "many\n" },
      mib: undefined,
    },
  ])("$name", ({ files, mib }) => {
    const limit = memoryLimit((path) => files[path]);
    expect(limit === undefined ? undefined : limit / mebibyte).toBe(mib);
  });
});

test("what the kernel cannot take back is anonymous and shared memory", () => {
  expect(anonymousBytes("VmRSS:\t  900 kB\nRssAnon:\t  600 kB\nRssFile:\t 290 kB\nRssShmem:\t  10 kB\n")).toBe(
    610 * 1024,
  );
  expect(anonymousBytes("VmRSS:\t  900 kB\n")).toBeUndefined();
  expect(anonymousBytes(undefined)).toBeUndefined();
});

test("garbage is collected", () => {
  const gone = new WeakRef({ large: new Array(1_000).fill(0) });
  return new Promise<void>((resolve) => {
    // A reference that was made in this turn is kept until its end.
    setImmediate(() => {
      collectGarbage();
      expect(gone.deref()).toBeUndefined();
      resolve();
    });
  });
});
