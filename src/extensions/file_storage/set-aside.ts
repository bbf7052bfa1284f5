// What no backend takes is kept as files that a person finds: an OTLP request each, as it can be sent again.
import { readdirSync, statSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export class SetAside {
  readonly #directory: string;
  readonly #bytesMax: number;
  /** Files with their lengths, oldest first; undefined until it is needed. */
  #files: { readonly name: string; readonly bytes: number }[] | undefined;
  #serial = 0;

  constructor(directory: string, bytesMax: number) {
    this.#directory = join(directory, "set-aside");
    this.#bytesMax = bytesMax;
  }

  /** Resolves with the path. The oldest files give way. */
  async put(name: string, bytes: Uint8Array, extension = "pb"): Promise<string> {
    if (this.#bytesMax < bytes.length)
      throw new Error(`${bytes.length} bytes are more than what is set aside may take, ${this.#bytesMax}`);
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    this.#files ??= filesIn(this.#directory);
    const unique = `${name.replaceAll(/[^A-Za-z0-9._-]+/g, "_")}-${this.#serial++}.${extension}`;
    this.#files.push({ name: unique, bytes: bytes.length });
    while (this.#bytesMax < this.#files.reduce((sum, file) => sum + file.bytes, 0)) {
      const oldest = this.#files.shift();
      if (oldest) await rm(join(this.#directory, oldest.name), { force: true });
    }
    const path = join(this.#directory, unique);
    await writeFile(path, bytes, { mode: 0o600 });
    return path;
  }
}

function filesIn(directory: string): { name: string; bytes: number }[] {
  return readdirSync(directory)
    .map((name) => ({ name, ...statSync(join(directory, name)) }))
    .toSorted((one, two) => one.mtimeMs - two.mtimeMs)
    .map(({ name, size }) => ({ name, bytes: size }));
}
