// `npm run lock`: adds to package-lock.json the optional packages of other platforms that the registry did not have.
// A mirror that holds only its own platform makes npm leave them out, and then `npm ci` calls the lock file incomplete.
// They are never installed where they do not fit, so version and platform are all that npm asks of them.
import { readFileSync, writeFileSync } from "node:fs";

const file = "package-lock.json";
const lock = JSON.parse(readFileSync(file, "utf8"));
for (const [path, about] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(about.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    if (lock.packages[place] || lock.packages[`${path}/${place}`]) continue;
    lock.packages[place] = { version, ...platformOf(name), ...(about.dev ? { dev: true } : {}), optional: true };
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);

/** Packages of binaries end in their platform: `@biomejs/cli-linux-x64-musl`. */
function platformOf(name) {
  const [, os, cpu, abi] =
    /-(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-([a-z]+))?$/.exec(name) ?? [];
  if (!os) throw new Error(`${name}: tells no platform; add it to ${file} by hand`);
  const libc = os === "linux" && abi ? { libc: [abi.startsWith("musl") ? "musl" : "glibc"] } : {};
  return { cpu: [cpu], os: [os], ...libc };
}
