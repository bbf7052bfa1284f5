// How much memory the container of this process may take: cgroup v2, v1, or both at once, as Linux tells it in files.
// https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html

/** Text of a small file of the kernel, or undefined when there is none. */
export type ReadText = (path: string) => string | undefined;

/**
 * The lowest limit that holds for the process, in bytes; undefined without one. A limit of a group holds for the
 * groups below it too, so all that can be seen are looked at.
 */
export function memoryLimit(read: ReadText): number | undefined {
  const limits = hierarchies(read).flatMap(({ root, path, files }) =>
    withAncestors(path).flatMap((group) => files.flatMap((file) => bytesOf(read(`${root}${group}/${file}`)) ?? [])),
  );
  return limits.length === 0 ? undefined : Math.min(...limits);
}

interface Hierarchy {
  readonly root: string;
  /** Of the group of this process below the root; the root itself is empty. */
  readonly path: string;
  readonly files: readonly string[];
}

/** `memory.high` does not kill, but slows a process down until it is below: that is too late as well. */
const v2Files = ["memory.max", "memory.high"];
const v1Files = ["memory.limit_in_bytes"];

/** Lines of /proc/self/cgroup are `id:controllers:path`; v2 has the id 0 and no controllers. */
function hierarchies(read: ReadText): readonly Hierarchy[] {
  const groups = (read("/proc/self/cgroup") ?? "").split("\n").flatMap((line) => {
    const [, id, controllers = "", path = ""] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    return id === undefined
      ? []
      : [{ isV2: id === "0" && controllers === "", controllers: controllers.split(","), path }];
  });
  return groups.flatMap(({ isV2, controllers, path }) => {
    if (isV2) {
      return ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map((root) => ({ root, path, files: v2Files }));
    }
    return controllers.includes("memory") ? [{ root: "/sys/fs/cgroup/memory", path, files: v1Files }] : [];
  });
}

/**
 * `/a/b`, `/a` and the root. In a container the path is often that of the host and is not there, while the root is the
 * container's own group.
 */
function withAncestors(path: string): readonly string[] {
  const names = path.split("/").filter((name) => name !== "" && name !== "..");
  return [...names.map((_, at) => `/${names.slice(0, names.length - at).join("/")}`), ""];
}

/** No limit is `max` in v2, and in v1 the greatest multiple of a page below 2^63. */
function bytesOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+\s*$/.test(text)) return undefined;
  const bytes = Number(text);
  return 0 < bytes && bytes < Number.MAX_SAFE_INTEGER ? bytes : undefined;
}
