// Stands between a client and Redis, and loses what it is told to lose.
import { createConnection, createServer, type Socket } from "node:net";

export interface RedisProxy {
  readonly url: string;
  /** Replies that were lost: Redis had done what they tell. */
  readonly lost: number;
  /** Loses every so manieth piece of reply, with the connection; 0 loses none. */
  loseEvery(pieces: number): void;
  /** From now on another Redis answers: connections to the one before end. */
  redirect(port: number): void;
  close(): Promise<void>;
}

export async function proxyBefore(port: number): Promise<RedisProxy> {
  const sockets = new Set<Socket>();
  let [every, pieces, lost, target] = [0, 0, 0, port];
  const server = createServer((client) => {
    const redis = createConnection(target, "127.0.0.1");
    const end = () => {
      client.destroy();
      redis.destroy();
    };
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on("error", end);
      socket.on("close", end);
    }
    client.on("data", (bytes) => redis.write(bytes));
    redis.on("data", (bytes) => {
      pieces += 1;
      if (0 < every && pieces % every === 0) {
        lost += 1;
        end();
      } else client.write(bytes);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `redis://127.0.0.1:${address.port}`,
    get lost() {
      return lost;
    },
    loseEvery(pieces) {
      every = pieces;
    },
    redirect(to) {
      target = to;
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
