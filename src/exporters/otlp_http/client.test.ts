import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { HttpClient } from "./client.ts";

const settings = {
  max_idle_conns: 10,
  max_conns_per_host: 0,
  idle_conn_timeout: 0,
  disable_keep_alives: false,
  tls: { insecure_skip_verify: false, min_version: "1.2" as const },
};

test("a body is not read any more once its answer is there, even if the backend did not wait for all of it", async () => {
  // Larger than what the system takes at once.
  const body = Buffer.alloc(48 * 1024 * 1024, "a");
  let got = "";
  let reader: Socket | undefined;
  const server = createServer((socket) => {
    reader = socket;
    socket.on("error", () => undefined);
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      socket.on("data", (chunk) => {
        if (chunk.includes("z")) got += "z";
      });
      socket.pause();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new HttpClient(settings);
  client.open();
  onTestFinished(() => {
    client.close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const answer = await client.post(
    new URL(`http://127.0.0.1:${port}/v1/traces`),
    {},
    body,
    new AbortController().signal,
  );
  expect(answer.status).toBe(200);
  body.fill("z");
  reader?.resume();
  await new Promise((resolve) => reader?.once("close", resolve));
  expect(got).toBe("");
});
