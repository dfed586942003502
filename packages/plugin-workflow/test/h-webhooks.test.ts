import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcp } from "node:net";
import { gzipSync } from "node:zlib";
import { destinationProblem, guardedRequest, RequestFailed, webhookEndpoint } from "@corm/plugin-workflow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isPublicAddress } from "../src/net/addresses.js";
import { automated } from "./automated.js";

/** Canaries: whoever connects to one of them has been let in. */
let connections = 0;
const canaries: Server[] = [];
let port = 0;

beforeAll(async () => {
  for (const host of ["127.0.0.1", "::1"]) {
    const server = createServer((_, response) => response.end("in"));
    server.on("connection", () => {
      connections += 1;
    });
    const listening = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, host, () => resolve(true));
    });
    if (!listening) continue;
    port ||= (server.address() as AddressInfo).port;
    canaries.push(server);
  }
});
afterAll(() => {
  for (const server of canaries) server.close();
});

const HOSTS = [
  "127.0.0.1",
  "2130706433",
  "0177.0.0.1",
  "0x7f.0.0.1",
  "0x7f000001",
  "127.1",
  "127.0.1",
  "0",
  "0.0.0.0",
  "１２７.０.０.１",
  "[::1]",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[64:ff9b:1::7f00:1]",
  "[2002:7f00:1::]",
  "[2001:0:7f00:1::]",
  "[fe80::1]",
  "[fc00::1]",
  "[fd12:3456::1]",
  "[ff02::1]",
  "[2001:db8::1]",
  "169.254.169.254",
  "10.0.0.1",
  "172.16.0.1",
  "192.168.1.1",
  "100.64.0.1",
  "198.18.0.1",
  "192.0.0.1",
  "192.0.2.1",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "localhost",
  "localhost.",
  "a.localhost",
  "LOCALHOST",
];

const refused = async (url: string, options = {}) => {
  const error = await guardedRequest({ url }, options).then(
    () => "answered",
    (failure: unknown) => failure,
  );
  expect(error, url).toBeInstanceOf(RequestFailed);
  return error as RequestFailed;
};

describe("requests to where a tenant says", () => {
  it("H67 go to no address that is not public, however it is written, when it is saved and when it is called", async () => {
    const { me, owner, crm } = await automated({ net: { http: true, ports: [443, 80, port] } });
    const net = { http: true, ports: [443, 80, port] };
    for (const host of HOSTS) {
      const url = `http://${host}:${port}/`;
      await refused(url, net);
      const saved = me
        .repo(webhookEndpoint)
        .create({ name: "x", url, subscriptions: [], principalId: owner.id })
        .then(
          () => "saved",
          (error: { code: string }) => error.code,
        );
      expect(await saved, url).toBe("webhook-invalid");
    }
    for (const url of [
      `http://user:secret@127.0.0.1:${port}/`,
      `http://example.com\\@127.0.0.1:${port}/`,
      `http://127.0.0.1:${port}\\@example.com/`,
      "no url",
      " https://example.com",
    ])
      expect(destinationProblem(url, net), url).not.toBeNull();
    expect(await me.repo(webhookEndpoint).count()).toBe(0);
    expect(connections).toBe(0);
    await crm.stop();
  });

  it("H67 takes addresses of the internet, and of IPv6 only those that are given out", () => {
    for (const address of ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001::200e"])
      expect(isPublicAddress(address), address).toBe(true);
    for (const address of [
      "",
      "no",
      "1.1.1",
      "::ffff:1.1.1.1",
      "64:ff9b::101:101",
      "2002:101:101::1",
      "4000::1",
      "5f00::1",
    ])
      expect(isPublicAddress(address), address).toBe(false);
  });

  it("H68 go to the address that was checked, whatever a name says the second time", async () => {
    let asked = 0;
    const answering = (...addresses: string[]) =>
      ((_: string, __: object, done: (error: null, found: { address: string; family: number }[]) => void) => {
        asked += 1;
        done(
          null,
          addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
        );
      }) as never;
    const net = { http: true, ports: [port] };
    const url = `http://rebinding.example:${port}/`;
    for (const addresses of [["127.0.0.1"], ["::1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"]]) {
      const failed = await guardedRequest({ url, resolver: answering(...addresses) }, net).catch(
        (error: RequestFailed) => error,
      );
      expect(failed).toBeInstanceOf(RequestFailed);
      expect((failed as RequestFailed).refused).toBe(true);
    }
    // Looked up once for each request, and never again.
    expect(asked).toBe(4);
    expect(connections).toBe(0);
  });

  it("H69 follow no redirect, wherever it leads", async () => {
    for (const status of [301, 302, 303, 307, 308])
      for (const to of [`http://127.0.0.1:${port}/`, "https://example.com/", "//example.com"]) {
        const before = connections;
        const { url, options, close } = await serve((_, response) => {
          response.writeHead(status, { location: to });
          response.end();
        });
        expect((await guardedRequest({ url }, options)).status).toBe(status);
        expect(connections).toBe(before);
        await close();
      }
  });

  it("H70 are made by http and https, on ports that the host allows", () => {
    for (const url of [
      "file:///etc/passwd",
      "ftp://example.com/",
      "gopher://example.com/",
      "data:text/plain,x",
      "javascript:alert(1)",
      "http://example.com/",
      "https://example.com:22/",
      "https://example.com:25/",
      "https://example.com:6379/",
      "https://example.com:8443/",
    ])
      expect(destinationProblem(url), url).not.toBeNull();
    expect(destinationProblem("https://example.com/hook?x=1")).toBeNull();
    expect(destinationProblem("https://example.com:8443/", { ports: [443, 8443] })).toBeNull();
    expect(destinationProblem("http://hooks.internal:8080/x", { allow: ["hooks.internal:8080"] })).toBeNull();
    expect(
      destinationProblem("http://hooks.internal:8081/x", { allow: ["hooks.internal:8080"] }),
    ).not.toBeNull();
  });

  it("H71 are cut off where an answer does not end, comes drop by drop, or has headers without end", async () => {
    const endless = await serve((_, response) => {
      const more = () => {
        if (!response.destroyed) response.write("x".repeat(16_384), more);
      };
      more();
    });
    expect((await refused(endless.url, endless.options)).message).toMatch(/more than 65536 bytes/);
    await endless.close();
    const bomb = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(gzipSync(Buffer.alloc(50 * 1024 * 1024)));
    });
    // Not unpacked: 50 MB of nothing are 50 kB.
    expect((await guardedRequest({ url: bomb.url }, bomb.options)).body.length).toBeLessThan(65_536);
    await bomb.close();
    const slow = await serve((_, response) => {
      const timer = setInterval(() => response.write("."), 20);
      response.once("close", () => clearInterval(timer));
    });
    const failed = await guardedRequest({ url: slow.url, timeout: 150 }, slow.options).catch(
      (e: Error) => e.message,
    );
    expect(failed).toMatch(/has not answered within 150 ms/);
    await slow.close();
    const raw = createTcp((socket) => {
      socket.on("error", () => {});
      socket.write(
        `HTTP/1.1 200 OK\r\n${"x-more: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(200_000)}`,
      );
    });
    await new Promise<void>((resolve) => raw.listen(0, "127.0.0.1", resolve));
    const at = (raw.address() as AddressInfo).port;
    await refused(`http://127.0.0.1:${at}/`, { allow: [`127.0.0.1:${at}`] });
    raw.close();
  });
});

async function serve(handle: Parameters<typeof createServer>[1]) {
  const server = createServer(handle as never);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${at}/`,
    options: { allow: [`127.0.0.1:${at}`] },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
