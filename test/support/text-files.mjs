// Files that the product carries as text: the bundler and the test runner must agree about them.
import { readFile } from "node:fs/promises";

const textEndings = [".lua", ".proto", ".yaml"];

export const textLoaders = Object.fromEntries(textEndings.map((ending) => [ending, "text"]));

/** For vitest, which has no loader for them. */
export const textFiles = {
  name: "text-files",
  enforce: "pre",
  async load(id) {
    if (!textEndings.some((ending) => id.endsWith(ending))) return undefined;
    return `export default ${JSON.stringify(await readFile(id, "utf8"))};`;
  },
};
