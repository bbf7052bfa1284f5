import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { Listeners } from "./listeners.ts";

function answering(text: string): Server {
  const server = createServer((_, response) => response.setHeader("connection", "close").end(text));
  onTestFinished(() => void server.close());
  return server;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

async function ask(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}`)).text();
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

describe("a socket that listens", () => {
  test("goes to the next server when who has it is leaving, and stays open", async () => {
    const listeners = new Listeners();
    const at = { host: "localhost", port: await freePort() };
    const tenant = { leaving: false };
    const [one, two] = [answering("one"), answering("two")];
    expect(await listeners.listen(one, at, tenant)).toEqual(at);
    expect(await ask(at.port)).toBe("one");
    tenant.leaving = true;
    await listeners.listen(two, at, { leaving: false });
    expect(await ask(at.port)).toBe("two");
    await closed(one);
    expect(await ask(at.port)).toBe("two");
    expect(listeners.size).toBe(1);
  });

  test("goes back when the next one closes first", async () => {
    const listeners = new Listeners();
    const at = { host: "127.0.0.1", port: await freePort() };
    const [one, two] = [answering("one"), answering("two")];
    await listeners.listen(one, at, { leaving: true });
    await listeners.listen(two, at, { leaving: false });
    await closed(two);
    expect(await ask(at.port)).toBe("one");
  });

  test("closes with the last server", async () => {
    const listeners = new Listeners();
    const at = { host: "127.0.0.1", port: await freePort() };
    const one = answering("one");
    await listeners.listen(one, at, { leaving: false });
    await closed(one);
    expect(listeners.size).toBe(0);
    const socket = connect(at.port, "127.0.0.1");
    const [error] = await once(socket, "error");
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
  });

  test.each(["127.0.0.1", "localhost"])("is not shared with who stays, whatever it is called: %s", async (host) => {
    const listeners = new Listeners();
    const port = await freePort();
    await listeners.listen(answering("one"), { host: "localhost", port }, { leaving: false });
    const second = listeners.listen(answering("two"), { host, port }, { leaving: false });
    await expect(second).rejects.toMatchObject({ code: "EADDRINUSE" });
    expect(await ask(port)).toBe("one");
  });

  test("is another one every time with port 0", async () => {
    const listeners = new Listeners();
    const at = { host: "127.0.0.1", port: 0 };
    const one = await listeners.listen(answering("one"), at, { leaving: false });
    const two = await listeners.listen(answering("two"), at, { leaving: false });
    expect(one).not.toEqual(two);
  });

  test("takes the limit of connections of who has it", async () => {
    const listeners = new Listeners();
    const at = { host: "127.0.0.1", port: await freePort() };
    const server = answering("one");
    server.maxConnections = 1;
    await listeners.listen(server, at, { leaving: false });
    const first = connect(at.port, "127.0.0.1");
    onTestFinished(() => void first.destroy());
    await once(server, "connection");
    const dropped = once(server, "drop");
    const second = connect(at.port, "127.0.0.1").on("error", () => undefined);
    onTestFinished(() => void second.destroy());
    await dropped;
  });
});
