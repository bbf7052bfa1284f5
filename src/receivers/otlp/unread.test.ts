import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { recordingHost } from "../../../test/support/recording-host.ts";
import { until } from "../../../test/support/until.ts";
import { UnreadAnswers } from "./unread.ts";

/** A server that answers everybody with so many bytes, and keeps an eye on who reads them. */
async function startWatched(bytes: number, timeoutMs: number) {
  const host = recordingHost();
  const unread = new UnreadAnswers();
  const accepted: Socket[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    unread.add(socket);
    accepted.push(socket);
    socket.write(Buffer.alloc(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const stop = unread.watch(host, timeoutMs);
  const { port } = server.address() as AddressInfo;
  return { host, accepted, stop, port };
}

function open(port: number, reads: boolean): Socket {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  if (reads) socket.resume();
  else socket.pause();
  return socket;
}

/** More than the kernel keeps for both sides. */
const tooMuch = 64 * 1024 ** 2;

test("C-97 who leaves everything unread for the whole time is cut off, and not before", async () => {
  const { host, accepted, port } = await startWatched(tooMuch, 30_000);
  open(port, false);
  await until(() => accepted.length === 1);
  host.advance(29_999);
  expect(accepted[0]?.destroyed).toBe(false);
  host.advance(15_000);
  expect(accepted[0]?.destroyed).toBe(true);
});

test("C-97 who has read everything is left alone", async () => {
  const { host, accepted, port } = await startWatched(1_000, 30_000);
  open(port, true);
  await until(() => accepted[0]?.writableLength === 0);
  host.advance(120_000);
  expect(accepted[0]?.destroyed).toBe(false);
});

test.each([
  { name: "0 watches nobody", timeoutMs: 0, isStopped: false },
  { name: "after the end nobody is watched", timeoutMs: 1_000, isStopped: true },
])("$name", async ({ timeoutMs, isStopped }) => {
  const { host, accepted, port, stop } = await startWatched(tooMuch, timeoutMs);
  open(port, false);
  await until(() => accepted.length === 1);
  if (isStopped) stop();
  host.advance(3_600_000);
  expect([accepted[0]?.destroyed, host.timers()]).toEqual([false, 0]);
});
