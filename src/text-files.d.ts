// Files that are carried as text; `test/support/text-files.mjs` lists the same endings for bundler and test runner.
declare module "*.lua" {
  const text: string;
  export = text;
}
declare module "*.proto" {
  const text: string;
  export = text;
}
declare module "*.yaml" {
  const text: string;
  export = text;
}
