import { isIP, isIPv6, SocketAddress } from "node:net";

/**
 * The network that counts as one caller: an IPv4 address, or the /64 of an IPv6 address, which one household has to
 * itself. What is no address counts as one caller that nobody knows.
 */
export function clientNetwork(address: string | undefined): string {
  const text = (address ?? "").trim().replace(/%.*$/, "");
  if (isIP(text) === 0) return "unknown";
  if (!isIPv6(text)) return text;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(canonical(text))?.[1];
  return mapped ?? `${groupsOf(canonical(text)).slice(0, 4).join(":")}::/64`;
}

function canonical(address: string): string {
  return new SocketAddress({ address, family: "ipv6" }).address;
}

function groupsOf(address: string): string[] {
  const [head = "", tail] = address.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : 8 - front.length - back.length;
  return [...front, ...Array.from({ length: Math.max(0, gap) }, () => "0"), ...back];
}
