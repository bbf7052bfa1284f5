// The classes that protobufjs' own generator makes of `proto/`, generated when the bench runs.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

export interface StaticType {
  decode(bytes: Uint8Array): object;
  encode(message: object): { finish(): Uint8Array };
}

export async function staticCodec(): Promise<StaticType> {
  const require = createRequire(import.meta.url);
  const pbjs = require("protobufjs-cli/pbjs") as {
    main(args: readonly string[], done: (error: Error | null) => void): void;
  };
  const file = resolve("dist/bench-static.cjs");
  mkdirSync(resolve("dist"), { recursive: true });
  const options = ["-t", "static-module", "-w", "commonjs", "-p", resolve("proto"), "-o", file];
  await new Promise<void>((done, fail) =>
    pbjs.main([...options, "--no-comments", "trace_service.proto"], (error) => (error ? fail(error) : done())),
  );
  const root = require(file);
  return root.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
}
